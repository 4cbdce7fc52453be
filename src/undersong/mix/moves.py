"""From how deep the bed stands under each phrase to how it gets there and back.

Times are those of narration craft (docs/craft.md): down before the first word, held over
short gaps, slowly up again. We know every phrase beforehand, so nothing is ever late.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from undersong.mix.model import GainMove
from undersong.timeline.model import Phrase
from undersong.units import SAMPLE_RATE, Db, Samples

READY: Final = round(0.15 * SAMPLE_RATE)
"""The bed is down this long before the first word."""
DOWN: Final = round(0.8 * SAMPLE_RATE)
HOLD: Final = round(0.5 * SAMPLE_RATE)
"""The bed stays down this long after the last word, whose release still sounds."""
UP: Final = round(2.5 * SAMPLE_RATE)
BRIDGE: Final = round(2.2 * SAMPLE_RATE)
"""In shorter gaps the bed stays down."""
RECOVER: Final = round(3.8 * SAMPLE_RATE)
"""In longer gaps it comes back all the way, in between part of it."""

STEEPEST_DB_S: Final = 24.0
GENTLE_DB_S: Final = 12.0
"""Slope of moves between phrases, where there is time."""

EVEN_DB: Final = 0.4
"""Phrases in one breath whose depths lie this near to a common one share it: the bed rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Speech over [start, end) under which the bed wants to stand at `depth_db`, 0 or below."""

    start: int
    end: int
    depth_db: float

    @property
    def middle(self) -> int:
        """No move reaches further into a phrase than this, from either side."""
        return (self.start + self.end) // 2


class _Knot(NamedTuple):
    at: int
    gain_db: float
    reason: str


def settled(phrases: Sequence[Phrase], wanted_db: Sequence[float]) -> tuple[Step, ...]:
    """Return depths near the wanted ones that the bed can follow gently, in 0.01 dB.

    Neighbours that want nearly the same share it. Where a gap is too short for the difference,
    the shallower one goes deeper: rather a word too clear than one too faint.
    """
    steps = [
        Step(start=p.start, end=p.end, depth_db=depth)
        for p, depth in zip(phrases, wanted_db, strict=True)
    ]
    depths = [round(depth, 2) for group in _even(steps) for depth in group]
    for k, (a, b) in enumerate(pairwise(steps)):
        depths[k + 1] = min(depths[k + 1], depths[k] + _most(a, b, b.middle - a.end))
    for k, (a, b) in reversed(list(enumerate(pairwise(steps)))):
        depths[k] = min(depths[k], depths[k + 1] + _most(a, b, b.start - READY - a.middle))
    return tuple(
        Step(start=step.start, end=step.end, depth_db=min(depth, 0.0))
        for step, depth in zip(steps, depths, strict=True)
    )


def moves(steps: Sequence[Step], length: int) -> tuple[GainMove, ...]:
    """Return the knots of the duck over a track of `length` samples; none when nothing moves."""
    if not any(step.depth_db for step in steps):
        return ()
    knots = [*_first(steps[0])]
    for n, (a, b) in enumerate(pairwise(steps), start=1):
        between = _bridge if b.start - a.end < BRIDGE else _pause
        knots += between(a, b, n)
    knots += _last(steps[-1], len(steps), length)
    return tuple(
        GainMove(at=Samples(k.at), gain_db=Db(k.gain_db), reason=k.reason) for k in _bare(knots)
    )


def _even(steps: Sequence[Step]) -> Iterator[list[float]]:
    """Yield the depths of phrases in one breath whose tolerances have something in common."""
    group: list[Step] = []
    for step in steps:
        own = [s.depth_db for s in (*group, step)]
        apart = bool(group) and step.start - group[-1].end >= BRIDGE
        if apart or max(own) - min(own) > 2 * EVEN_DB:
            yield _common(group)
            group = []
        group.append(step)
    yield _common(group)


def _common(group: Sequence[Step]) -> list[float]:
    depths = [step.depth_db for step in group]
    return [(max(depths) + min(depths)) / 2 for _ in depths] if depths else []


def _most(a: Step, b: Step, room: int) -> float:
    """Return how far the gain may move in `room` samples between two phrases."""
    if b.start - a.end >= BRIDGE:
        return math.inf
    return math.floor(max(room, 0) / SAMPLE_RATE * STEEPEST_DB_S * 2 / math.pi * 100) / 100


def _time(change_db: float, slope_db_s: float) -> int:
    """Return the samples in which half a cosine changes so much and is never steeper."""
    return math.ceil(abs(change_db) * math.pi / 2 / slope_db_s * SAMPLE_RATE)


def _first(step: Step) -> list[_Knot]:
    arrive = step.start - READY
    leave = arrive - max(DOWN, _time(step.depth_db, STEEPEST_DB_S))
    if leave <= 0:
        return [_Knot(0, step.depth_db, "down from the start for phrase 1")]
    return [_Knot(leave, 0.0, "makes room for phrase 1"), _Knot(arrive, step.depth_db, _down(1))]


def _last(step: Step, n: int, length: int) -> list[_Knot]:
    leave = step.end + HOLD
    up = max(UP, _time(step.depth_db, STEEPEST_DB_S))
    if leave + up > length:
        return []  # it stays down to the end
    return [_Knot(leave, step.depth_db, f"after phrase {n}"), _Knot(leave + up, 0.0, "bed alone")]


def _pause(a: Step, b: Step, n: int) -> list[_Knot]:
    """Come back between phrases n and n + 1: all the way, or as far as the gap is long."""
    gap = b.start - a.end
    share = min((gap - BRIDGE) / (RECOVER - BRIDGE), 1.0)
    peak = round(max(a.depth_db, b.depth_db) * (1 - share), 2) + 0.0
    leave, arrive = a.end + HOLD, b.start - READY
    down = max(DOWN, _time(peak - b.depth_db, STEEPEST_DB_S))
    up = min(UP, arrive - leave - down)
    up = max(up, _time(peak - a.depth_db, STEEPEST_DB_S))
    down = min(down, arrive - leave - up)
    seconds = f"pause of {gap / SAMPLE_RATE:.1f} s"
    return [
        _Knot(leave, a.depth_db, f"after phrase {n}"),
        _Knot(leave + up, peak, seconds),
        _Knot(arrive - down, peak, f"makes room for phrase {n + 1}"),
        _Knot(arrive, b.depth_db, _down(n + 1)),
    ]


def _bridge(a: Step, b: Step, n: int) -> list[_Knot]:
    """Go from depth to depth in a short gap, and where that is too short on the deeper side."""
    change = b.depth_db - a.depth_db
    gentle = max(DOWN, _time(change, GENTLE_DB_S))
    least = _time(change, STEEPEST_DB_S)
    if change < 0:
        arrive = b.start - READY
        leave = max(arrive - gentle, min(a.end, arrive - least))
    else:
        leave = max(a.end, min(a.end + HOLD, b.start - READY - gentle))
        arrive = max(leave + least, min(leave + gentle, b.start - READY))
    return [
        _Knot(leave, a.depth_db, f"from phrase {n} to {n + 1}"),
        _Knot(arrive, b.depth_db, _down(n + 1)),
    ]


def _down(n: int) -> str:
    return f"under phrase {n}"


def _bare(knots: Iterable[_Knot]) -> Iterator[_Knot]:
    """Leave out knots between which, and around which, nothing moves."""
    kept: list[_Knot] = []
    for knot in knots:
        flat = len(kept) > 1 and kept[-2].gain_db == kept[-1].gain_db == knot.gain_db
        if flat or (kept and kept[-1].at == knot.at):
            kept.pop()
        kept.append(knot)
    if len(kept) > 1 and kept[0].gain_db == kept[1].gain_db == 0:
        kept.pop(0)
    if len(kept) > 1 and kept[-1].gain_db == kept[-2].gain_db:
        kept.pop()
    yield from kept
