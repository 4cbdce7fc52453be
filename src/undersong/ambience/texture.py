"""A layer of shaped noise under the rule of a weather, and how loud a weather will be.

A weather is a pure function from rising times in seconds, shape (n,), to levels in dB, shape
(n, 2, bands): per time, channel and band of `dsp.noise`. Waves, gusts and leaves are weathers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from undersong.audio import Frames
from undersong.dsp.noise import (
    Curve,
    Points,
    ShapedNoise,
    Shots,
    Stream,
    Values,
    bands_hz,
    spectrum_db,
)
from undersong.units import LOUDNESS_OFFSET_LU, SAMPLE_RATE, Db, Lufs

Weather = Callable[[Values], Values]

LAYER_LUFS = Lufs(-30.0)
"""Loudness of every generator over minutes, so that layers of a bed can be balanced."""

NOTHING_DB = -300.0
"""A level that adds nothing to a sum."""

_LOOK_S = 600.0
_STEP_S = 0.2
_LOOKS = 40
"""The loudness of a weather is that of its first ten minutes, five times a second, in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """Noise that follows a weather, moved by `gain_db`."""

    noise: ShapedNoise
    weather: Weather
    gain_db: float = 0.0

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        return self.noise.block(k, self.weather(self.noise.times_s(k)) + self.gain_db)


class Textures:
    """Several weathers heard together, levelled as one to `LAYER_LUFS`."""

    def __init__(
        self, stream: Stream, rows: Sequence[tuple[Weather, int]], correlation: Points
    ) -> None:
        """Take (weather, samples per frame) rows, no two of one frame."""
        gain_db = levelling_db([weather for weather, _ in rows])
        self._parts = [
            Texture(
                noise=ShapedNoise(stream.child(frame), frame, correlation),
                weather=weather,
                gain_db=gain_db,
            )
            for weather, frame in rows
        ]

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        out = self._parts[0].block(k)
        for part in self._parts[1:]:
            out += part.block(k)
        return out


class Swings:
    """Levels that wander by themselves, at several time scales at once."""

    def __init__(
        self,
        stream: Stream,
        rows: Sequence[tuple[float, float]],
        *,
        by_side: bool = True,
        by_band: bool = False,
    ) -> None:
        """Take (scale in s, swing in dB) rows; say whether sides and bands go their own ways."""
        self._shape = (2 if by_side else 1, len(bands_hz()) if by_band else 1)
        lanes = self._shape[0] * self._shape[1]
        self._curves = [
            (Curve(stream.child(scale_s), scale_s, lanes), swing_db) for scale_s, swing_db in rows
        ]

    def __call__(self, times_s: Values) -> Values:
        """Return levels in dB, shape (n, 2 or 1, bands or 1); 0 on the average."""
        total = np.zeros((len(times_s), self._shape[0] * self._shape[1]))
        for curve, swing_db in self._curves:
            total += swing_db * curve(times_s)
        return total.reshape(len(times_s), *self._shape)


class Splashes:
    """Levels made uneven by small things that happen all the time."""

    def __init__(self, stream: Stream, rows: Sequence[tuple[float, float, float, Points]]) -> None:
        """Take rows of (one every s, rise in s, fall in s, share of the power by Hz)."""
        self._shots = [
            (
                Shots(stream=stream.child(cell_s), cell_s=cell_s, rise_s=rise_s, fall_s=fall_s),
                spectrum_db(shares),
            )
            for cell_s, rise_s, fall_s, shares in rows
        ]

    def __call__(self, times_s: Values) -> Values:
        """Return levels in dB, shape (n, 2, bands); the mean power is 1."""
        total = np.zeros((len(times_s), 2, len(bands_hz())))
        for shots, share in self._shots:
            total += 10.0 * np.log10(1.0 - share + share * shots(times_s)[..., None])
        return total


def levelling_db(weathers: Sequence[Weather]) -> Db:
    """Return the gain that brings textures of these weathers together to `LAYER_LUFS`.

    Worked out from the levels alone, by the K-weighting and the relative gate of BS.1770-5.
    """
    looks = np.arange(0.0, _LOOK_S, _STEP_S).reshape(_LOOKS, -1)
    power = sum(
        np.concatenate([_weighted_power(weather(times)) for times in looks]) for weather in weathers
    )
    power = np.asarray(power)
    gate = power.mean() / 10.0
    loudness = LOUDNESS_OFFSET_LU + 10.0 * np.log10(power[power > gate].mean())
    return Db(LAYER_LUFS - float(loudness))


def sum_db(*levels_db: Values) -> Values:
    """Level of independent sounds together."""
    return np.asarray(10.0 * np.log10(sum(10.0 ** (level / 10.0) for level in levels_db)))


def _weighted_power(levels_db: Values) -> Values:
    """K-weighted mean square of both channels together, per time."""
    hz = bands_hz()
    edges = np.sqrt(hz[1:] * hz[:-1])
    width_hz = np.diff(np.concatenate([[hz[0] * 0.8], edges, [hz[-1] * 1.2]]))
    share = width_hz / (SAMPLE_RATE / 2.0) * k_weight(hz)
    return np.asarray((10.0 ** (levels_db / 10.0) @ share).sum(axis=1))


def k_weight(hz: Values) -> Values:
    """Squared magnitude of the K-weighting at `hz`: coefficients of BS.1770-5, Annex 1."""
    z = np.exp(-2j * np.pi * hz / SAMPLE_RATE)
    shelf = np.polyval([1.19839281085285, -2.69169618940638, 1.53512485958697], z) / np.polyval(
        [0.73248077421585, -1.69065929318241, 1.0], z
    )
    high_pass = (1.0 - z) ** 2 / np.polyval([0.99007225036621, -1.99004745483398, 1.0], z)
    return np.asarray(np.abs(shelf * high_pass) ** 2)
