"""What distance does to sound out of doors.

Air takes the treble, trees and slopes add an echo without a place, and it grows quieter.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from undersong.units import SAMPLE_RATE, db_to_gain

F64 = npt.NDArray[np.floating[Any]]

NEAR_M: Final = 10.0
"""As far off is a layer that is as loud as it says."""

FARTHEST_M: Final = 2000.0

_PER_DOUBLING_DB: Final = 3.0
"""A shore, a wood or a brook is a line, and a line loses half of what a point loses."""

_DIFFUSE_M: Final = 80.0
"""Here half of what arrives comes by way of trees and slopes."""

_DECAY_S: Final = 0.8
"""Time in which the echo falls by 60 dB: a wood or a valley, not a hall."""

_TAPS: Final = 1024
_SPEED_M_S: Final = 340.0

_TEMPERATURE_K: Final = 288.15
_HUMIDITY: Final = 70.0
_REFERENCE_K: Final = 293.15
_TRIPLE_K: Final = 273.16


def absorption_db_per_m(hz: F64) -> F64:
    """Return what air at 15 °C and 70 % humidity takes, by ISO 9613-1:1993, equations 3 to 5."""
    ratio = _TEMPERATURE_K / _REFERENCE_K
    saturation = 10.0 ** (-6.8346 * (_TRIPLE_K / _TEMPERATURE_K) ** 1.261 + 4.6151)
    humidity = _HUMIDITY * saturation
    oxygen_hz = 24.0 + 4.04e4 * humidity * (0.02 + humidity) / (0.391 + humidity)
    fall = np.exp(-4.170 * (ratio ** (-1.0 / 3.0) - 1.0))
    nitrogen_hz = ratio**-0.5 * (9.0 + 280.0 * humidity * fall)
    oxygen = 0.01275 * np.exp(-2239.1 / _TEMPERATURE_K) / (oxygen_hz + hz**2 / oxygen_hz)
    nitrogen = 0.1068 * np.exp(-3352.0 / _TEMPERATURE_K) / (nitrogen_hz + hz**2 / nitrogen_hz)
    classical = 1.84e-11 * ratio**0.5
    return np.asarray(8.686 * hz**2 * (classical + ratio**-2.5 * (oxygen + nitrogen)))


def way_through_air(distance_m: float) -> F64:
    """Return the impulse response of a way of so many metres, (n, 2): left to left, right to right.

    Direct sound through the air, and a diffuse echo that differs between the sides. A second
    long at most.
    """
    share = distance_m / (distance_m + _DIFFUSE_M)
    level_db = -_PER_DOUBLING_DB * max(float(np.log2(max(distance_m, 1.0) / NEAR_M)), 0.0)
    length = round(_DECAY_S * SAMPLE_RATE)
    response = np.zeros((length + _TAPS, 2))
    response[:_TAPS] += np.sqrt(1.0 - share) * _direct(distance_m)[:, None]
    response[_TAPS // 2 : _TAPS // 2 + length] += np.sqrt(share) * _diffuse(distance_m, length)
    return response * db_to_gain(level_db)


def _direct(distance_m: float) -> F64:
    """Return a symmetrical filter that takes what the air takes."""
    hz = np.fft.rfftfreq(_TAPS, 1.0 / SAMPLE_RATE)
    gains = 10.0 ** (-absorption_db_per_m(hz) * distance_m / 20.0)
    late = np.exp(-1j * np.pi * np.arange(len(hz)))
    return np.asarray(np.fft.irfft(gains * late) * np.hanning(_TAPS + 1)[:-1])


def _diffuse(distance_m: float, length: int) -> F64:
    """Return dying noise of power 1 on each side, (length, 2), dulled by its longer way."""
    rng = np.random.Generator(np.random.Philox(key=9613))
    times_s = np.arange(length) / SAMPLE_RATE
    noise = rng.standard_normal((length, 2)) * 10.0 ** (-3.0 * times_s / _DECAY_S)[:, None]
    hz = np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE)
    way_m = distance_m + _SPEED_M_S * _DECAY_S / 4.0
    noise /= np.sqrt((noise**2).sum(axis=0))
    gains = 10.0 ** (-absorption_db_per_m(hz) * way_m / 20.0)
    return np.asarray(np.fft.irfft(np.fft.rfft(noise, axis=0) * gains[:, None], length, axis=0))
