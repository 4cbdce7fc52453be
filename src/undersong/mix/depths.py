"""How deep the bed stands under each passage: near what is asked, and as even as may be."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from undersong.mix.curves import GainCurve
from undersong.mix.model import GainMove
from undersong.mix.moves import Step, moves, settled
from undersong.mix.speech import Talk
from undersong.units import SAMPLE_RATE

Values = npt.NDArray[np.float64]

DEEPEST_DB: Final = -24.0
"""The duck goes no deeper: a bed that stands higher than this is wrong, not loud."""

QUIET_LU: Final = 0.85
"""Where the bed is quieter than asked by more than this it is left alone: no bed rises because
someone speaks."""

SURE_LU: Final = 0.15
"""Where it is in doubt how loud the bed is under a passage it is brought nearer, up to this."""

BRIEF: Final = round(1.5 * SAMPLE_RATE)
BRIEF_NEARER_LU: Final = 0.1
"""So much nearer are passages brought that last less: few hops tell of the bed under them."""

SWELL_LU: Final = 0.8
"""In no part of a passage the difference is less than asked by more than this: where the bed
swells under a word the duck goes deeper."""

ROUNDS: Final = 8
"""How often depths are corrected by what the moves between passages make of them."""

READY: Final = 0.99
"""First words find this share of the depth that is usual in the track, on average ..."""
FIRST_FRAMES: Final = 10
"""... in their first 100 ms."""
LEAST_DEPTH_DB: Final = -0.5
"""A bed that hardly moves is always ready."""


class Manner(NamedTuple):
    """How freely depths are chosen.

    Attributes:
        close_lu: how near to the asked difference every passage is brought, if it can be. Within
            this the bed takes the same step for all: the less it moves the less it is noticed.
        lean_db: how much deeper than the usual step that of a short passage may be, in which a
            listener has least time to understand, and how much less deep that of a long one.
    """

    close_lu: float
    lean_db: float


MANNERS: Final = (
    Manner(0.6, 0.0),
    Manner(0.7, 0.0),
    Manner(0.8, 0.0),
    Manner(0.8, 1.0),
    Manner(0.85, 3.0),
    Manner(0.85, 6.0),
)
"""The first in which first words find the bed ready is taken, else that in which they do most."""


def solve(
    spoken: Sequence[Talk], others: Sequence[Step], difference_lu: float, length: int
) -> tuple[GainMove, ...]:
    """Find depths such that, moves into passages included, every difference comes near.

    Args:
        spoken: all passages, in order.
        others: what else the bed makes room for, in order.
        difference_lu: asked of each passage.
        length: of the track in samples.
    """
    best: tuple[GainMove, ...] = ()
    readiest = -math.inf
    for manner in MANNERS:
        knots = _Depths(spoken, manner).solve(others, difference_lu, length)
        ready = readiness(spoken, GainCurve(knots))
        if ready > readiest:
            best, readiest = knots, ready
        if ready >= READY:
            break
    return best


def readiness(spoken: Iterable[Talk], duck: GainCurve) -> float:
    """Return the mean depth at first words as a share of the median depth in speech."""
    ducked = _ducked(spoken)
    if not ducked:
        return 1.0
    usual = _median(np.concatenate([duck.at_db(talk.frames) for talk in ducked]))
    first = np.mean([duck.at_db(talk.frames[:FIRST_FRAMES]).mean() for talk in ducked])
    return float(first / usual) if usual < LEAST_DEPTH_DB else 1.0


def _ducked(spoken: Iterable[Talk]) -> list[Talk]:
    """Return the passages under which the bed is brought to what is asked."""
    return [talk for talk in spoken if talk.needs_db <= QUIET_LU]


class _Depths:
    """The depths of a track's passages in one manner."""

    def __init__(self, spoken: Sequence[Talk], manner: Manner) -> None:
        self._spoken, self._manner = spoken, manner
        self._long = _median_length(_ducked(spoken))
        self._usual = self._usual_db()

    def solve(
        self, others: Sequence[Step], difference_lu: float, length: int
    ) -> tuple[GainMove, ...]:
        shifts = [0.0] * len(self._spoken)
        for _ in range(ROUNDS):
            steps = [self._step(*each) for each in zip(self._spoken, shifts, strict=True)]
            in_order = sorted([*steps, *others], key=lambda step: step.start)
            knots = moves(settled(in_order), length)
            duck = GainCurve(knots)
            better = [
                shift + _beyond(talk.difference_lu(duck) - difference_lu, self._close_lu(talk))
                for shift, talk in zip(shifts, self._spoken, strict=True)
            ]
            if better == shifts:
                break
            shifts = better
        return knots

    def _usual_db(self) -> float:
        """Return the step that is the mean of all, once each is as near to it as it may be."""
        ducked = _ducked(self._spoken)
        if not ducked:
            return 0.0
        usual = _median([talk.needs_db for talk in ducked])
        for _ in range(ROUNDS):
            usual = float(np.mean([self._near(talk, usual) for talk in ducked]))
        return usual

    def _near(self, talk: Talk, usual_db: float) -> float:
        """Return the step for a passage: the usual one, or the nearest to it that may be."""
        close, lean = self._close_lu(talk), self._manner.lean_db
        leaning = usual_db + (lean if talk.end - talk.start >= self._long else -lean)
        return min(max(leaning, talk.needs_db - close), talk.needs_db + close)

    def _close_lu(self, talk: Talk) -> float:
        nearer = BRIEF_NEARER_LU if talk.end - talk.start < BRIEF else 0.0
        return max(self._manner.close_lu - nearer - talk.doubt_lu, SURE_LU)

    def _step(self, talk: Talk, shift_db: float) -> Step:
        """Return what is wanted for a passage."""
        near = self._near(talk, self._usual) + shift_db
        base = min(near, 0.0) if talk.needs_db <= QUIET_LU else 0.0
        return Step(
            start=talk.start,
            end=talk.end,
            at=tuple(cell.middle for cell in talk.cells),
            depths_db=tuple(
                max(min(base, cell.needs_db + SWELL_LU), DEEPEST_DB) for cell in talk.cells
            ),
            name=talk.name,
        )


def _median(values: Sequence[float] | Values) -> float:
    """Return the median of finite values, as numpy does, which loads all of `numpy.ma` for it."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float((ordered[~half] + ordered[half]) / 2)


def _median_length(spoken: Sequence[Talk]) -> int:
    """Return the length such that half of all speech lies in passages at least as long."""
    lengths = sorted(talk.end - talk.start for talk in spoken)
    so_far = np.cumsum(lengths)
    return lengths[int(np.searchsorted(so_far, so_far[-1] / 2))] if lengths else 0


def _beyond(excess_lu: float, close_lu: float) -> float:
    """Return by how much a difference is out of tolerance."""
    if not math.isfinite(excess_lu):
        return 0.0
    return max(excess_lu - close_lu, 0.0) + min(excess_lu + close_lu, 0.0)
