"""What lies in the cache folder: every entry with its size and when it was last used."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.store.kinds import KINDS, Kind

SHARDS: Final = 256
"""Folders of a kind: the first two hex digits of the key."""

MAKING: Final = "making"
LOCKS: Final = "locks"
QUARANTINE: Final = "quarantine"


class Entry(Struct, frozen=True, kw_only=True):
    """One file of the cache.

    Attributes:
        kind: of it, or None for a damaged one that was set aside.
        size_bytes: what it costs: nothing while a library holds the same file.
        used_s: when it was last used, in seconds since 1970 by the clock of then.
        held_bytes: what it would cost, had the library another one.
    """

    kind: Kind | None
    path: Path
    size_bytes: int
    used_s: float
    held_bytes: int = 0


def entries(folder: Path) -> Iterator[Entry]:
    """Yield all entries, and what was set aside, in no order. Files of others are not seen."""
    for kind in KINDS.values():
        yield from entries_of(folder, kind)
    for suffix in {kind.suffix for kind in KINDS.values()}:
        yield from _entries(folder / QUARANTINE, suffix, None)


def entries_of(folder: Path, kind: Kind) -> Iterator[Entry]:
    """Yield all entries of one kind, in no order."""
    for shard in (folder / kind.name, *_folders(folder / kind.name)):
        yield from _entries(shard, kind.suffix, kind)


def guessed_bytes(folder: Path, shard: str) -> int:
    """Return about how large the cache is but for finished files, by what one shard holds.

    Keys are digests, so every shard is a fair sample of the whole. Finished files are too large and
    too few for that.
    """
    kinds = [kind for kind in KINDS.values() if not kind.shared]
    held = (_entries(folder / kind.name / shard, kind.suffix, kind) for kind in kinds)
    return SHARDS * sum(entry.size_bytes for found in held for entry in found)


def used_s(kind: Kind | None, told: os.stat_result) -> float:
    """Return when an entry was last used.

    A finished file was so when the last library let go of it: the time of modification is the
    library's, and no program can set the other.
    """
    return told.st_ctime if kind and kind.shared else told.st_mtime


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(each.path) for each in found if each.is_dir()]
    except OSError:
        return []


def _entries(folder: Path, suffix: str, kind: Kind | None) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            names = [each for each in found if each.name.endswith(suffix)]
    except OSError:
        return
    for each in names:
        with suppress(FileNotFoundError):  # another process was quicker
            if each.is_file(follow_symlinks=False):
                yield _entry(kind, Path(each.path))


def _entry(kind: Kind | None, path: Path) -> Entry:
    told = path.lstat()  # a DirEntry's has no number of links on Windows
    held = kind is not None and kind.shared and told.st_nlink > 1
    return Entry(
        kind=kind,
        path=path,
        size_bytes=0 if held else told.st_size,
        used_s=used_s(kind, told),
        held_bytes=told.st_size if held else 0,
    )
