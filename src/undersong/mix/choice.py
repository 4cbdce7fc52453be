"""Which step the bed takes under each passage: one for all, or such as keep first words ready.

First words are ready when they find the bed as far down as it usually is while someone speaks:
when the mean of the steps is the median of the gain in speech. Where long passages need deeper
steps than short ones no step for all does that, and the choice is made exactly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from undersong.mix.curves import F64
from undersong.mix.speech import Talk

LEAST_DEPTH_DB: Final = -0.5
"""A bed that hardly moves is always ready."""

_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaches:
    """Between which gains the bed stands near what is asked, one value per passage.

    Attributes:
        lows_db, highs_db: of the gain, 0 at most.
        parts_db: of each part of each passage, above what gain the bed does not stand there
            because it swells; all parts are taken to be of one length.
        lasting: how long each passage is, in any unit.
    """

    lows_db: F64
    highs_db: F64
    parts_db: tuple[F64, ...]
    lasting: F64

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
        falls. All others stand as deep as they may. Where nothing is deep all are ready.
        """
        firsts = np.array([parts[0] for parts in self.parts_db])
        ends = np.unique(np.concatenate([self.lows_db, self.highs_db, *self.parts_db]))
        best, found = -np.inf, self.alike()
        for usual in ends[ends < LEAST_DEPTH_DB]:
            steps = self._raised(float(usual))
            share = np.minimum(steps, firsts).mean() / usual if steps is not None else -np.inf
            if steps is not None and share > best:
                best, found = float(share), steps
        return best, found

    def _raised(self, usual_db: float) -> F64 | None:
        """Return steps, deep where they may be, whose median is no deeper than `usual_db`.

        None if no steps are. Each passage costs what it is raised by; those that cost least for
        the time they last are, and then those taken back that were not needed, dearest first.
        """
        above = self.lasting * [float(np.mean(parts >= usual_db)) for parts in self.parts_db]
        costs = usual_db - self.lows_db
        lacks = self.lasting.sum() / 2 - above[costs <= 0].sum()
        able = np.flatnonzero((costs > 0) & (self.highs_db >= usual_db) & (above > 0))
        able = able[np.argsort(costs[able] / above[able], kind="stable")]
        enough = np.searchsorted(np.cumsum(above[able]), lacks) + 1 if lacks > 0 else 0
        raised = able[:enough]
        spare = above[raised].sum() - lacks
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
    """Return where each passage stands within `close_lu` of what it needs."""
    ends = [[_step(talk, talk.needs_db + off) for off in (-close_lu, close_lu)] for talk in ducked]
    return Reaches(
        lows_db=np.array([low for low, _ in ends]),
        highs_db=np.array([high for _, high in ends]),
        parts_db=tuple(np.array([cell.most_db for cell in talk.cells]) for talk in ducked),
        lasting=np.array([float(talk.end - talk.start) for talk in ducked]),
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
