"""Where a show is sent: anything that keeps files by path. A folder is the first such place."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from undersong.errors import OutputError, PublishError
from undersong.files import atomic, unwritable
from undersong.publish.model import Piece

BLOCK_BYTES: Final = 1 << 20

LEFT_S: Final = 3600
"""A hidden file that has not grown for this long belongs to no run that is still alive."""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
FRESH: Final = "public, max-age=300, must-revalidate"


Tick = Callable[[int], None]
"""Takes the number of bytes that have just been sent."""


class Target(Protocol):
    """Keeps files by path. Each write is whole or has not happened; the last one wins."""

    @property
    def name(self) -> str:
        """What messages call it; never a secret."""
        ...

    def size(self, path: str) -> int | None:
        """Return the length of a file in bytes, None when there is none."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a small file, None when there is none."""
        ...

    def write(self, piece: Piece, tick: Tick) -> None:
        """Bring a piece under its path, with its type and `cache_control`; `tick` counts bytes."""
        ...

    def write_all(self, pieces: Sequence[Piece], tick: Tick) -> None:
        """Bring pieces as `write` does, in any order."""
        for piece in pieces:
            self.write(piece, tick)

    def delete(self, path: str) -> None:
        """Take a file away; that it is not there is no fault."""
        ...

    def delete_all(self, paths: Sequence[str]) -> None:
        """Take files away as `delete` does."""
        for path in paths:
            self.delete(path)

    def close(self) -> None:
        """End connections; nothing is asked of it afterwards."""
        ...


def cache_control(piece: Piece) -> str:
    """Return the Cache-Control that a host should send with a piece."""
    return IMMUTABLE if piece.immutable else FRESH


def blocks(piece: Piece) -> Iterator[bytes]:
    """Yield a piece in blocks, and prove on the way that it is the one that was noted.

    Raises:
        PublishError: the file has changed since its digest was noted.
        OutputError: it cannot be read.
    """
    if isinstance(piece.source, bytes):
        yield piece.source
        return
    sha256 = hashlib.sha256()
    try:
        with piece.source.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                sha256.update(block)
                yield block
    except OSError as error:
        raise OutputError(f"cannot read {piece.source}: {error.strerror or error}") from error
    if sha256.hexdigest() != piece.sha256:
        raise PublishError(
            f"{piece.source} is not the file that its manifest notes",
            hint="render the track again",
        )


class FolderTarget(Target):
    """A folder on this computer: a web server's root, or one that another program carries on."""

    def __init__(self, root: Path) -> None:
        """Publish below `root`, which is made when it is missing."""
        self._root = root
        self._tidied: set[Path] = set()

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._root)

    def size(self, path: str) -> int | None:
        """Return the length of a file, None when there is none."""
        found = self._root / path
        with _writable(found):
            return found.stat().st_size if found.is_file() else None

    def read(self, path: str) -> bytes | None:
        """Return a small file, None when there is none."""
        found = self._root / path
        with _writable(found):
            return found.read_bytes() if found.is_file() else None

    def write(self, piece: Piece, tick: Tick) -> None:
        """Write a piece, atomically."""
        path = self._root / piece.path
        if path.parent not in self._tidied:
            with _writable(path):
                _tidy(path.parent)
            self._tidied.add(path.parent)
        with atomic(path) as temporary, temporary.open("wb") as file:
            for block in blocks(piece):
                file.write(block)
                tick(len(block))

    def delete(self, path: str) -> None:
        """Take a file away, and the folder with it when nothing else is in it."""
        found = self._root / path
        with _writable(found):
            found.unlink(missing_ok=True)
        if found.parent != self._root:
            with suppress(OSError):  # others are in it
                found.parent.rmdir()

    def close(self) -> None:
        """Have nothing to end."""


def _tidy(folder: Path) -> None:
    """Take away what runs that were killed while they wrote have left here."""
    too_old = time.time() - LEFT_S
    for left in folder.glob(".*.*.*"):
        if left.is_file() and left.stat().st_mtime < too_old:
            left.unlink(missing_ok=True)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error
