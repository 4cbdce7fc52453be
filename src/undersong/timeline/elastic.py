"""Elastic pauses: how they share what a fixed length leaves, exact to the sample."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

from msgspec import Struct

from undersong.recipes.model import Elastic
from undersong.units import SAMPLE_RATE, to_samples


class Rest(Struct, frozen=True, kw_only=True):
    """Bounds of one elastic pause in samples: floor <= natural <= cap."""

    floor: int
    natural: Fraction
    cap: int


def rest(bounds: Elastic) -> Rest:
    """Bring bounds from seconds to samples; floor and cap rounded, the natural not."""
    return Rest(
        floor=to_samples(bounds.floor),
        natural=bounds.natural * SAMPLE_RATE,
        cap=to_samples(bounds.cap),
    )


def share(rests: Sequence[Rest], total: int) -> tuple[int, ...]:
    """Return one length per rest, which together last `total` samples.

    Every length is the same multiple of the natural one, but not below its floor nor above its
    cap (water-filling). The multiple is found exactly; lengths are rounded where they end, so
    the sum is exact and no length is further than one sample from its share.

    Args:
        rests: the elastic pauses in order.
        total: from the sum of the floors to the sum of the caps.

    Raises:
        ValueError: when `total` is out of that range.
    """
    if not sum(r.floor for r in rests) <= total <= sum(r.cap for r in rests):
        msg = f"{total} samples cannot be shared by these pauses"
        raise ValueError(msg)
    if not rests:
        return ()
    factor = _factor(rests, total)
    ends = accumulate((_length(r, factor) for r in rests), initial=Fraction(0))
    edges = [math.floor(end + Fraction(1, 2)) for end in ends]
    return tuple(b - a for a, b in pairwise(edges))


def _factor(rests: Sequence[Rest], total: int) -> Fraction:
    """Find the multiple of the natural lengths at which the rests last `total` together."""
    bounds = {Fraction(bound) / _weight(r) for r in rests for bound in (r.floor, r.cap)}
    points = sorted(bounds)
    k = bisect_left(points, Fraction(total), key=lambda point: _sum(rests, point))
    if k == 0:
        return points[0]
    low, high = _sum(rests, points[k - 1]), _sum(rests, points[k])
    return points[k - 1] + (total - low) / (high - low) * (points[k] - points[k - 1])


def _sum(rests: Sequence[Rest], factor: Fraction) -> Fraction:
    return sum((_length(r, factor) for r in rests), Fraction(0))


def _length(r: Rest, factor: Fraction) -> Fraction:
    return min(max(factor * _weight(r), Fraction(r.floor)), Fraction(r.cap))


def _weight(r: Rest) -> Fraction:
    """Return the natural length, or one sample for a rest that has none but may grow."""
    return max(r.natural, Fraction(1))
