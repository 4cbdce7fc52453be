"""What stands behind a cache: a larger one that many machines share.

What a voice says is wanted only once for all of them, so sound goes through; numbers are cheap to
make and stay where they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from undersong.store.kinds import Kind


class Behind(Protocol):
    """A store behind caches. What it holds it never changes."""

    def fetch(self, kind: Kind, key: str) -> bytes | None:
        """Return what it holds under a key, whole, or None."""
        ...

    def offer(self, kind: Kind, key: str, body: bytes) -> bytes:
        """Keep `body` unless something is there already, and return what is there then."""
        ...


_FOUND: dict[Path, Behind] = {}


@contextmanager
def backed(folder: Path, behind: Behind) -> Iterator[None]:
    """Let `behind` stand behind the cache in `folder`, in this process while the block runs."""
    _FOUND[folder] = behind
    try:
        yield
    finally:
        del _FOUND[folder]


def is_backed(folder: Path) -> bool:
    """Whether anything stands behind a cache, in this process."""
    return folder in _FOUND


def behind(folder: Path, kind: Kind) -> Behind | None:
    """Return what stands behind a cache for entries of a kind, if anything does."""
    return _FOUND.get(folder) if kind.heard else None
