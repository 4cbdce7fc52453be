"""Finite sounds placed in a track, fetched when their time comes."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from msgspec import Struct

from undersong.audio import Frames
from undersong.mix.curves import F64, risen
from undersong.units import db_to_gain


class Clip(Struct, frozen=True, kw_only=True):
    """Sound number `source` over [start, end), changed by `gain_db`.

    Attributes:
        fade: if the track ends before the clip does, the clip fades over at most so many samples.
    """

    source: int
    start: int
    end: int
    gain_db: float = 0.0
    fade: int = 1


class Lane:
    """Clips added up wherever they lie.

    The last few sounds fetched stay in memory, so one that spans many blocks is fetched once.
    """

    def __init__(
        self, clips: Iterable[Clip], fetch: Callable[[int], Frames], *, length: int, keep: int
    ) -> None:
        """Place clips in a track of `length` samples; `fetch` gets a sound by its number."""
        self._clips = sorted(clips, key=lambda clip: (clip.start, clip.end))
        self._starts = [clip.start for clip in self._clips]
        self._longest = max((clip.end - clip.start for clip in self._clips), default=0)
        self._fetch = lru_cache(keep)(fetch)
        self._length = length

    def sounds(self, start: int, end: int) -> bool:
        """Tell whether anything lies in samples [start, end)."""
        return any(clip.start < end and clip.end > start for clip in self._near(start, end))

    def add_to(self, out: Frames, start: int) -> None:
        """Add to `out`, which holds samples [start, start + len(out)) of the track."""
        end = min(start + len(out), self._length)
        for clip in self._near(start, end):
            first, last = max(clip.start, start), min(clip.end, end)
            if first < last:
                heard = self._fetch(clip.source)[first - clip.start : last - clip.start]
                gain = self._gain(clip, first, last)
                heard = heard if gain is None else heard * gain
                _add(out[first - start : last - start], heard)

    def _near(self, start: int, end: int) -> list[Clip]:
        """Return the clips that may lie in samples [start, end)."""
        first = bisect_right(self._starts, start - self._longest)
        return self._clips[first : bisect_left(self._starts, end)]

    def _gain(self, clip: Clip, first: int, last: int) -> Frames | None:
        """Return the gain of every sample, or of all; None where it is 1."""
        gain = db_to_gain(clip.gain_db)
        fade = min(clip.fade, self._length - clip.start)
        if clip.end <= self._length or last <= self._length - fade:
            return None if gain == 1 else np.full((1, 1), gain, np.float32)
        left: F64 = self._length - np.arange(first, last, dtype=np.float64) - 0.5
        return np.asarray(gain * risen(left / fade, "fade"), np.float32)[:, None]


def _add(out: Frames, heard: Frames) -> None:
    """Add a sound to all channels of `out`, or each of its channels to its own.

    In columns: numpy is slow where rows are as short as two.
    """
    for k in range(out.shape[1]):
        out[:, k] += heard[:, min(k, heard.shape[1] - 1)]
