"""A layer of shaped noise under the rule of a weather, and how loud a weather will be.

A weather is a pure function from rising times in seconds, shape (n,), to levels in dB, shape
(n, 2, bands): per time, channel and band of `dsp.noise`. Waves, gusts and leaves are weathers.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from undersong.audio import Frames
from undersong.dsp.noise import (
    Curve,
    Points,
    Powers,
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

_LOOK_S = 600.0
_STEP_S = 0.2
_AT_ONCE, _KEPT = 800, 2
_DB_TO_POWER = np.log(10.0) / 10.0  # of natural exponents
_LOOKS = 10
"""The loudness of a weather is that of its first ten minutes, five times a second, in parts."""


class Texture:
    """Noise that follows a weather, moved by a gain.

    The weather is asked for some seconds at once, always the same ones: about as many times as
    make the most of an array.
    """

    def __init__(self, noise: ShapedNoise, weather: Weather, gain_db: float = 0.0) -> None:
        """Take what follows, what it follows, and by how much both are moved."""
        self._noise, self._weather, self._gain_db = noise, weather, gain_db
        self._at_once = max(1, _AT_ONCE // noise.hops)
        self._spells = lru_cache(_KEPT)(self._spell)

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        spell, second = divmod(k, self._at_once)
        first = second * self._noise.hops
        levels = self._spells(spell)[first : first + self._noise.hops + 1]
        return self._noise.block(k, levels)

    def _spell(self, k: int) -> Values:
        times_s = self._noise.times_s(k * self._at_once, self._at_once)
        return self._weather(times_s) + self._gain_db


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
            curve.add_to(total, times_s, swing_db)
        return total.reshape(len(times_s), *self._shape)


class Splashes:
    """Levels made uneven by small things that happen all the time."""

    def __init__(self, stream: Stream, rows: Sequence[tuple[float, float, float, Points]]) -> None:
        """Take rows of (one every s, rise in s, fall in s, share of the power by Hz)."""
        self._shots = [
            (
                Shots(stream=stream.child(cell_s), cell_s=cell_s, rise_s=rise_s, fall_s=fall_s),
                spectrum_db(shares).astype(np.float32)[:, np.newaxis],
            )
            for cell_s, rise_s, fall_s, shares in rows
        ]

    def __call__(self, times_s: Values) -> Values:
        """Return levels in dB, shape (n, 2, bands); the mean power is 1."""
        return level_db(self.powers(times_s))

    def powers(self, times_s: Values) -> Powers:
        """Return the same as powers, shape (2, bands, n)."""
        total = np.ones((2, len(bands_hz()), len(times_s)), np.float32)
        for shots, share in self._shots:
            total *= share * (shots(times_s)[:, np.newaxis] - np.float32(1.0)) + np.float32(1.0)
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


def powers_of(courses_db: Values, spectrum: Values) -> Powers:
    """Return the powers (2, bands, n) of courses in dB, (n, 2), each under the same spectrum."""
    courses, each = (np.exp(db * _DB_TO_POWER).astype(np.float32) for db in (courses_db, spectrum))
    return np.asarray(np.multiply(courses.T[:, np.newaxis], each[:, np.newaxis], order="C"))


def level_db(powers: Powers) -> Values:
    """Return levels in dB, shape (n, 2, bands), of powers of shape (2, bands, n)."""
    return np.asarray(10.0 * np.log10(powers.transpose(2, 0, 1).astype(np.float64, order="C")))


def sum_db(*levels_db: Values) -> Values:
    """Level of independent sounds together."""
    return np.asarray(10.0 * np.log10(sum(np.exp(level * _DB_TO_POWER) for level in levels_db)))


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
