"""From how deep the bed stands under speech to how it gets there and back.

Times are those of narration craft (docs/craft.md): down before the first word, held over
short gaps, slowly up again. We know every phrase beforehand, so nothing is ever late.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from undersong.mix.model import GainMove
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
BRIDGE_DB_S: Final = 12.0
"""Steepest slope between depths in a short gap ..."""
GENTLE_DB_S: Final = 6.0
"""... and where there is time ..."""
WITHIN_DB_S: Final = 4.0
"""... and while someone speaks."""
EASY_DB_S: Final = 2.0
"""A small step down needs no more time than this slope asks."""


class Step(Struct, frozen=True, kw_only=True):
    """Sound over [start, end) for which the bed steps back as one.

    Attributes:
        at: places in it, in order, at which a depth is wanted; no move from or to a neighbour
            reaches further into it than the first and the last of them.
        depths_db: gain at each, 0 at most.
        name: what sounds, as in "under phrase 3".
    """

    start: int
    end: int
    at: tuple[int, ...]
    depths_db: tuple[float, ...]
    name: str


class _Knot(NamedTuple):
    at: int
    gain_db: float
    reason: str


def settled(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return depths near the wanted ones that the bed can follow gently, in 0.01 dB.

    Where there is no time for a difference the shallower side goes deeper: rather a word too
    clear than one too faint.
    """
    depths = [round(depth, 2) for step in steps for depth in step.depths_db]
    rooms = list(_rooms(steps))
    for k, (rise, _) in enumerate(rooms):
        depths[k + 1] = min(depths[k + 1], depths[k] + rise)
    for k, (_, fall) in reversed(list(enumerate(rooms))):
        depths[k] = min(depths[k], depths[k + 1] + fall)
    left = iter(depths)
    return tuple(
        replace(step, depths_db=tuple(round(next(left), 2) for _ in step.at)) for step in steps
    )


def moves(steps: Sequence[Step], length: int) -> tuple[GainMove, ...]:
    """Return the knots of the duck over a track of `length` samples; none when nothing moves."""
    if not any(depth for step in steps for depth in step.depths_db):
        return ()
    knots = [*_first(steps[0]), *_inside(steps[0])]
    for a, b in pairwise(steps):
        between = _bridge if b.start - a.end < BRIDGE else _pause
        knots += between(a, b) + _inside(b)
    knots += _last(steps[-1], length)
    return tuple(
        GainMove(at=Samples(k.at), gain_db=Db(k.gain_db), reason=k.reason) for k in _bare(knots)
    )


def _rooms(steps: Sequence[Step]) -> Iterator[tuple[float, float]]:
    """Yield how far the gain may rise, and may fall, from each wanted depth to the next."""
    for k, step in enumerate(steps):
        yield from ((_reach(b - a, WITHIN_DB_S),) * 2 for a, b in pairwise(step.at))
        if k + 1 < len(steps):
            yield _between(step, steps[k + 1])


def _between(a: Step, b: Step) -> tuple[float, float]:
    if b.start - a.end >= BRIDGE:
        return math.inf, math.inf
    rise, fall = b.at[0] - a.end, b.start - READY - a.at[-1]
    return _reach(max(rise, 0), BRIDGE_DB_S), _reach(max(fall, 0), BRIDGE_DB_S)


def _reach(samples: int, slope_db_s: float) -> float:
    """Return how far half a cosine goes in a time without ever being steeper, in 0.01 dB."""
    return math.floor(samples / SAMPLE_RATE * slope_db_s * 2 / math.pi * 100) / 100


def _time(change_db: float, slope_db_s: float) -> int:
    """Return the samples in which half a cosine changes so much and is never steeper."""
    return math.ceil(abs(change_db) * math.pi / 2 / slope_db_s * SAMPLE_RATE)


def _first(step: Step) -> list[_Knot]:
    depth, arrive = step.depths_db[0], step.start - READY
    leave = arrive - max(DOWN, _time(depth, STEEPEST_DB_S))
    if leave <= 0:
        return [_Knot(0, depth, f"down from the start for {step.name}")]
    return [_Knot(leave, 0.0, f"makes room for {step.name}"), _Knot(arrive, depth, _down(step))]


def _inside(step: Step) -> list[_Knot]:
    """Follow the bed while someone speaks."""
    if len(step.at) == 1:
        return []
    knots = [_Knot(step.at[0], step.depths_db[0], _down(step))]
    for at, (before, depth) in zip(step.at[1:], pairwise(step.depths_db), strict=True):
        knots.append(_Knot(at, depth, _follows(depth - before) + _down(step)))
    return knots


def _last(step: Step, length: int) -> list[_Knot]:
    depth, leave = step.depths_db[-1], step.end + HOLD
    up = max(UP, _time(depth, STEEPEST_DB_S))
    if leave + up > length:
        return []  # it stays down to the end
    return [_Knot(leave, depth, f"after {step.name}"), _Knot(leave + up, 0.0, "bed alone")]


def _pause(a: Step, b: Step) -> list[_Knot]:
    """Come back between two steps: all the way, or as far as the gap is long."""
    before, after = a.depths_db[-1], b.depths_db[0]
    gap = b.start - a.end
    share = min((gap - BRIDGE) / (RECOVER - BRIDGE), 1.0)
    peak = round(max(before, after) * (1 - share), 2) + 0.0
    leave, arrive = a.end + HOLD, b.start - READY
    down = max(min(DOWN, _time(peak - after, EASY_DB_S)), _time(peak - after, STEEPEST_DB_S))
    up = min(UP, arrive - leave - down)
    up = max(up, _time(peak - before, STEEPEST_DB_S))
    down = min(down, arrive - leave - up)
    return [
        _Knot(leave, before, f"after {a.name}"),
        _Knot(leave + up, peak, f"pause of {gap / SAMPLE_RATE:.1f} s"),
        _Knot(arrive - down, peak, f"makes room for {b.name}"),
        _Knot(arrive, after, _down(b)),
    ]


def _bridge(a: Step, b: Step) -> list[_Knot]:
    """Go from depth to depth in a short gap, and where that is too short on the deeper side."""
    before, after = a.depths_db[-1], b.depths_db[0]
    gentle = max(DOWN, _time(after - before, GENTLE_DB_S))
    if after < before:
        arrive = b.start - READY
        leave = max(arrive - gentle, a.at[-1])
    else:
        leave = max(a.end, min(a.end + HOLD, b.start - READY - gentle))
        arrive = min(leave + gentle, b.at[0])
    return [_Knot(leave, before, f"from {a.name} to {b.name}"), _Knot(arrive, after, _down(b))]


def _follows(change_db: float) -> str:
    if not change_db:
        return ""
    return "the bed swells " if change_db < 0 else "the swell passes "


def _down(step: Step) -> str:
    return f"under {step.name}"


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
