"""How loud every bed is between phrases, and the power of all of them together."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from undersong.dsp.loudness import gated_lufs
from undersong.mix.curves import F64, GainCurve, bed_curve
from undersong.mix.model import BedGain, GainMove, Shape
from undersong.mix.power import BedPower, silent
from undersong.mix.presence import EXTRA, Surveys
from undersong.mix.survey import HOP
from undersong.timeline.model import LevelMove, Scene
from undersong.units import SILENCE_DB, Db, Lufs

LEAST_LIKE: Final = -0.5
"""Beds that cancel each other more than this are not made up for."""

LARGEST_GAIN_DB: Final = 40.0
"""Beds are not moved further than this to their level."""


class _Edge(NamedTuple):
    """How a scene begins or ends, and how alike it is to its neighbour there."""

    shape: Shape
    likeness: float


def bed_gains(
    scenes: Sequence[Scene],
    surveys: Mapping[str, F64],
    target_lufs: float,
    joins: Sequence[float],
) -> tuple[BedGain, ...]:
    """Return how every scene's bed stands: at `target_lufs`, and how it comes and goes.

    Args:
        scenes: in order.
        surveys: by bed, as for `plan_mix`.
        target_lufs: gated loudness that each bed is brought to over its scene.
        joins: how alike each scene and the next are; not at all if empty.
    """
    likeness = [min(max(join, LEAST_LIKE), 1.0) for join in joins] or [0.0] * (len(scenes) - 1)
    edges = [_Edge("fade", 0.0)]
    for (a, b), alike in zip(pairwise(scenes), likeness, strict=True):
        edges.append(_Edge("crossfade", alike) if b.start < a.end else _Edge("fade", 0.0))
    edges.append(_Edge("fade", 0.0))
    return tuple(
        _bed(scene, surveys[scene.ambience], target_lufs, rise, fall)
        for scene, (rise, fall) in zip(scenes, pairwise(edges), strict=False)
    )


def _bed(scene: Scene, survey: F64, target_lufs: float, rise: _Edge, fall: _Edge) -> BedGain:
    heard = np.array(survey[scene.start // HOP : -(-scene.end // HOP)], np.float64)
    loudness = gated_lufs(heard)
    gain = target_lufs - loudness if math.isfinite(loudness) else 0.0
    return BedGain(
        ambience=scene.ambience,
        start=scene.start,
        end=scene.end,
        rise=scene.fade_in,
        rise_shape=rise.shape,
        rise_likeness=rise.likeness,
        fall=scene.fade_out,
        fall_shape=fall.shape,
        fall_likeness=fall.likeness,
        bed_lufs=finite_lufs(loudness),
        gain_db=Db(round(min(max(gain, -LARGEST_GAIN_DB), LARGEST_GAIN_DB), 2)),
    )


def level_knots(asked: Iterable[LevelMove]) -> tuple[GainMove, ...]:
    """Return the knots of the levels that a script asks for."""
    knots: list[GainMove] = []
    stands = Db(0.0)
    for move in asked:
        knots.append(GainMove(at=move.start, gain_db=stands, reason="the script moves the bed"))
        stands = Db(move.gain_db)
        knots.append(GainMove(at=move.end, gain_db=stands, reason="as the script asks"))
    return tuple(knot for k, knot in enumerate(knots) if not k or knot.at > knots[k - 1].at)


class BedSurveys(Struct, frozen=True, kw_only=True):
    """Surveys of whole beds, and of band and rest of each for a clear duck."""

    whole: Mapping[str, F64]
    presence: Mapping[str, Surveys] | None


def power_of(
    length: int,
    beds: Sequence[BedGain],
    levels: Sequence[GainMove],
    surveys: BedSurveys,
) -> BedPower:
    """Return the power of all beds together, one value per hop of the track.

    The powers of two beds that cross add, and by as much as they are alike, their product.
    """
    total = silent(-(-length // HOP), EXTRA if surveys.presence else 0.0)
    for bed in beds:
        first, last = bed.start // HOP, -(-bed.end // HOP)
        whole = np.array(surveys.whole[bed.ambience][first:last], np.float64)
        span = slice(first, first + len(whole))
        middles = HOP * (np.arange(span.start, span.stop, dtype=np.float64) + 0.5)
        gains = np.square(bed_curve(bed, middles))
        total.whole[span] += whole * gains
        if surveys.presence:
            band, rest = (np.array(s[span], np.float64) for s in surveys.presence[bed.ambience])
            total.band[span] += band * gains
            total.cross[span] += (whole + band - rest) / 2 * gains
    _add_products(total, beds, surveys.whole)
    middles = HOP * (np.arange(len(total.whole), dtype=np.float64) + 0.5)
    gains = 10 ** (GainCurve(levels).at_db(middles) / 10)
    for series in (total.whole, total.band, total.cross):
        np.multiply(series, gains, out=series)
    return total


def _add_products(total: BedPower, beds: Sequence[BedGain], surveys: Mapping[str, F64]) -> None:
    for a, b in pairwise(beds):
        hops = np.arange(b.start // HOP, min(-(-a.end // HOP), len(surveys[b.ambience])))
        if a.fall_likeness and hops.size:
            middles = np.asarray(HOP * (hops + 0.5), np.float64)
            one, other = (
                np.sqrt(np.array(surveys[bed.ambience], np.float64)[hops]) * bed_curve(bed, middles)
                for bed in (a, b)
            )
            total.whole[hops] += 2 * a.fall_likeness * one * other


def finite_lufs(loudness: float) -> Lufs:
    """Round a loudness; that of silence is SILENCE_DB."""
    return Lufs(round(max(loudness, SILENCE_DB), 2))
