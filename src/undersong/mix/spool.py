"""What several passes over a mix need is made once, and kept in a nameless file meanwhile.

A bed costs far more to make than to read back, so each second of it is kept when it is first
made: a second of stereo takes 384 kB. A file that nobody else can see vanishes with its last
user, whatever happens, and its pages are no memory of ours.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock, Thread
from typing import Final
from weakref import finalize

import numpy as np

from undersong.audio import GRID, BlockSource, Frames, Gridded
from undersong.mix.mixer import TakeSource

ROOM_BYTES: Final = 4 << 30
"""What one spool keeps at most: three hours of one stereo bed. What is beyond is made anew."""

LEFT: Final = 2
"""A disk is left as much free room for every byte of a spool: finished files take less."""


class Spool:
    """Room on a disk for arrays of float32; where there is no more room nothing more is kept."""

    def __init__(self, folder: Path, room_bytes: int = ROOM_BYTES) -> None:
        """Keep arrays in a file in `folder`, which exists; nothing is written yet."""
        self._folder, self._room_bytes = folder, room_bytes
        self._file: int | None = None
        self._full = False
        self._end = 0
        self._places: dict[object, tuple[int, tuple[int, ...]]] = {}
        self._lock = Lock()
        self._close: Callable[[], object] = _nothing

    def read(self, key: object) -> Frames | None:
        """Return an array that was kept; None when it was not, or cannot be read any more."""
        with self._lock:
            place = self._places.get(key)
        if place is None:
            return None
        out = np.empty(place[1], np.float32)
        return out if self.read_part(key, 0, out) else None

    def read_part(self, key: object, start: int, out: Frames) -> bool:
        """Fill `out` with the rows of a kept array from `start` on; tell whether that worked."""
        with self._lock:
            file, place = self._file, self._places.get(key)
        if file is None or place is None:
            return False
        try:
            read = os.preadv(file, [out.data], place[0] + start * out[:1].nbytes)
        except OSError:
            return False
        return read == out.nbytes

    def keep(self, key: object, array: Frames) -> None:
        """Keep an array under a key of its own, unless there is no room for it."""
        content = np.ascontiguousarray(array)
        with self._lock:
            file = self._open()
            if file is None or key in self._places or not self._has_room(content.nbytes):
                return
            at, self._end = self._end, self._end + content.nbytes
        try:
            whole = os.pwrite(file, content.data, at) == content.nbytes
        except OSError:
            whole = False
        with self._lock:
            self._full |= not whole
            if whole:
                self._places[key] = at, content.shape

    def _has_room(self, more_bytes: int) -> bool:
        """Tell whether so much more may be kept, as far as the disk is free by now."""
        after_bytes = self._end + more_bytes
        if after_bytes > self._room_bytes:
            return False
        try:
            free_bytes = shutil.disk_usage(self._folder).free
        except OSError:
            return False
        return free_bytes - more_bytes >= LEFT * after_bytes

    def let_go(self) -> None:
        """Give back the room, once nobody reads; what is asked for from then on is made anew.

        The system takes 0.1 s for a gigabyte, and nobody has to wait for it.
        """
        with self._lock:
            self._file, self._full = None, True
        Thread(target=self._close, name="letting go").start()

    def _open(self) -> int | None:
        """Return the file, which is made when it is first needed; None when it is full."""
        if self._file is None and not self._full:
            try:
                with tempfile.TemporaryFile(dir=self._folder) as made:
                    self._file = os.dup(made.fileno())
            except OSError:
                self._full = True
            else:
                self._close = finalize(self, os.close, self._file)
        return None if self._full else self._file


class SpooledTake:
    """A take that is made when it is first asked for, and read from then on."""

    def __init__(self, take: TakeSource, number: int, spool: Spool) -> None:
        """Stand for `take`, which is number `number` of those in `spool`."""
        self._take, self._number, self._spool = take, number, spool

    def frames(self) -> Frames:
        """Return the whole take (n, 1)."""
        kept = self._spool.read(self._number)
        if kept is None:
            kept = self._take.frames()
            self._spool.keep(self._number, kept)
        return kept


class Late:
    """A `BlockSource` that is opened when it is first read."""

    def __init__(self, opens: Callable[[], BlockSource], channels: int) -> None:
        """Stand for what `opens` will return."""
        self._opens, self.channels = opens, channels

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        return self._opened.read(start, n)

    @cached_property
    def _opened(self) -> BlockSource:
        return self._opens()


class SpooledBed(Gridded):
    """A bed whose seconds are made when they are first asked for, and read from then on.

    What one copy of the bed has made under its name is there for all that share the spool.
    """

    def __init__(self, bed: BlockSource, name: str, spool: Spool) -> None:
        """Stand for `bed`."""
        super().__init__(self._second, channels=bed.channels, keep=2)
        self._bed, self._name, self._spool = bed, name, spool

    def _second(self, k: int) -> Frames:
        made = self._bed.read(k * GRID, GRID)
        self._spool.keep((self._name, k), made)
        return made

    def _copy(self, out: Frames, start: int) -> None:
        k, within = divmod(start, GRID)
        if not self._spool.read_part((self._name, k), within, out):
            super()._copy(out, start)


def spooled_takes(takes: Sequence[TakeSource], spool: Spool) -> tuple[SpooledTake, ...]:
    """Return takes that are made once, and kept in a spool."""
    return tuple(SpooledTake(take, number, spool) for number, take in enumerate(takes))


def spooled_beds(
    opening: Mapping[str, Callable[[], BlockSource]], spool: Spool, copies: int
) -> tuple[dict[str, SpooledBed], ...]:
    """Return copies of beds, each second of which is made once, by whichever is asked first.

    The first copy is opened now, the others when something is asked of them that is not there.

    Raises:
        AmbienceError: a bed cannot be opened.
    """
    first = {name: SpooledBed(opens(), name, spool) for name, opens in opening.items()}
    more = range(copies - 1)
    return first, *(
        {
            name: SpooledBed(Late(opens, first[name].channels), name, spool)
            for name, opens in opening.items()
        }
        for _ in more
    )


def _nothing() -> None:
    """Close no file."""
