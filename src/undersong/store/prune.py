"""What goes when the cache grows too large: what was not used for longest."""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undersong import files
from undersong.lock import StoppedError, locked, remove_orphan
from undersong.store.entries import LOCKS, MAKING, Entry, entries

SPARE_S: Final = 12 * 3600
"""Nothing used so lately is removed by itself: a track under way may need it again."""

SHARE: Final = 0.9
"""Of its limit, to which a cache that outgrew it is brought, so that it has room for a while."""

LOOKED: Final = "looked"
"""Changed when the whole cache was last held against its limit."""

REST_S: Final = 60
"""From one look at the whole cache to the next: it may be large, and nothing in it may be old."""

_AHEAD_S: Final = 3600
"""A use noted so much later than now was noted by a wrong clock, and tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to remove.

    Attributes:
        to_bytes: until the cache is no larger than this.
        unused_s: and everything that was not used for so long; None for nothing more.
        spare_s: but nothing that was used within so long.
        lasting: also locked takes.
    """

    to_bytes: int
    unused_s: float | None = None
    spare_s: float = 0
    lasting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was removed, or would be, and what is left."""

    removed: int
    removed_bytes: int
    left: int
    left_bytes: int


def chosen(found: Iterable[Entry], wish: Wish, now_s: float) -> tuple[Entry, ...]:
    """Return the entries to be removed, the first to go first.

    What was set aside goes in any case, then what was not used for longest.
    """
    everything = tuple(found)
    left_bytes = sum(entry.size_bytes for entry in everything)
    gone: list[Entry] = []
    for entry in sorted(everything, key=lambda entry: _rank(entry, now_s)):
        unused_s = now_s - _used_s(entry, now_s)
        old = wish.unused_s is not None and unused_s >= wish.unused_s
        wanted = entry.kind is None or old or left_bytes > wish.to_bytes
        if wanted and _may_go(entry, wish, unused_s):
            gone.append(entry)
            left_bytes -= entry.size_bytes
    return tuple(gone)


def prune(folder: Path, wish: Wish, *, dry: bool = False) -> Pruned:
    """Remove entries from the cache, and what killed processes left; `dry` only tells.

    An entry that is used meanwhile stays. Whoever is reading one goes on reading it.
    """
    found = tuple(entries(folder))
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
    looked = folder / LOOKED
    with suppress(StoppedError, OSError), locked(folder / LOCKS / "prune.lock", _Never()):
        if looked.exists() and abs(time.time() - looked.stat().st_mtime) < REST_S:
            return
        if sum(entry.size_bytes for entry in entries(folder)) > limit_bytes:
            prune(folder, Wish(to_bytes=round(SHARE * limit_bytes), spare_s=SPARE_S))
        looked.touch()


class _Never:
    """Says that waiting is not wanted."""

    def is_set(self) -> bool:
        return True


def _rank(entry: Entry, now_s: float) -> tuple[bool, bool, float]:
    return (entry.kind is not None, entry.used_s <= now_s + _AHEAD_S, entry.used_s)


def _used_s(entry: Entry, now_s: float) -> float:
    """Return when an entry was used; long ago if that was noted by a wrong clock."""
    return entry.used_s if entry.used_s <= now_s + _AHEAD_S else 0.0


def _may_go(entry: Entry, wish: Wish, unused_s: float) -> bool:
    if entry.kind is None:
        return True
    return unused_s >= wish.spare_s and (wish.lasting or not entry.kind.lasting)


def _removed(entry: Entry) -> bool:
    try:
        if entry.path.stat().st_mtime != entry.used_s:
            return False
        entry.path.unlink()
    except OSError:
        return False
    return True
