"""Which step the bed takes under each passage: one for all, or such as keep first words ready.

First words are ready when they find the bed as far down as it usually is while someone speaks:
when the mean of first steps is the median of the gain in speech. Where long passages need deeper
steps than short ones no step for all does that, and the choice is made exactly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.mix.curves import F64
from undersong.mix.speech import Talk

LEAST_DEPTH_DB: Final = -0.5
"""A bed that hardly moves is always ready."""

GRAIN_DB: Final = 0.02
"""Medians are told apart by this."""

_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaches:
    """Between which gains the bed stands near what is asked, one value per passage.

    Attributes:
        lows_db, highs_db: of the step under a passage, 0 at most.
        most_db: of all parts of all passages, in order: where it swells the bed stands lower
            than its step, at this.
        lasting: how long each part is, in any unit.
        firsts: index of the first part of each passage.
    """

    lows_db: F64
    highs_db: F64
    most_db: F64
    lasting: F64
    firsts: npt.NDArray[np.int64]

    def alike(self) -> F64:
        """Return the step that is the mean of all, once each is as near to it as it may be."""
        usual = median((self.lows_db + self.highs_db) / 2)
        for _ in range(_ROUNDS):
            usual = float(np.clip(usual, self.lows_db, self.highs_db).mean())
        return np.asarray(np.clip(usual, self.lows_db, self.highs_db))

    def readiest(self) -> tuple[float, F64]:
        """Return the most that first words may find of the usual depth, and steps that give it.

        Half of all speech has to stand at the median or above it. Which passages that is, and how
        high, is sought among the ends of all reaches and parts: between them the share only
        falls. All others stand as deep as they may. Where nothing is deep the share is inf.
        """
        ends = np.concatenate([self.lows_db, self.highs_db, self.most_db])
        medians = np.unique(np.floor(ends[ends < LEAST_DEPTH_DB] / GRAIN_DB) * GRAIN_DB)
        best, found = (-np.inf if medians.size else np.inf), self.lows_db
        for usual in medians.tolist():
            steps = self._raised(usual)
            if steps is not None and self._first_db(steps) / usual > best:
                best, found = self._first_db(steps) / usual, steps
        return best, found

    def _first_db(self, steps: F64) -> float:
        """Return where the bed stands at first words, on average."""
        return float(np.minimum(steps, self.most_db[self.firsts]).mean())

    def _raised(self, usual_db: float) -> F64 | None:
        """Return steps, deep where they may be, whose median is no deeper than `usual_db`.

        None if no steps are. Each passage costs what it is raised by; those that cost least for
        the time they bring are, and then those taken back that were not needed, dearest first.
        """
        above = np.add.reduceat(self.lasting * (self.most_db >= usual_db), self.firsts)
        costs = usual_db - self.lows_db
        lacks = self.lasting.sum() / 2 - above[costs <= 0].sum()
        able = np.flatnonzero((costs > 0) & (self.highs_db >= usual_db) & (above > 0))
        able = able[np.argsort(costs[able] / above[able], kind="stable")]
        enough = np.searchsorted(np.cumsum(above[able]), lacks) + 1 if lacks > 0 else 0
        raised = able[:enough]
        spare = float(above[raised].sum() - lacks)
        if spare < 0:
            return None
        steps = self.lows_db.copy()
        for k in raised[np.argsort(-costs[raised], kind="stable")]:
            if above[k] <= spare:
                spare -= above[k]
            else:
                steps[k] = usual_db
        return steps


def reaches(ducked: Sequence[Talk], close_lu: float) -> Reaches:
    """Return where each passage stands within `close_lu` of what it needs; one passage at least."""
    counts = [len(talk.cells) for talk in ducked]
    return Reaches(
        lows_db=np.array([_step(talk, talk.needs_db - close_lu) for talk in ducked]),
        highs_db=np.array([_step(talk, talk.needs_db + close_lu) for talk in ducked]),
        most_db=np.array([cell.most_db for talk in ducked for cell in talk.cells]),
        lasting=np.array([len(talk.frames) / n for talk, n in zip(ducked, counts, strict=True)])
        .repeat(counts)
        .astype(np.float64),
        firsts=np.cumsum([0, *counts[:-1]]),
    )


def _step(talk: Talk, mean_db: float) -> float:
    """Return the step at which the bed is as loud as at `mean_db` all along, 0 at most.

    Where it swells it stands lower than the step: those parts are tried first.
    """
    cells = sorted(talk.cells, key=lambda cell: cell.most_db)
    powers = [10 ** (-cell.needs_db / 10) for cell in cells]
    rest, around = sum(powers) * 10 ** (mean_db / 10), sum(powers)
    for cell, power in zip(cells, powers, strict=True):
        step = 10 * math.log10(rest / around) if rest > 0 < around else 0.0
        if step <= cell.most_db:
            return min(step, 0.0)
        rest -= power * 10 ** (cell.most_db / 10)
        around -= power
    return 0.0


def median(values: F64) -> float:
    """Return the median of finite values, as numpy does, which loads all of `numpy.ma` for it."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float((ordered[~half] + ordered[half]) / 2)
