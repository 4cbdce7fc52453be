"""Is every entry as it was written?"""

from pathlib import Path

from msgspec import Struct

from undersong.files import digest_file
from undersong.store.entries import Entry, entries
from undersong.store.entry import unseal
from undersong.store.kinds import Kind
from undersong.store.store import Store


class Verdict(Struct, frozen=True, kw_only=True):
    """What came of reading the whole cache.

    Attributes:
        whole: how many entries are as they were written.
        damaged: where those lay that are not; they are gone from there, and made again when they
            are next wanted.
        lost: those of them that may be impossible to make again.
    """

    whole: int
    damaged: tuple[Path, ...]
    lost: tuple[Path, ...]


def verify(store: Store) -> Verdict:
    """Read every entry; take damaged ones out of the way, sound to the quarantine.

    Raises:
        OutputError: the cache cannot be read, or a damaged entry cannot be moved.
    """
    whole = 0
    damaged: list[tuple[Path, Kind]] = []
    for entry in entries(store.folder):
        if entry.kind is None:
            continue
        if _is_whole(entry):
            whole += 1
        elif store.discard(entry.kind, entry.path):
            damaged.append((entry.path, entry.kind))
    return Verdict(
        whole=whole,
        damaged=tuple(path for path, _ in damaged),
        lost=tuple(path for path, kind in damaged if kind.lasting),
    )


def _is_whole(entry: Entry) -> bool:
    """Whether an entry is whole; one that left meanwhile is not damaged."""
    path = entry.path
    try:
        if entry.kind is not None and entry.kind.shared:
            return digest_file(path) == path.stem
        return unseal(path.read_bytes()) is not None
    except FileNotFoundError:
        return True
    except OSError:
        return False
