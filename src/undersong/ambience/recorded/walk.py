"""An endless walk through a recording: places one after another, joined where they are alike.

Step i comes by its place at a time of its own; around that the recording runs on as it is. In
between lies one jump, at the moment where what is left and what is entered are most alike. Place
and time of a step follow from its number alone, so any stretch of the walk can be worked out
without what came before.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.ambience.recorded.heard import F32, MOMENT, Bytes, Flags, decibels
from undersong.dsp.noise import Stream

Place = Callable[[int], int]
"""From the number of a step to its moment in the recording."""

_LOOK: Final = 4
"""Moments on both sides over which two places are compared: 180 ms."""

_BREAK_DB: Final = 6.0
"""A jump within an event is as unwelcome as this difference in every band."""

_KEPT: Final = 64


class Ground(Struct, frozen=True, kw_only=True, eq=False):
    """What a walk goes over.

    Attributes:
        levels: uint8 (moments, bands) as kept, by which places are compared.
        blocked: moments that the walk never touches.
        unwelcome: moments at which it would rather not jump.
    """

    levels: Bytes
    blocked: Flags
    unwelcome: Flags


class Stretch(Struct, frozen=True):
    """Samples [start, end) of a walk: those of the recording `shift` samples later."""

    start: int
    end: int
    shift: int


class Gait(Struct, frozen=True, kw_only=True):
    """How a walk steps.

    Attributes:
        spacing: samples from step to step.
        fade: samples of a join.
        sway: a step comes early or late by up to half this share of the spacing.
        away: a jump keeps this share of the way away from the steps on both sides.
    """

    spacing: int
    fade: int
    sway: float = 0.25
    away: float = 0.15

    @property
    def reach(self) -> int:
        """Samples that a step may go from its place, its join included."""
        longest = self.spacing * (1.0 + self.sway) * (1.0 - self.away)
        return round(longest) + self.fade // 2 + MOMENT


class Walk:
    """See the module."""

    def __init__(self, ground: Ground, place: Place, stream: Stream, gait: Gait) -> None:
        """Take what to walk over, and how."""
        self._ground, self._place, self._stream = ground, place, stream
        self._spacing, self._fade, self._gait = gait.spacing, gait.fade, gait
        self._next_blocked, self._last_blocked = _reach(ground.blocked)
        self._jumps: OrderedDict[int, int] = OrderedDict()
        self._shifts: OrderedDict[int, int] = OrderedDict()

    @property
    def fade(self) -> int:
        """Samples of a join."""
        return self._fade

    def time(self, i: int) -> int:
        """Return the sample at which step `i` comes by its place."""
        sway = self._gait.sway * (float(self._stream.uniform(2 * i, 1)[0]) - 0.5)
        return round((i + 0.5 + sway) * self._spacing)

    def stretch(self, i: int) -> Stretch:
        """Return the way of step `i`, from the middle of one join to the middle of the next."""
        return Stretch(self._jump(i - 1), self._jump(i), self._shift(i))

    def steps(self, start: int, end: int) -> range:
        """Return the numbers of all steps whose stretches, joins included, meet [start, end)."""
        half = self._fade // 2
        first = start // self._spacing - 2
        while self._jump(first) + half <= start:
            first += 1
        last = first
        while self._jump(last) - half < end:
            last += 1
        return range(first, last + 1)

    def at(self, time: int) -> int:
        """Return the moment of the recording at sample `time` of the walk."""
        i = time // self._spacing - 1
        while self._jump(i) <= time:
            i += 1
        count = len(self._ground.blocked)
        return min(max((time + self._shift(i)) // MOMENT, 0), count - 1)

    def _shift(self, i: int) -> int:
        if i not in self._shifts:
            within = int(float(self._stream.uniform(2 * i + 1, 1)[0]) * MOMENT)
            _remember(self._shifts, i, self._place(i) * MOMENT + within - self.time(i))
        return self._shifts[i]

    def _jump(self, i: int) -> int:
        """Return the sample at which step `i` leaves for step `i + 1`."""
        if i not in self._jumps:
            _remember(self._jumps, i, self._best_jump(i))
        return self._jumps[i]

    def _best_jump(self, i: int) -> int:
        leave, enter = self.time(i), self.time(i + 1)
        least = max(round(self._gait.away * (enter - leave)), self._fade // 2)
        times = np.arange(leave + least, enter - least + 1, MOMENT)
        if not times.size:
            return (leave + enter) // 2
        one = (times + self._shift(i)) // MOMENT
        other = (times + self._shift(i + 1)) // MOMENT
        cost = self._cost(one, other)
        cost += np.where(self._blocked(one, other), np.inf, 0.0)
        if not np.isfinite(cost).any():
            return int(times[len(times) // 2])
        return int(times[int(cost.argmin())])

    def _cost(self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> F32:
        """Return the mean difference in dB around each pair of moments."""
        levels, unwelcome = self._ground.levels, self._ground.unwelcome
        count = len(levels)
        around = np.arange(-_LOOK, len(one) + _LOOK)
        a = np.clip(one[0] + around, 0, count - 1)
        b = np.clip(other[0] + around, 0, count - 1)
        differences = np.abs(decibels(levels[a]) - decibels(levels[b])).mean(axis=1)
        differences += _BREAK_DB * (unwelcome[a] | unwelcome[b])
        window = np.full(2 * _LOOK + 1, 1.0 / (2 * _LOOK + 1), np.float32)
        return np.asarray(np.convolve(differences, window, "valid"), np.float32)

    def _blocked(self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> Flags:
        """Tell which jumps would run into something blocked on either side of them."""
        half = self._fade // 2 // MOMENT + 2
        count = len(self._next_blocked)
        leave = min(max(int(one[0]), 0), count - 1)
        enter = min(max(int(other[-1]), 0), count - 1)
        late = one + half >= self._next_blocked[leave]
        early = other - half <= self._last_blocked[enter]
        return np.asarray(late | early)


def _reach(blocked: Flags) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for every moment the next blocked one from there on, and the last one up to it.

    Before the recording and after it everything is blocked.
    """
    count = len(blocked)
    places = np.arange(count)
    after = np.where(blocked, places, count)
    before = np.where(blocked, places, -1)
    return np.minimum.accumulate(after[::-1])[::-1], np.maximum.accumulate(before)


def _remember(known: OrderedDict[int, int], key: int, value: int) -> None:
    known[key] = value
    if len(known) > _KEPT:
        known.popitem(last=False)
