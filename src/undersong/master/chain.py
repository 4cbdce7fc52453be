"""The master: one static gain, then a true-peak limiter that rarely works."""

from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.audio import GRID, BlockSource, Frames, Gridded, silence
from undersong.dsp.limiter import AFTER, BEFORE, MARGIN_DB, limiter_gain, loud_cells
from undersong.dsp.true_peak import CELL, HALO
from undersong.units import db_to_gain

_SURE_DB: Final = 0.01  # a mix this much below what is limited is not, however it is rounded


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
        self,
        source: BlockSource,
        length: int,
        gain_db: float,
        ceiling_dbtp: float,
        *,
        source_dbtp: float = inf,
    ) -> None:
        """Prepare; memory is a few seconds whatever the length.

        Args:
            source: the mix.
            length: in samples.
            gain_db: of all of it.
            ceiling_dbtp: what the master's true peak stays below.
            source_dbtp: true peak of the mix if it is known: where it is low nothing is limited,
                and nothing is looked at for that.
        """
        self._source, self._length = source, length
        self._gain = np.float32(db_to_gain(gain_db))
        self._ceiling = db_to_gain(ceiling_dbtp)
        self._low = source_dbtp + gain_db < ceiling_dbtp - MARGIN_DB - _SURE_DB
        self._grid = Gridded(self._render, channels=source.channels)

    @property
    def channels(self) -> int:
        """Number of channels of every block."""
        return self._source.channels

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        if self._low:
            return self._gained(start, n)
        if start < 0 or n < GRID:
            return self._grid.read(start, n)
        first = start // GRID
        return self._seconds(first, -(-(start + n) // GRID))[start - first * GRID :][:n]

    def span(self, start: int, n: int) -> Mastered:
        """Compute samples [start, start + n), both multiples of `CELL`, with the limiter's gain."""
        frames = self._gained(start - BEFORE, n + BEFORE + AFTER)
        gain = limiter_gain(frames, self._ceiling)
        span = frames[BEFORE : BEFORE + n]
        if gain is not None:
            span *= gain[:, np.newaxis]
        return Mastered(frames=span, gain=gain)

    def _gained(self, start: int, n: int) -> Frames:
        frames = read_within(self._source, self._length, start, n)
        frames *= self._gain
        return frames

    def _render(self, k: int) -> Frames:
        return self.span(k * GRID, GRID).frames

    def _seconds(self, first: int, last: int) -> Frames:
        """Return seconds [first, last), as the grid would: they are looked at all at once."""
        around = BEFORE + GRID + AFTER
        frames = self._gained(first * GRID - BEFORE, (last - first - 1) * GRID + around)
        at = loud_cells(frames, self._ceiling) * CELL  # of what is around the cell
        gains = {
            k: limiter_gain(frames[k * GRID : k * GRID + around], self._ceiling)
            for k in range(last - first)
            if ((at >= k * GRID) & (at <= k * GRID + around - CELL - 2 * HALO)).any()
        }
        seconds = frames[BEFORE : BEFORE + (last - first) * GRID]
        for k, gain in gains.items():
            if gain is not None:
                seconds[k * GRID : (k + 1) * GRID] *= gain[:, np.newaxis]
        return seconds


def read_within(source: BlockSource, length: int, start: int, n: int) -> Frames:
    """Return samples [start, start + n); only those in [0, length) are read, others are silence."""
    first, last = max(start, 0), min(start + n, length)
    if first == start and last == start + n:
        return source.read(start, n)
    frames = silence(n, source.channels)
    if first < last:
        frames[first - start : last - start] = source.read(first, last - first)
    return frames
