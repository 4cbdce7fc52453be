"""The curves of a mix plan, at any sample: how a scene rises and falls, how the duck moves."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from undersong.audio import Frames
from undersong.mix.model import BedGain, GainMove, Shape
from undersong.units import Db, db_to_gain

F64 = npt.NDArray[np.float64]

FADE_FLOOR_DB = Db(-60.0)
"""Where a fade begins and ends: inaudible, yet never digital silence, and no step worth a click."""


def bed_curve(bed: BedGain, positions: F64) -> F64:
    """Return the gain (linear, 0 outside [start, end)) of a bed at sample positions."""
    rise = risen(
        (positions - bed.start + 0.5) / max(bed.rise, 1), bed.rise_shape, bed.rise_likeness
    )
    fall = risen((bed.end - positions - 0.5) / max(bed.fall, 1), bed.fall_shape, bed.fall_likeness)
    inside = (positions >= bed.start) & (positions < bed.end)
    return np.asarray(np.where(inside, db_to_gain(bed.gain_db) * rise * fall, 0.0))


def risen(share: F64, shape: Shape, likeness: float = 0.0) -> F64:
    """Return the gain after a share of a rise: 0 before it, 1 after it.

    A crossfade and its mirror keep the power of two sounds as alike as `likeness`, their
    correlation r: with gains a and b that of their sum is a² + b² + 2 r a b.
    """
    x = np.clip(share, 0.0, 1.0)
    if shape == "crossfade":
        rising, falling = np.sin(x * (np.pi / 2)), np.cos(x * (np.pi / 2))
        return np.asarray(rising / np.sqrt(1 + 2 * likeness * rising * falling))
    floor = db_to_gain(FADE_FLOOR_DB)
    return floor + (1 - floor) * half_cosine(x)


def half_cosine(x: F64) -> F64:
    """Go from 0 to 1 as x does, starting and ending level."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * x))


STEP = 48
"""Samples between the points at which a curve that is to be applied is worked out: 1 ms. Between
them it runs straight: a duck of 30 dB/s is never further from its shape than -100 dB."""

SHARES = np.arange(STEP, dtype=np.float32) / np.float32(STEP)
"""How far each sample of a step is on its way to the next point."""


def stepped(points: F64 | Frames, channels: int) -> Frames:
    """Return a gain for every frame and channel, given at every STEP samples and one beyond.

    `points` (k + 1) gives float32 (k STEP, channels).
    """
    at = points.astype(np.float32)
    shares = np.repeat(SHARES, channels)
    gains = np.multiply.outer(np.diff(at), shares)
    gains += at[:-1, np.newaxis]
    return gains.reshape(-1, channels)


class GainCurve:
    """A gain over time, through the knots of a plan: the duck, or the levels of a script."""

    def __init__(self, moves: Sequence[GainMove]) -> None:
        """Take the knots in order of time; none is no duck."""
        self._at = np.array([float(move.at) for move in moves] or [0.0])
        self._db = np.array([float(move.gain_db) for move in moves] or [0.0])
        self._knots = np.arange(len(self._at), dtype=np.float64)

    def steady_db(self, start: int, end: int) -> float | None:
        """Return the gain in dB when it does not move in [start, end), else None."""
        first = max(int(np.searchsorted(self._at, start, "right")) - 1, 0)
        last = int(np.searchsorted(self._at, end - 1, "left"))
        near = self._db[first : last + 1]
        return float(near[0]) if near.min() == near.max() else None

    def at_db(self, positions: F64) -> F64:
        """Return the gain in dB at sample positions."""
        place = np.interp(positions, self._at, self._knots)
        knot = np.floor(place)
        return np.asarray(np.interp(knot + half_cosine(place - knot), self._knots, self._db))
