"""The one array convention, and the one way to make sound in blocks.

`Frames` are float32, C order, shape (frames, channels), always two-dimensional, at
`units.SAMPLE_RATE`, nominal range [-1, 1]. Foreign layouts and rates are converted inside the
adapter that meets them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from undersong.units import SAMPLE_RATE

Frames = npt.NDArray[np.float32]

Tick = Callable[[int], None]
"""Called by long work with how much more is done, in the unit that its caller counts."""

GRID = int(SAMPLE_RATE)
"""Default block of the grid on which seekable sources compute: one second."""


@runtime_checkable
class BlockSource(Protocol):
    """Sound that can be read anywhere, again and again, with the same result.

    `read(start, n)` returns `Frames` of shape (n, channels) for samples [start, start + n). The
    samples depend on their position only: never on what was read before, nor on how a span is
    cut. Positions before 0, and past the end of a finite source, are silence. The array belongs
    to the caller, who may write into it.
    """

    @property
    def channels(self) -> int:
        """Number of channels of every block."""
        ...

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        ...


class Gridded:
    """A `BlockSource` that is right by construction: whole grid blocks in, any slice out.

    `render(k)` makes samples [k * block, (k + 1) * block), k >= 0, as a pure function of k. As a
    block is always computed whole, no span and no cut can change a sample; the last `keep` blocks
    stay in memory, so that neighbours that need context do not compute twice.
    """

    def __init__(
        self, render: Callable[[int], Frames], *, channels: int, block: int = GRID, keep: int = 3
    ) -> None:
        """Wrap `render`; memory is `keep` blocks whatever the length."""
        self._render = render
        self._channels = channels
        self._block = block
        self._keep = keep
        self._kept: OrderedDict[int, Frames] = OrderedDict()

    @property
    def channels(self) -> int:
        """Number of channels of every block."""
        return self._channels

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n); silence before 0."""
        out = silence(n, self._channels)
        position = max(start, 0)
        while position < start + n:
            k, offset = divmod(position, self._block)
            count = min(self._block - offset, start + n - position)
            out[position - start : position - start + count] = self._at(k)[offset : offset + count]
            position += count
        return out

    def _at(self, k: int) -> Frames:
        if k in self._kept:
            self._kept.move_to_end(k)
        else:
            self._kept[k] = self._render(k)
            if len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        return self._kept[k]


@dataclass(frozen=True, slots=True)
class Shifted:
    """A source seen from sample `start` on."""

    source: BlockSource
    start: int

    @property
    def channels(self) -> int:
        """Number of channels of every block."""
        return self.source.channels

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n) after its own start."""
        return self.source.read(self.start + start, n)


def silence(n: int, channels: int) -> Frames:
    """Return `n` frames of digital silence."""
    return np.zeros((n, channels), np.float32)


def spans(length: int, block: int = GRID) -> Iterator[tuple[int, int]]:
    """Yield (start, n) over [0, length) in blocks."""
    for start in range(0, length, block):
        yield start, min(block, length - start)
