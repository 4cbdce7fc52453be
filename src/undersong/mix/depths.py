"""How deep the bed stands under each passage: near what is asked, and as even as may be."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.mix.choice import LEAST_DEPTH_DB, Near, median, reaches
from undersong.mix.curves import GainCurve
from undersong.mix.model import GainMove
from undersong.mix.moves import Step, moves, settled
from undersong.mix.speech import Talk

Values = npt.NDArray[np.float64]

DEEPEST_DB: Final = -24.0
"""The duck goes no deeper: a bed that stands higher than this is wrong, not loud."""

QUIET_LU: Final = 0.85
"""Where the bed is quieter than asked by more than this it is left alone: no bed rises because
someone speaks."""

EVEN: Final = Near(fainter_lu=0.3, clearer_lu=0.7)
"""So near to what is asked the bed takes the same step under every passage: the less it moves the
less it is noticed, and rather a word too clear than one too faint."""

FURTHEST_LU: Final = 0.88
PARTS: Final = 22
"""Where that does not leave first words ready every passage has a step of its own, as near to what
is asked as that goes: within one of so many equal parts of this. What is left of 1 LU is what
level and edges of a phrase may be off."""

ROUNDS: Final = 8
"""How often depths are corrected by what the moves between passages make of them."""

READY: Final = 0.99
"""First words find this share of the depth that is usual in the track, on average ..."""
FIRST_FRAMES: Final = 10
"""... in their first 100 ms."""


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
    ducked = [_asks(talk) for talk in spoken]
    best: tuple[GainMove, ...] = ()
    readiest = -math.inf
    for way in _ways(list(compress(spoken, ducked))):
        wanted = _Wanted(spoken, ducked, *way)
        knots = wanted.solve(others, difference_lu, length)
        ready = readiness(spoken, GainCurve(knots))
        if ready > readiest:
            best, readiest = knots, ready
        if ready >= READY:
            break
    return best


def _ways(ducked: Sequence[Talk]) -> Iterator[tuple[Values, Near]]:
    """Yield steps for all passages and how near each is to what is asked, the best first."""
    if not ducked:
        yield np.empty(0), EVEN
        return
    yield reaches(ducked, EVEN).alike(), EVEN
    closer = [Near(FURTHEST_LU * k / PARTS, FURTHEST_LU * k / PARTS) for k in range(1, PARTS + 1)]
    enough = bisect_left(closer, READY, key=lambda near: reaches(ducked, near).readiest()[0])
    for near in closer[min(enough, PARTS - 1) :]:
        yield reaches(ducked, near).readiest()[1], near


def readiness(spoken: Iterable[Talk], duck: GainCurve) -> float:
    """Return the mean depth at first words as a share of the median depth in speech."""
    ducked = [talk for talk in spoken if _asks(talk)]
    if not ducked:
        return 1.0
    usual = median(np.concatenate([duck.at_db(talk.frames) for talk in ducked]))
    first = np.mean([duck.at_db(talk.frames[:FIRST_FRAMES]).mean() for talk in ducked])
    return float(first / usual) if usual < LEAST_DEPTH_DB else 1.0


def _asks(talk: Talk) -> bool:
    """Tell whether the bed is brought to what is asked under a passage, or left as it is."""
    return talk.needs_db <= QUIET_LU


class _Wanted:
    """Steps that are wanted under passages, and what comes of them."""

    def __init__(
        self, spoken: Sequence[Talk], ducked: Sequence[bool], steps_db: Values, near: Near
    ) -> None:
        """Take all passages, and step and tolerance of those that are ducked for, in order."""
        self._spoken = spoken
        self._steps_db = np.zeros(len(spoken))
        self._steps_db[list(ducked)] = steps_db
        self._ducked, self._near = ducked, near

    def solve(
        self, others: Sequence[Step], difference_lu: float, length: int
    ) -> tuple[GainMove, ...]:
        """Return moves that bring every passage into its tolerance where that can be."""
        shifts = np.zeros(len(self._spoken))
        for _ in range(ROUNDS):
            wanted = np.minimum(self._steps_db + shifts, 0.0).tolist()
            steps = [_step(*each) for each in zip(self._spoken, wanted, strict=True)]
            in_order = sorted([*steps, *others], key=lambda step: step.start)
            knots = moves(settled(in_order), length)
            duck = GainCurve(knots)
            beyond = [
                self._near.beyond_lu(talk.difference_lu(duck) - difference_lu) if ducked else 0.0
                for talk, ducked in zip(self._spoken, self._ducked, strict=True)
            ]
            if not any(beyond):
                break
            shifts += beyond
        return knots


def _step(talk: Talk, base_db: float) -> Step:
    """Return what is wanted for a passage: one step, and a deeper one where the bed swells."""
    return Step(
        start=talk.start,
        end=talk.end,
        at=tuple(cell.middle for cell in talk.cells),
        depths_db=tuple(max(min(base_db, cell.most_db), DEEPEST_DB) for cell in talk.cells),
        name=talk.name,
    )
