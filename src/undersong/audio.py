"""The one array convention, and the one way to make sound in blocks.

`Frames` are float32, C order, shape (frames, channels), always two-dimensional, at
`units.SAMPLE_RATE`, nominal range [-1, 1]. Foreign layouts and rates are converted inside the
adapter that meets them.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from threading import RLock
from typing import Generic, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.units import SAMPLE_RATE

Frames = npt.NDArray[np.float32]

Part = TypeVar("Part")
Made = TypeVar("Made")

Tick = Callable[[int], None]
"""Called by long work with how much more is done, in the unit that its caller counts."""

GRID = int(SAMPLE_RATE)
"""Default block of the grid on which seekable sources compute: one second."""

PASS = 10 * GRID
"""Frames that a pass takes at once: compiled filters work wide on as many."""


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


class Pieced:
    """A `BlockSource` that is written where it is wanted, in pieces within one grid block each.

    `write(out, start)` writes samples [start, start + len(out)), start >= 0. Every sample must
    depend on its position only.
    """

    def __init__(
        self, write: Callable[[Frames, int], None], *, channels: int, block: int = GRID
    ) -> None:
        """Wrap `write`; nothing stays in memory."""
        self._write = write
        self._channels = channels
        self._block = block

    @property
    def channels(self) -> int:
        """Number of channels of every block."""
        return self._channels

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n); silence before 0."""
        out = room(start, n, self._channels)
        position = max(start, 0)
        while position < start + n:
            count = min(self._block - position % self._block, start + n - position)
            self._write(out[position - start : position - start + count], position)
            position += count
        return out


class Gridded(Pieced):
    """A `BlockSource` that is right by construction: whole grid blocks in, any slice out.

    `render(k)` makes samples [k * block, (k + 1) * block), k >= 0, as a pure function of k. As a
    block is always computed whole, no span and no cut can change a sample; the last `keep` blocks
    stay in memory, so that neighbours that need context do not compute twice. Threads may read at
    the same time: a block is computed by the first and the others wait for it.
    """

    def __init__(
        self, render: Callable[[int], Frames], *, channels: int, block: int = GRID, keep: int = 3
    ) -> None:
        """Wrap `render`; memory is `keep` blocks whatever the length."""
        super().__init__(self._copy, channels=channels, block=block)
        self._render = render
        self._keep = keep
        self._kept: OrderedDict[int, Frames] = OrderedDict()
        self._lock = RLock()

    def part(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n) of one block, as `at` does."""
        k, offset = divmod(start, self._block)
        return self.at(k)[offset : offset + n]

    def at(self, k: int) -> Frames:
        """Return block `k` >= 0 itself, which others see too: it must not be written to."""
        with self._lock:
            if k in self._kept:
                self._kept.move_to_end(k)
            else:
                self._kept[k] = self._render(k)
                if len(self._kept) > self._keep:
                    self._kept.popitem(last=False)
            return self._kept[k]

    def _copy(self, out: Frames, start: int) -> None:
        out[:] = self.part(start, len(out))


def shared_out(works: Sequence[Callable[[Part], Made]], parts: Iterable[Part]) -> Generator[Made]:
    """Yield what is made of every part, in their order.

    `works` do the same, each with means of its own, in a thread of its own: part k is for work k
    modulo their number. So a part should be worth some milliseconds, and sound should stay where
    it was made: handing it to another core takes as long as mixing it. One work alone is done by
    the caller. No more is made ahead than one part for each.
    """
    if len(works) == 1:
        yield from map(works[0], parts)
        return
    threads = [ThreadPoolExecutor(1) for _ in works]
    coming: deque[Future[Made]] = deque()
    try:
        for thread, work, part in zip(cycle(threads), cycle(works), parts, strict=False):
            coming.append(thread.submit(work, part))
            if len(coming) > len(works):
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        for thread in threads:
            thread.shutdown(cancel_futures=True)


class Beside(Generic[Part]):
    """Work done on one part of something, in threads, while the next part is made.

    Leave the `with` block to wait for the end of it.
    """

    def __init__(self, works: Sequence[Callable[[Part], object]], *, alone: bool = False) -> None:
        """Start a thread for each of `works`; every one sees all parts in their order.

        If `alone`, none is started, and each part is done when it is pushed.
        """
        self._works, self._alone = tuple(works), alone
        self._threads = ThreadPoolExecutor(max(len(works), 1))
        self._under_way: list[Future[object]] = []

    def push(self, part: Part) -> None:
        """Hand over a part, once the one before is done.

        Raises:
            Exception: whatever a work raised on the part before.
        """
        if self._alone:
            for work in self._works:
                work(part)
            return
        self.wait()
        self._under_way = [self._threads.submit(work, part) for work in self._works]

    def wait(self) -> None:
        """Return when all parts are done; raises as `push`."""
        for each in self._under_way:
            each.result()

    def __enter__(self) -> Self:
        """Nothing more to prepare."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the threads, having waited for the last part unless something failed already."""
        with self._threads:
            if kind is None:
                self.wait()


class Shifted(Struct, frozen=True):
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


def room(start: int, n: int, channels: int) -> Frames:
    """Return frames for samples [start, start + n): silent before 0, and from there anything."""
    out = np.empty((n, channels), np.float32)
    out[: max(-start, 0)] = 0
    return out


def spans(length: int, block: int = GRID) -> Iterator[tuple[int, int]]:
    """Yield (start, n) over [0, length) in blocks."""
    for start in range(0, length, block):
        yield start, min(block, length - start)
