"""How loud every bed is, and how far it steps back under every phrase: the plan of a mix."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from undersong.dsp.loudness import gated_lufs, lufs
from undersong.mix.curves import F64, DuckCurve, bed_curve
from undersong.mix.model import BedGain, GainMove, MixPlan, PhraseDuck, Shape
from undersong.mix.moves import Step, moves, settled
from undersong.mix.survey import HOP
from undersong.timeline.model import Phrase, Scene, Timeline
from undersong.units import SILENCE_DB, SPEECH_LUFS, Db, Lu, Lufs

__all__ = ["MixPlan", "plan_mix"]

DEEPEST_DB: Final = -24.0
"""The duck goes no deeper: a bed that stands higher than this is wrong, not loud."""

LARGEST_GAIN_DB: Final = 40.0
"""Beds are not moved further than this to their level."""

UNHEARD_LUFS: Final = Lufs(-60.0)
"""A take that measures less than this was too short to be measured: speech level is assumed."""

CLOSE_LU: Final = 0.5
"""How near to the asked difference every phrase is brought, if it can be."""

ROUNDS: Final = 6
"""How often depths are corrected by what the moves between phrases make of them."""

_FRAME = HOP // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """A phrase as the duck sees it: frames of 10 ms under it and the bed's power in each."""

    level_lufs: Lufs
    frames: F64
    power: F64

    @property
    def bed_lufs(self) -> Lufs:
        return lufs(float(self.power.mean()))

    def difference_lu(self, duck: DuckCurve) -> float:
        gains = 10 ** (duck.at_db(self.frames) / 10)
        return self.level_lufs - lufs(float((self.power * gains).mean()))


def plan_mix(
    timeline: Timeline,
    surveys: Mapping[str, F64],
    *,
    difference_lu: float,
    pause_difference_lu: float,
) -> MixPlan:
    """Plan all gains of a mix.

    Between phrases every bed stands `pause_difference_lu` below SPEECH_LUFS, measured over its
    scene; under each phrase all beds step back until they stand `difference_lu` below that very
    phrase. They are never raised for it. Where a bed swells or two beds cross, the depth follows.

    Args:
        timeline: what sounds where.
        surveys: for each bed the K-weighted mean square of every 100 ms of the track, from 0 on
            (`survey_beds`); where it is not used the values do not matter.
        difference_lu: asked difference while someone speaks.
        pause_difference_lu: asked difference in pauses.
    """
    beds = _beds(timeline.scenes, surveys, SPEECH_LUFS - pause_difference_lu)
    power = _power(timeline.length, beds, surveys)
    talks = [_talk(phrase, power) for phrase in timeline.phrases]
    steps, knots = _solve(timeline, talks, difference_lu)
    duck = DuckCurve(knots)
    phrases = tuple(
        _report(phrase, talk, step, duck, difference_lu)
        for phrase, talk, step in zip(timeline.phrases, talks, steps, strict=True)
    )
    return MixPlan(beds=beds, moves=knots, phrases=phrases)


def _beds(
    scenes: Sequence[Scene], surveys: Mapping[str, F64], target_lufs: float
) -> tuple[BedGain, ...]:
    joins: list[Shape] = ["crossfade" if b.start < a.end else "fade" for a, b in pairwise(scenes)]
    rises: list[Shape] = ["fade", *joins]
    falls: list[Shape] = [*joins, "fade"]  # both one too many where there is no scene
    return tuple(
        _bed(scene, surveys[scene.ambience], target_lufs, rise, fall)
        for scene, rise, fall in zip(scenes, rises, falls, strict=False)
    )


def _bed(scene: Scene, survey: F64, target_lufs: float, rise: Shape, fall: Shape) -> BedGain:
    heard = np.array(survey[scene.start // HOP : -(-scene.end // HOP)], np.float64)
    loudness = gated_lufs(heard)
    gain = target_lufs - loudness if math.isfinite(loudness) else 0.0
    return BedGain(
        ambience=scene.ambience,
        start=scene.start,
        end=scene.end,
        rise=scene.fade_in,
        rise_shape=rise,
        fall=scene.fade_out,
        fall_shape=fall,
        bed_lufs=_finite(loudness),
        gain_db=Db(round(min(max(gain, -LARGEST_GAIN_DB), LARGEST_GAIN_DB), 2)),
    )


def _power(length: int, beds: Iterable[BedGain], surveys: Mapping[str, F64]) -> F64:
    """Return the K-weighted mean square of all beds together, one value per hop of the track.

    Beds have nothing to do with one another, so their powers add.
    """
    hops = -(-length // HOP)
    total = np.zeros(hops)
    for bed in beds:
        first, last = bed.start // HOP, -(-bed.end // HOP)
        heard: F64 = np.array(surveys[bed.ambience][first:last], np.float64)
        centres: F64 = HOP * (np.arange(first, first + len(heard), dtype=np.float64) + 0.5)
        total[first : first + len(heard)] += heard * np.square(bed_curve(bed, centres))
    return total


def _talk(phrase: Phrase, power: F64) -> _Talk:
    starts = np.arange(phrase.start, phrase.end, _FRAME, dtype=np.int64)
    measured = phrase.level_lufs > UNHEARD_LUFS
    return _Talk(
        level_lufs=phrase.level_lufs if measured else SPEECH_LUFS,
        frames=np.asarray(starts + _FRAME / 2, np.float64),
        power=power[starts // HOP],
    )


def _solve(
    timeline: Timeline, talks: Sequence[_Talk], difference_lu: float
) -> tuple[tuple[Step, ...], tuple[GainMove, ...]]:
    """Find depths such that, moves into phrases included, every difference comes near."""
    wanted = [_within(talk.level_lufs - talk.bed_lufs - difference_lu) for talk in talks]
    for _ in range(ROUNDS):
        steps = settled(timeline.phrases, wanted)
        knots = moves(steps, timeline.length)
        duck = DuckCurve(knots)
        excess = [talk.difference_lu(duck) - difference_lu for talk in talks]
        better = [
            _within(depth + more) if abs(more) > CLOSE_LU else depth
            for depth, more in zip(wanted, excess, strict=True)
        ]
        if better == wanted:
            break
        wanted = better
    return steps, knots


def _within(depth_db: float) -> float:
    return min(max(depth_db, DEEPEST_DB), 0.0)


def _report(
    phrase: Phrase, talk: _Talk, step: Step, duck: DuckCurve, difference_lu: float
) -> PhraseDuck:
    reached = talk.difference_lu(duck)
    depth = round(float(duck.at_db(talk.frames).min()), 2)
    return PhraseDuck(
        utterance=phrase.utterance,
        level_lufs=Lufs(round(talk.level_lufs, 2)),
        bed_lufs=_finite(talk.bed_lufs),
        depth_db=Db(depth),
        difference_lu=Lu(round(reached, 2)) if math.isfinite(reached) else None,
        reason=_reason(reached - difference_lu, step.depth_db),
    )


def _reason(excess_lu: float, depth_db: float) -> str:
    """Say why the bed stands where it stands under a phrase."""
    if not math.isfinite(excess_lu):
        return "no bed sounds here"
    if depth_db <= DEEPEST_DB:
        return "as deep as the duck goes"
    if excess_lu <= CLOSE_LU * 2:
        return "stands as asked" if depth_db else "the bed is quiet enough by itself"
    return "the bed is quiet here" if not depth_db else "a deeper neighbour is too near"


def _finite(loudness: float) -> Lufs:
    return Lufs(round(max(loudness, SILENCE_DB), 2))
