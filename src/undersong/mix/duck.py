"""How loud every bed is, and how far it steps back under every phrase: the plan of a mix."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from undersong.mix import bells
from undersong.mix.beds import BedSurveys, bed_gains, finite_lufs, level_knots, power_of
from undersong.mix.curves import F64, GainCurve
from undersong.mix.model import GainMove, MixPlan, PhraseDuck
from undersong.mix.moves import Step, moves, settled
from undersong.mix.power import BedPower
from undersong.mix.presence import Surveys
from undersong.mix.speech import Talk, talk_of, talks
from undersong.timeline.model import Timeline
from undersong.units import SAMPLE_RATE, SPEECH_LUFS, Db, Lu, Lufs

__all__ = ["MixPlan", "plan_mix"]

DEEPEST_DB: Final = -24.0
"""The duck goes no deeper: a bed that stands higher than this is wrong, not loud."""

LIFT_DB: Final = 2.0
"""Where the bed lulls under a phrase it is lifted by as much as this, if that is enough: a bed
that rises because someone speaks must not be noticed."""

CLOSE_LU: Final = 0.6
"""How near to the asked difference every passage is brought, if it can be. Within this the bed
takes the same step for all of them: the less it moves the less it is noticed."""

BRIEF: Final = round(1.5 * SAMPLE_RATE)
BRIEF_CLOSE_LU: Final = 0.35
"""Passages shorter than this are brought nearer: hops of 100 ms tell less of the bed under them."""

SWELL_LU: Final = 0.8
"""In no part of a passage the difference is less than asked by more than this: where the bed
swells under a word the duck goes deeper."""

ROUNDS: Final = 8
"""How often depths are corrected by what the moves between passages make of them."""


def plan_mix(  # noqa: PLR0913 - what is known and what is asked, by keyword
    timeline: Timeline,
    surveys: Mapping[str, F64],
    *,
    difference_lu: float,
    pause_difference_lu: float,
    cue_lufs: Mapping[str, float] | None = None,
    presence: Mapping[str, Surveys] | None = None,
    joins: Sequence[float] = (),
) -> MixPlan:
    """Plan all gains of a mix.

    Between phrases every bed stands `pause_difference_lu` below SPEECH_LUFS, measured over its
    scene; under each phrase all beds step back until they stand `difference_lu` below that very
    phrase. Where a bed swells or two beds cross, the depth follows. For a bell it steps back a
    little, and the bell stands as far above it as every other bell.

    Args:
        timeline: what sounds where.
        surveys: for each bed the K-weighted mean square of every 100 ms of the track, from 0 on
            (`survey_beds`); where it is not used the values do not matter.
        difference_lu: asked difference while someone speaks.
        pause_difference_lu: asked difference in pauses.
        cue_lufs: loudest 400 ms of every sound that the timeline places (`momentary_lufs`).
        presence: of every bed (`survey_presence`), for a clear duck: one that lowers the band of
            words more than the rest, so that less of the bed has to go.
        joins: how alike each scene and the next are (`survey_joins`); not at all if left out.
    """
    beds = bed_gains(timeline.scenes, surveys, SPEECH_LUFS - pause_difference_lu, joins)
    levels = level_knots(timeline.levels)
    power = power_of(timeline.length, beds, levels, BedSurveys(whole=surveys, presence=presence))
    spoken = talks(timeline.phrases, power, difference_lu)
    strokes = bells.strokes(timeline, power, cue_lufs or {})
    knots = _solve(timeline, spoken, strokes, difference_lu)
    duck = GainCurve(knots)
    return MixPlan(
        beds=beds,
        levels=levels,
        moves=knots,
        presence=power.extra,
        phrases=_phrases(timeline, power, duck, difference_lu),
        cues=bells.gains(strokes, duck, SPEECH_LUFS - difference_lu),
    )


def _solve(
    timeline: Timeline,
    spoken: Sequence[Talk],
    strokes: Sequence[bells.Stroke],
    difference_lu: float,
) -> tuple[GainMove, ...]:
    """Find depths such that, moves into passages included, every difference comes near."""
    usual = _usual(spoken)
    others = bells.steps(strokes, [(talk.start, talk.end) for talk in spoken])
    shifts = [0.0] * len(spoken)
    for _ in range(ROUNDS):
        steps = [_step(talk, usual, shift) for talk, shift in zip(spoken, shifts, strict=True)]
        knots = moves(settled(_in_order(steps, others)), timeline.length)
        duck = GainCurve(knots)
        better = [
            shift + _beyond(talk.difference_lu(duck) - difference_lu, _close(talk))
            for shift, talk in zip(shifts, spoken, strict=True)
        ]
        if better == shifts:
            break
        shifts = better
    return knots


def _usual(spoken: Iterable[Talk]) -> float:
    """Return the step that is the mean of all steps, once each is as near to it as it may be."""
    ducked = [talk for talk in spoken if talk.needs_db <= LIFT_DB]
    if not ducked:
        return 0.0
    usual = float(np.median([talk.needs_db for talk in ducked]))
    for _ in range(ROUNDS):
        usual = float(np.mean([_near(talk, usual) for talk in ducked]))
    return usual


def _near(talk: Talk, usual_db: float) -> float:
    """Return the step for a passage: the usual one, or the nearest to it that may be."""
    close = _close(talk)
    return min(max(usual_db, talk.needs_db - close), talk.needs_db + close)


def _close(talk: Talk) -> float:
    return CLOSE_LU if talk.end - talk.start >= BRIEF else BRIEF_CLOSE_LU


def _in_order(steps: Iterable[Step], others: Iterable[Step]) -> list[Step]:
    return sorted([*steps, *others], key=lambda step: step.start)


def _beyond(excess_lu: float, close_lu: float) -> float:
    """Return by how much a difference is out of tolerance."""
    if not math.isfinite(excess_lu):
        return 0.0
    return max(excess_lu - close_lu, 0.0) + min(excess_lu + close_lu, 0.0)


def _step(talk: Talk, usual_db: float, shift_db: float) -> Step:
    """Return what is wanted for a passage: the usual step as long as that is near enough."""
    near = _near(talk, usual_db) + shift_db
    base = near if near <= LIFT_DB else 0.0
    return Step(
        start=talk.start,
        end=talk.end,
        at=tuple(cell.middle for cell in talk.cells),
        depths_db=tuple(
            max(min(base, cell.needs_db + SWELL_LU), DEEPEST_DB) for cell in talk.cells
        ),
        name=talk.name,
    )


def _phrases(
    timeline: Timeline, power: BedPower, duck: GainCurve, difference_lu: float
) -> tuple[PhraseDuck, ...]:
    alone = [
        talk_of(timeline.phrases, k, power, difference_lu) for k in range(len(timeline.phrases))
    ]
    return tuple(
        _report(phrase.utterance, talk, duck, difference_lu)
        for phrase, talk in zip(timeline.phrases, alone, strict=True)
    )


def _report(utterance: int, talk: Talk, duck: GainCurve, difference_lu: float) -> PhraseDuck:
    reached = talk.difference_lu(duck)
    depth = round(float(duck.at_db(talk.frames).min()), 2)
    return PhraseDuck(
        utterance=utterance,
        level_lufs=Lufs(round(talk.level_lufs, 2)),
        bed_lufs=finite_lufs(talk.bed_lufs),
        depth_db=Db(depth),
        difference_lu=Lu(round(reached, 2)) if math.isfinite(reached) else None,
        reason=_reason(reached - difference_lu, depth),
    )


def _reason(excess_lu: float, depth_db: float) -> str:
    """Say why the bed stands where it stands under a phrase."""
    if not math.isfinite(excess_lu):
        return "no bed sounds here"
    if depth_db <= DEEPEST_DB:
        return "as deep as the duck goes"
    if abs(excess_lu) <= 1:
        return "stands as asked" if depth_db else "the bed is quiet enough by itself"
    if excess_lu < 0:
        return "the bed swells here within one breath"
    return "a deeper neighbour is too near" if depth_db else "the bed is quiet here"
