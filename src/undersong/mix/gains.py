"""A gain curve as the mixer applies it: worked out for a pass at once, and only where it moves."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.audio import GRID, PASS
from undersong.mix.curves import STEP, GainCurve
from undersong.mix.model import GainMove
from undersong.units import db_to_gain

F32 = npt.NDArray[np.float32]

_SECONDS: Final = PASS // GRID
_STEPS: Final = GRID // STEP  # of a second


class Gains:
    """The linear gain at every STEP samples; threads may ask at the same time."""

    def __init__(self, moves: Sequence[GainMove]) -> None:
        """Take the knots of a plan in order of time; none is no change."""
        self._curve = GainCurve(moves)
        self._at = [0, *(int(move.at) for move in moves)]
        self._db = [float(move.gain_db) for move in (*moves[:1], *moves)] or [0.0]
        self._pass = lru_cache(2)(self._points)

    def of_second(self, k: int) -> F32:
        """Return the gain at every STEP of second k, and one beyond: a view, not to be written."""
        part, within = divmod(k, _SECONDS)
        return self._pass(part)[within * _STEPS : (within + 1) * _STEPS + 1]

    def _points(self, part: int) -> F32:
        """Return the gains of a pass: always of a whole one, so that nothing depends on cuts."""
        positions = np.arange(part * PASS, (part + 1) * PASS + 1, STEP, dtype=np.float64)
        points = np.empty(len(positions), np.float32)
        near = range(*(bisect_right(self._at, at) for at in (part * PASS, (part + 1) * PASS)))
        knots = (near.start - 1, *near)
        starts = np.searchsorted(positions, [self._at[k] for k in knots]).tolist()
        for knot, (first, last) in zip(knots, pairwise([*starts, len(positions)]), strict=True):
            here_db, there_db = self._db[knot], self._db[min(knot + 1, len(self._db) - 1)]
            if here_db == there_db:
                points[first:last] = db_to_gain(here_db)
            elif first < last:
                points[first:last] = linear(self._curve.at_db(positions[first:last]))
        return points


def linear(gain_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return gains in dB as factors."""
    return np.asarray(np.power(10.0, gain_db / 20))
