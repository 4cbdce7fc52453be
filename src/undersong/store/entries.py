"""What lies in the cache folder: every entry with its size and when it was last used."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undersong.store.kinds import KINDS, Kind

SHARDS: Final = 256
"""Folders of a kind: the first two hex digits of the key."""

MAKING: Final = "making"
LOCKS: Final = "locks"
QUARANTINE: Final = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the cache.

    Attributes:
        kind: of it, or None for a damaged one that was set aside.
        used_s: when it was last used, in seconds since 1970 by the clock of then.
    """

    kind: Kind | None
    path: Path
    size_bytes: int
    used_s: float


def entries(folder: Path) -> Iterator[Entry]:
    """Yield all entries, and what was set aside, in no order. Files of others are not seen."""
    for kind in KINDS.values():
        for shard in (folder / kind.name, *_folders(folder / kind.name)):
            yield from _entries(shard, kind.suffix, kind)
    for suffix in {kind.suffix for kind in KINDS.values()}:
        yield from _entries(folder / QUARANTINE, suffix, None)


def guessed_bytes(folder: Path, shard: str) -> int:
    """Return about how large the cache is, by what one shard holds.

    Keys are digests, so every shard is a fair sample of the whole.
    """
    held = (_entries(folder / kind.name / shard, kind.suffix, kind) for kind in KINDS.values())
    return SHARDS * sum(entry.size_bytes for found in held for entry in found)


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
                told = each.stat(follow_symlinks=False)
                yield Entry(
                    kind=kind,
                    path=Path(each.path),
                    size_bytes=told.st_size,
                    used_s=told.st_mtime,
                )
