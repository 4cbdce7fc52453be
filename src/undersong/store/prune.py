"""What goes when the cache grows too large: finished files, then what was not used for longest."""

import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong import files
from undersong.lock import StoppedError, locked, remove_orphan
from undersong.store.entries import LOCKS, MAKING, Entry, entries, entries_of, used_s
from undersong.store.kinds import FILES, Kind

SPARE_S: Final = 12 * 3600
"""Nothing used so lately is removed by itself: a track under way may need it again."""

SHARE: Final = 0.9
"""Of its limit, to which a cache that outgrew it is brought, so that it has room for a while."""

LOOKED: Final = "looked"
"""Changed when the whole cache was last held against its limit."""

LOOKED_AT_FILES: Final = "looked at files"
"""Changed when its finished files were."""

FILES_SHARE: Final = 1 / 2
"""Of the cache's limit, that finished files may cost."""

FREE_SHARE: Final = 1 / 4
"""Of what the disk would have free without them, that they may cost."""

REST_S: Final = 60
"""From one look at the whole cache to the next: it may be large, and nothing in it may be old."""

_AHEAD_S: Final = 3600
"""A use noted so much later than now was noted by a wrong clock, and tells nothing."""


class Wish(Struct, frozen=True, kw_only=True):
    """What to remove.

    Attributes:
        to_bytes: until the cache is no larger than this.
        unused_s: and everything that was not used for so long; None for nothing more.
        spare_s: but nothing that was used within so long.
        lasting: also locked takes.
        only: of this kind alone, of which `to_bytes` then is the size.
    """

    to_bytes: int
    unused_s: float | None = None
    spare_s: float = 0
    lasting: bool = False
    only: Kind | None = None


class Pruned(Struct, frozen=True, kw_only=True):
    """What was removed, or would be, and what is left."""

    removed: int
    removed_bytes: int
    left: int
    left_bytes: int


def chosen(found: Iterable[Entry], wish: Wish, now_s: float) -> tuple[Entry, ...]:
    """Return the entries to be removed, the first to go first.

    What was set aside goes in any case, then finished files, then what was not used for longest.
    A file that a library holds costs nothing and stays, unless nothing is to stay.
    """
    everything = tuple(found)
    left_bytes = sum(entry.size_bytes for entry in everything)
    gone: list[Entry] = []
    for entry in sorted(everything, key=lambda entry: _rank(entry, now_s)):
        unused_s = now_s - _used_s(entry, now_s)
        if _may_go(entry, wish, unused_s) and _must_go(entry, wish, unused_s, left_bytes):
            gone.append(entry)
            left_bytes -= entry.size_bytes
    return tuple(gone)


def prune(folder: Path, wish: Wish, *, dry: bool = False) -> Pruned:
    """Remove entries from the cache, and what killed processes left; `dry` only tells.

    An entry that is used meanwhile stays. Whoever is reading one goes on reading it.
    """
    found = tuple(entries_of(folder, wish.only) if wish.only else entries(folder))
    gone = chosen(found, wish, time.time())
    if not dry:
        gone = tuple(entry for entry in gone if _removed(entry))
        files.sweep(folder / MAKING)
        for lock in (folder / LOCKS).glob("*.lock"):
            remove_orphan(lock)
    gone_bytes = sum(entry.size_bytes for entry in gone)
    return Pruned(
        removed=len(gone),
        removed_bytes=gone_bytes,
        left=len(found) - len(gone),
        left_bytes=sum(entry.size_bytes for entry in found) - gone_bytes,
    )


def hold_to(folder: Path, limit_bytes: int) -> None:
    """Bring a cache that has outgrown its limit below it.

    Nothing is done when that was seen to lately, or another process is at it.
    """

    def hold() -> None:
        if sum(entry.size_bytes for entry in entries(folder)) > limit_bytes:
            prune(folder, Wish(to_bytes=round(SHARE * limit_bytes), spare_s=SPARE_S))

    _seldom(folder, LOOKED, hold)


def hold_files(folder: Path, limit_bytes: int) -> None:
    """Bring what finished files cost below their share of a limit and of the disk.

    Nothing is done when that was seen to lately, or another process is at it.
    """

    def hold() -> None:
        found = tuple(entries_of(folder, FILES))
        cost_bytes = sum(entry.size_bytes for entry in found)
        free_bytes = shutil.disk_usage(folder).free + cost_bytes
        most_bytes = round(min(FILES_SHARE * limit_bytes, FREE_SHARE * free_bytes))
        if cost_bytes > most_bytes:
            for entry in chosen(found, Wish(to_bytes=round(SHARE * most_bytes)), time.time()):
                _removed(entry)

    _seldom(folder, LOOKED_AT_FILES, hold)


def _seldom(folder: Path, stamp: str, hold: Callable[[], None]) -> None:
    looked = folder / stamp
    with suppress(StoppedError, OSError), locked(folder / LOCKS / "prune.lock", _Never()):
        if not looked.exists() or abs(time.time() - looked.stat().st_mtime) >= REST_S:
            hold()
            looked.touch()


class _Never:
    """Says that waiting is not wanted."""

    def is_set(self) -> bool:
        return True


def _rank(entry: Entry, now_s: float) -> tuple[bool, bool, bool, float]:
    shared = entry.kind is not None and entry.kind.shared
    ahead = entry.used_s > now_s + _AHEAD_S
    return (entry.kind is not None, not shared, not ahead, entry.used_s)


def _used_s(entry: Entry, now_s: float) -> float:
    """Return when an entry was used; long ago if that was noted by a wrong clock."""
    return entry.used_s if entry.used_s <= now_s + _AHEAD_S else 0.0


def _may_go(entry: Entry, wish: Wish, unused_s: float) -> bool:
    if entry.kind is None or entry.kind.shared:
        return True
    return unused_s >= wish.spare_s and (wish.lasting or not entry.kind.lasting)


def _must_go(entry: Entry, wish: Wish, unused_s: float, left_bytes: int) -> bool:
    if entry.kind is None or not wish.to_bytes:
        return True
    old = wish.unused_s is not None and unused_s >= wish.unused_s
    return bool(entry.size_bytes) and (old or left_bytes > wish.to_bytes)


def _removed(entry: Entry) -> bool:
    try:
        if used_s(entry.kind, entry.path.stat()) != entry.used_s:
            return False
        entry.path.unlink()
    except OSError:
        return False
    return True
