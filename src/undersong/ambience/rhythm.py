"""When things happen again and again: birds that sing, crickets that chirp, drops that fall.

Beat `n` comes near `n` periods after the start, so any stretch of an endless rhythm is found
without running up to it.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.dsp.noise import Curve, Stream, Values

Beats = npt.NDArray[np.int64]

_SURE = 3.5
"""The drift is held to this many standard deviations, so that its reach is known."""

_STRIDE_BEATS = 8.0
"""A wander turns at this scale, in beats."""


class Rhythm(Struct, frozen=True, kw_only=True, dict=True):
    """An endless row of moments, a pure function of their number.

    With `wander` the rate drifts and neighbours stay apart: a cricket, a drip. With `jitter` 1
    moments fall evenly anywhere within their own period, which leaves no trace of the period in
    what is heard: a bird.

    Attributes:
        stream: where its choices come from.
        period_s: mean distance of beats.
        phase: of beat 0, in periods.
        wander: standard deviation of the slow drift, in periods.
        jitter: width of the even spread of each beat by itself, in periods.
        stride: how slow the drift is, in times of its usual scale of 8 beats.
    """

    stream: Stream
    period_s: float
    phase: float = 0.0
    wander: float = 0.0
    jitter: float = 1.0
    stride: float = 1.0

    @cached_property
    def _drift(self) -> Curve:
        return Curve(self.stream.child("drift"), _STRIDE_BEATS * self.stride)

    def times_s(self, first: int, count: int) -> Values:
        """Return the moments of beats [first, first + count), in seconds."""
        beats = np.arange(first, first + count, dtype=np.float64)
        place = beats + self.phase
        place += self.jitter * self.stream.child("jitter").uniform(first, count)
        if self.wander:
            place += self.wander * np.clip(self._drift(beats)[:, 0], -_SURE, _SURE)
        return np.asarray(place * self.period_s)

    def between(self, start_s: float, end_s: float) -> tuple[Beats, Values]:
        """Return the numbers and moments of all beats in [start_s, end_s)."""
        reach = _SURE * self.wander
        first = int(np.floor(start_s / self.period_s - self.phase - self.jitter - reach))
        last = int(np.ceil(end_s / self.period_s - self.phase + reach)) + 1
        times = self.times_s(first, last - first)
        there = (times >= start_s) & (times < end_s)
        return first + np.flatnonzero(there), times[there]
