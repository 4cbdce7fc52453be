"""Where a walk goes: everywhere in turn, or to what sounds like a given moment."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.ambience.recorded.heard import F32, MOMENTS_PER_S, Flags
from undersong.dsp.noise import Stream

Moments = npt.NDArray[np.int64]

_STRIDE: Final = 2
"""From group to group; it and their number must have no common factor."""

_STEP: Final = MOMENTS_PER_S // 10
"""Places are looked for every tenth of a second."""

_BLUR: Final = MOMENTS_PER_S // 2
_NEAREST_SHARE: Final = 0.25
_NEAREST: Final = (16, 80)
"""A place is drawn from the most alike quarter, at least and at most so many."""

_STRIPE: Final = 2 * MOMENTS_PER_S
_STRIPES: Final = 3
"""Seconds 0-2, 6-8, 12-14 … of a recording are left alone while the others are drawn from."""


class Rounds:
    """All parts of a recording in an order that is shuffled anew in every round.

    With `groups` above 1 every so-manieth part belongs to a group, and the groups always follow
    in the same order, which keeps neighbours apart: a part comes again after
    (groups - 1) / groups of a round at the earliest.
    """

    def __init__(self, parts: Sequence[Moments], stream: Stream, *, groups: int = 1) -> None:
        """Take the places of each part, at least one part and one place in each."""
        self._parts, self._stream = parts, stream
        everything = range(len(parts))
        self._groups = [everything[_STRIDE * k % groups :: groups] for k in range(groups)]
        self._order = lru_cache(maxsize=4)(self._shuffled)

    def __call__(self, i: int) -> int:
        """Return the place of step `i`."""
        turn, index = divmod(i, len(self._parts))
        places = self._parts[self._order(turn)[index]]
        return int(places[int(float(self._stream.uniform(i, 1)[0]) * len(places))])

    def _shuffled(self, turn: int) -> list[int]:
        rng = self._stream.child("order").rng(turn)
        order: list[int] = []
        for group in self._groups:
            order += rng.permutation(np.array(group)).tolist()
        return order


class Alike:
    """Places that sound like the moment a course has come to."""

    def __init__(
        self,
        levels_db: F32,
        places: Moments,
        stream: Stream,
        course: Callable[[int], int],
    ) -> None:
        """Take the levels of every moment, where to look, and the moment to be like at step i."""
        self._levels = blurred(levels_db)
        self._stream, self._course = stream, course
        stripe = places // _STRIPE % _STRIPES
        found = [places[stripe == k] for k in range(_STRIPES)]
        self._stripes = [part for part in found if len(part)]
        self._known = [self._levels[part] for part in self._stripes]

    def __call__(self, i: int) -> int:
        """Return the place of step `i`: one of the nearest, drawn at random."""
        draws = self._stream.uniform(2 * i, 2)
        turn, index = divmod(i, len(self._stripes))
        order = self._stream.child("stripes").rng(turn).permutation(len(self._stripes))
        k = int(order[index])
        distance = np.abs(self._known[k] - self._levels[self._course(i)]).mean(axis=1)
        least, most = _NEAREST
        count = min(max(round(_NEAREST_SHARE * len(distance)), least), most, len(distance))
        nearest = np.argpartition(distance, count - 1)[:count]
        return int(self._stripes[k][np.sort(nearest)[int(draws[0] * count)]])


def blurred(levels_db: F32) -> F32:
    """Return levels averaged over half a second around every moment."""
    from scipy.ndimage import uniform_filter1d  # noqa: PLC0415 - slow to import

    return np.asarray(uniform_filter1d(levels_db, _BLUR, axis=0, mode="nearest"), np.float32)


def open_places(blocked: Flags, room: int) -> Moments:
    """Return every tenth of a second from which nothing blocked is nearer than `room` moments."""
    padded = np.concatenate([[True], blocked, [True]]).astype(np.int32)
    total = np.cumsum(np.concatenate([[0], padded]))
    count = len(blocked)
    middle = np.arange(count) + 1
    low, high = np.maximum(middle - room, 0), np.minimum(middle + room + 1, count + 2)
    free = np.flatnonzero(total[high] == total[low])
    return np.asarray(free[::_STEP] if len(free) < count else np.arange(0, count, _STEP), np.int64)


def in_parts(places: Moments, part: int) -> list[Moments]:
    """Return places by the part of `part` moments that they lie in; empty parts are left out."""
    of = places // part
    return [places[of == k] for k in np.unique(of)]


def middles(parts: Sequence[Moments], part: int, reach: int) -> list[Moments]:
    """Return the places of each part from which `reach` moments lead nowhere but within it."""
    found = []
    for places in parts:
        within = places % part
        found.append(places[(within >= reach) & (within < part - reach)])
    return [places for places in found if len(places)]
