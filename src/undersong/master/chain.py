"""The master: one static gain, then a true-peak limiter that rarely works."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.audio import GRID, BlockSource, Frames, Gridded, silence
from undersong.dsp.limiter import AFTER, BEFORE, limiter_gain
from undersong.units import db_to_gain


class Mastered(Struct, frozen=True, kw_only=True, eq=False):
    """A mastered span.

    Attributes:
        frames: float32 (n, channels).
        gain: what the limiter did to each frame, linear float32 (n); None where it did nothing.
    """

    frames: Frames
    gain: npt.NDArray[np.float32] | None


class Master:
    """The finished track as a `BlockSource`: sample-identical however it is cut.

    Where no peak comes near the ceiling a sample is that of `source` times the gain, exactly.
    Nothing of `source` before 0 or from `length` on is read; it is silence, before and after.
    """

    def __init__(
        self, source: BlockSource, length: int, gain_db: float, ceiling_dbtp: float
    ) -> None:
        """Prepare; memory is a few seconds whatever the length."""
        self._source, self._length = source, length
        self._gain = np.float32(db_to_gain(gain_db))
        self._ceiling = db_to_gain(ceiling_dbtp)
        self._grid = Gridded(self._render, channels=source.channels)

    @property
    def channels(self) -> int:
        """Number of channels of every block."""
        return self._source.channels

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        return self._grid.read(start, n)

    def span(self, start: int, n: int) -> Mastered:
        """Compute samples [start, start + n), both multiples of `CELL`, with the limiter's gain."""
        frames = read_within(self._source, self._length, start - BEFORE, n + BEFORE + AFTER)
        frames *= self._gain
        gain = limiter_gain(frames, self._ceiling)
        span = frames[BEFORE : BEFORE + n]
        if gain is not None:
            span *= gain[:, np.newaxis]
        return Mastered(frames=span, gain=gain)

    def _render(self, k: int) -> Frames:
        return self.span(k * GRID, GRID).frames


def read_within(source: BlockSource, length: int, start: int, n: int) -> Frames:
    """Return samples [start, start + n); only those in [0, length) are read, others are silence."""
    first, last = max(start, 0), min(start + n, length)
    if first == start and last == start + n:
        return source.read(start, n)
    frames = silence(n, source.channels)
    if first < last:
        frames[first - start : last - start] = source.read(first, last - first)
    return frames
