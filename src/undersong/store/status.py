"""How the cache stands, in numbers."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from undersong.files import PART
from undersong.store.entries import MAKING, Entry, entries
from undersong.store.kinds import KINDS
from undersong.store.sizes import cache_limit


class Holding(Struct, frozen=True, kw_only=True):
    """What there is of one kind.

    Attributes:
        size_bytes: what it costs.
        used_s: the earliest last use of what costs anything, None when there is nothing.
        held_bytes: what costs nothing, as libraries hold it.
    """

    entries: int
    size_bytes: int
    used_s: float | None
    held_bytes: int = 0


class Status(Struct, frozen=True, kw_only=True):
    """How the cache stands.

    Attributes:
        kinds: what there is by kind.
        aside: damaged takes that were set aside.
        making: files being written now, or left by killed processes.
    """

    folder: Path
    limit_bytes: int
    size_bytes: int
    kinds: Mapping[str, Holding]
    aside: Holding
    making: int


def status(folder: Path) -> Status:
    """Look at a cache without reading what it holds.

    Raises:
        OutputError: $UNDERSONG_CACHE_LIMIT holds no size.
    """
    found = tuple(entries(folder))
    kinds = {
        name: _holding([entry for entry in found if entry.kind is kind])
        for name, kind in KINDS.items()
    }
    return Status(
        folder=folder,
        limit_bytes=cache_limit(),
        size_bytes=sum(entry.size_bytes for entry in found),
        kinds=kinds,
        aside=_holding([entry for entry in found if entry.kind is None]),
        making=sum(1 for _ in (folder / MAKING).glob(f"{PART}*")),
    )


def _holding(found: list[Entry]) -> Holding:
    return Holding(
        entries=len(found),
        size_bytes=sum(entry.size_bytes for entry in found),
        used_s=min((entry.used_s for entry in found if entry.size_bytes), default=None),
        held_bytes=sum(entry.held_bytes for entry in found),
    )
