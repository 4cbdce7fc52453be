"""Which step the bed takes under each passage: one for all, or such as keep first words ready.

First words are ready when they find the bed as far down as it usually is while someone speaks:
when the mean of first steps is the median of the gain in speech. Where long passages need deeper
steps than short ones no step for all does that, and the choice is made exactly.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.mix.curves import F64
from undersong.mix.speech import Talk

LEAST_DEPTH_DB: Final = -0.5
"""A bed that hardly moves is always ready."""

GRAIN_DB: Final = 0.01
"""Medians are told apart by this."""

_ROUNDS: Final = 40
_TRIES: Final = 8
"""How many of the cheapest may give way to one that is enough without them."""


class Near(NamedTuple):
    """How much less, and more, than asked the difference of a passage may be."""

    fainter_lu: float
    clearer_lu: float

    def beyond_lu(self, excess_lu: float) -> float:
        """Return by how much a difference is out of tolerance; 0 where no bed sounds."""
        if not math.isfinite(excess_lu):
            return 0.0
        return max(excess_lu - self.clearer_lu, 0.0) + min(excess_lu + self.fainter_lu, 0.0)


class Reaches(Struct, frozen=True, kw_only=True):
    """Between which gains the bed stands near what is asked, one value per passage.

    Attributes:
        wanted_db: the step that is asked for, 0 at most ...
        lows_db, highs_db: ... and the deepest and the least deep that are near enough.
        most_db: of all parts of all passages, in order: where it swells the bed stands lower
            than its step, at this.
        lasting: how long each part is, in any unit.
        firsts: index of the first part of each passage.
    """

    wanted_db: F64
    lows_db: F64
    highs_db: F64
    most_db: F64
    lasting: F64
    firsts: npt.NDArray[np.int64]

    def alike(self) -> F64:
        """Return the step that is the mean of all, once each is as near to it as it may be."""
        usual = median(self.wanted_db)
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

        None if no steps are. Each passage costs what its first words are raised by.
        """
        above = np.add.reduceat(self.lasting * (self.most_db >= usual_db), self.firsts)
        first_db = self.most_db[self.firsts]
        costs = np.minimum(usual_db, first_db) - np.minimum(self.lows_db, first_db)
        lower = self.lows_db < usual_db
        lacks = float(self.lasting.sum() / 2 - above[~lower].sum())
        able = np.flatnonzero(lower & (self.highs_db >= usual_db) & (above > 0))
        raised = _cover(costs[able], above[able], lacks)
        if raised is None:
            return None
        steps = self.lows_db.copy()
        steps[able[raised]] = usual_db
        return steps


def _cover(costs: F64, times: F64, lacks: float) -> npt.NDArray[np.int64] | None:
    """Return which of some times to take to make up what lacks, at next to the least cost.

    Those that cost least for their time, and as the last of them the cheapest that is enough.
    None if all of them are not.
    """
    order = np.argsort(costs / times, kind="stable")
    so_far = np.concatenate([[0.0], np.cumsum(times[order])])
    if so_far[-1] < lacks:
        return None
    enough = int(np.searchsorted(so_far, lacks))
    best, least = order[:0], 0.0 if enough == 0 else np.inf
    for first in range(max(enough - _TRIES, 0), enough):
        closing = order[first:][times[order[first:]] >= lacks - so_far[first]]
        if closing.size:
            taken = np.append(order[:first], closing[np.argmin(costs[closing])])
            if costs[taken].sum() < least:
                best, least = taken, float(costs[taken].sum())
    return best


def reaches(ducked: Sequence[Talk], near: Near) -> Reaches:
    """Return where each passage stands near enough to what is asked; one passage at least."""
    counts = [len(talk.cells) for talk in ducked]
    return Reaches(
        wanted_db=np.array([_step(talk, talk.needs_db) for talk in ducked]),
        lows_db=np.array([_step(talk, talk.needs_db - near.clearer_lu) for talk in ducked]),
        highs_db=np.array([_step(talk, talk.needs_db + near.fainter_lu) for talk in ducked]),
        most_db=np.array([cell.most_db for talk in ducked for cell in talk.cells]),
        lasting=np.array([len(talk.frames) / len(talk.cells) for talk in ducked]).repeat(counts),
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
