"""How loud every bed is, and how far it steps back under every phrase: the plan of a mix."""

import math
from collections.abc import Mapping, Sequence

from undersong.mix import bells
from undersong.mix.beds import BedSurveys, bed_gains, finite_lufs, level_knots, power_of
from undersong.mix.curves import F64, GainCurve
from undersong.mix.depths import DEEPEST_DB, solve
from undersong.mix.model import MixPlan, PhraseDuck
from undersong.mix.power import BedPower
from undersong.mix.presence import Surveys
from undersong.mix.speech import Talk, talk_of, talks
from undersong.timeline.model import Timeline
from undersong.units import SPEECH_LUFS, Db, Lu, Lufs

__all__ = ["MixPlan", "plan_mix"]


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
        surveys: for each bed the K-weighted mean square of every 10 ms of the track, from 0 on
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
    others = bells.steps(strokes, [(talk.start, talk.end) for talk in spoken])
    knots = solve(spoken, others, difference_lu, timeline.length)
    duck = GainCurve(knots)
    return MixPlan(
        beds=beds,
        levels=levels,
        moves=knots,
        presence=power.extra,
        phrases=_phrases(timeline, power, duck, difference_lu),
        cues=bells.gains(strokes, duck, SPEECH_LUFS - difference_lu),
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
