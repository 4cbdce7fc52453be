"""When what stands out is heard again: each event by itself, never soon after itself."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from msgspec import Struct

from undersong.ambience.recorded.heard import MOMENT, Passage
from undersong.dsp.noise import Stream
from undersong.units import SAMPLE_RATE

_SLACK_S: Final = 120
"""Each event comes once in a round of its own, somewhere within so many seconds of it."""

_BUCKET: Final = 20 * int(SAMPLE_RATE)
_KEPT: Final = 6


class Visit(Struct, frozen=True):
    """An event of the recording, heard from sample `start` on for `length` samples."""

    start: int
    length: int
    event: Passage
    rank: float

    @property
    def end(self) -> int:
        """The sample after its last."""
        return self.start + self.length


class Recurrence:
    """When each event is heard, for ever; a pure function of the stretch that is asked for."""

    def __init__(self, events: Sequence[Passage], stream: Stream, *, apart: int, gap: int) -> None:
        """Take the events, and samples to lie between visits: of one event, and of any two."""
        self._events, self._stream, self._gap = tuple(events), stream, gap
        self._lengths = np.array([(e.end - e.start) * MOMENT for e in events], np.int64)
        self._longest = int(self._lengths.max(initial=0)) + gap
        self._slack = _SLACK_S * int(SAMPLE_RATE)
        self._round = apart + self._slack + self._longest
        phases = stream.child("phases").uniform(0, len(events))
        self._phases = np.floor(phases * self._round).astype(np.int64)
        self._bucket = lru_cache(maxsize=_KEPT)(self._in_bucket)

    def visits(self, start: int, end: int) -> list[Visit]:
        """Return all visits that meet [start, end), in order."""
        if not self._events:
            return []
        first, last = (start - self._longest) // _BUCKET, end // _BUCKET
        near = [visit for k in range(first, last + 1) for visit in self._bucket(k)]
        return [visit for visit in near if visit.start < end and visit.end > start]

    def _in_bucket(self, k: int) -> list[Visit]:
        """Return the visits that begin in bucket `k` and that no worthier one forbids."""
        start, end = k * _BUCKET, (k + 1) * _BUCKET
        reach = self._longest + self._gap
        near = self._drawn(start - reach, end + reach)
        return [
            visit
            for visit in near
            if start <= visit.start < end and not any(self._yields(visit, other) for other in near)
        ]

    def _yields(self, visit: Visit, other: Visit) -> bool:
        apart = other.start >= visit.end + self._gap or visit.start >= other.end + self._gap
        return not apart and other.rank > visit.rank

    def _drawn(self, start: int, end: int) -> list[Visit]:
        """Return what would begin in [start, end) if events did not mind each other."""
        found = []
        count = len(self._events)
        for turn in range((start // self._round) - 1, end // self._round + 1):
            draws = self._stream.uniform(2 * count * turn, 2 * count).reshape(2, count)
            begins = (
                turn * self._round
                + self._phases
                + np.floor(draws[0] * self._slack).astype(np.int64)
            )
            found += [
                Visit(int(begins[e]), int(self._lengths[e]), self._events[e], float(draws[1, e]))
                for e in np.flatnonzero((begins >= start) & (begins < end)).tolist()
            ]
        return sorted(found, key=lambda visit: visit.start)
