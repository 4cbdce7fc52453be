"""Takes made once per render: what several passes over a mix need is kept in a nameless file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import IO
from weakref import finalize

import numpy as np

from undersong.audio import Frames
from undersong.mix.mixer import TakeSource


class Spool:
    """Room on a disk for finished takes; it vanishes with its last user, whatever happens."""

    def __init__(self, folder: Path) -> None:
        """Keep takes in a file in `folder`, which exists; nothing is written yet."""
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._places: dict[int, tuple[int, int]] = {}
        self._lock = Lock()

    def read(self, number: int) -> Frames | None:
        """Return a take (n, 1) that was kept, or None."""
        with self._lock:
            if number not in self._places or self._file is None:
                return None
            at, size = self._places[number]
            self._file.seek(at)
            return np.frombuffer(self._file.read(size), np.float32).reshape(-1, 1)

    def keep(self, number: int, frames: Frames) -> None:
        """Keep a take (n, 1). Where there is no room it is not kept, and made anew next time."""
        with self._lock:
            try:
                if self._file is None:
                    self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - it lives as long
                    finalize(self, self._file.close)
                at = self._file.seek(0, 2)
                self._file.write(frames.tobytes())
                self._file.flush()
            except OSError:
                return
            self._places[number] = at, frames.nbytes


class Spooled:
    """A take that is made when it is first asked for, and read from then on."""

    def __init__(self, take: TakeSource, number: int, spool: Spool) -> None:
        """Stand for `take`, which is number `number` of those in `spool`."""
        self._take, self._number, self._spool = take, number, spool

    def frames(self) -> Frames:
        """Return the whole take (n, 1), read-only."""
        kept = self._spool.read(self._number)
        if kept is None:
            kept = self._take.frames()
            self._spool.keep(self._number, kept)
        return kept


def spooled(takes: Sequence[TakeSource], folder: Path) -> tuple[Spooled, ...]:
    """Return takes that are made once, and kept in `folder` until nobody holds them."""
    spool = Spool(folder)
    return tuple(Spooled(take, number, spool) for number, take in enumerate(takes))
