"""A folder that rsync reaches: over SSH, or at a daemon of its own."""

import re
import tempfile
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.files import unwritable
from undersong.publish.address import Address
from undersong.publish.model import Piece
from undersong.publish.remote import OVER_SSH, folder_of
from undersong.publish.rsync_program import AbsentError, Rsync
from undersong.publish.target import LEFT_S, Target, Tick, blocks

PARTIAL: Final = ".undersong-partial"
"""Folder beside each file, where rsync keeps what is on its way, and finds it again."""

_SEND: Final = (
    "--recursive",
    "--copy-links",
    "--ignore-times",  # what is due was found by content; times say nothing
    "--delay-updates",
    f"--partial-dir={PARTIAL}",
    "--chmod=D755,F644",
    "--mkpath",
    "--info=progress2",
    "--no-inc-recursive",
)
_LISTED: Final = re.compile(r"-\S+\s+(\d+) (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (.+)")
_SENT: Final = re.compile(r"\s*(\d+)\s+\d+%.*")


class _Listed(Struct, frozen=True, kw_only=True):
    """A file as rsync lists it."""

    path: str
    size_bytes: int
    changed: datetime


class RsyncTarget(Target):
    """Keeps files in a folder that rsync reaches.

    What is written together appears together, when all of it has arrived.
    """

    def __init__(self, address: Address, password: Callable[[], str | None]) -> None:
        """Publish in its folder; `password` is asked for a daemon only."""
        self._address = address
        self._rsync = Rsync(address, password)
        self._sizes: dict[str, int] | None = None  # as listed, until something is written
        self._tidied = False

    @property
    def name(self) -> str:
        """The address, which holds no secret."""
        return self._address.name

    def size(self, path: str) -> int | None:
        """Return the length of a file; everything is listed once, and again after a write."""
        if self._sizes is None:
            self._sizes = {one.path: one.size_bytes for one in self._listing()}
        return self._sizes.get(path)

    def read(self, path: str) -> bytes | None:
        """Return a small file, None when there is none."""
        with tempfile.TemporaryDirectory() as scratch:
            try:
                self._rsync.call((), [self._there(path), f"{scratch}/"])
            except AbsentError:
                return None
            return (Path(scratch) / Path(path).name).read_bytes()

    def write(self, piece: Piece, tick: Tick) -> None:
        """Bring a piece."""
        self.write_all([piece], tick)

    def write_all(self, pieces: Sequence[Piece], tick: Tick) -> None:
        """Bring pieces; none is seen before all have arrived.

        Raises:
            PublishError: one has changed since its digest was noted, or rsync failed.
        """
        if not pieces:
            return
        self._sizes = None
        reached = _Counted(sum(piece.size_bytes for piece in pieces), tick)
        with tempfile.TemporaryDirectory() as scratch:
            for piece in pieces:
                _lay_out(piece, Path(scratch))
            self._rsync.call(_SEND, [f"{scratch}/", self._there("")], reached.read)
        reached.all()
        if not self._tidied:
            self._tidied = True
            self._tidy({piece.path for piece in pieces})

    def delete(self, path: str) -> None:
        """Take a file away; its folder stays."""
        self.delete_all([path])

    def delete_all(self, paths: Sequence[str]) -> None:
        """Take files away together: rsync deletes what is named and not here."""
        if not paths:
            return
        self._sizes = None
        with tempfile.TemporaryDirectory() as scratch:
            nothing, names = Path(scratch, "nothing"), Path(scratch, "names")
            for path in paths:
                (nothing / path).parent.mkdir(parents=True, exist_ok=True)
            names.write_text("\n".join(paths), encoding="utf-8")
            options = ("--delete-missing-args", f"--files-from={names}")
            self._rsync.call(options, [f"{nothing}/", self._there("")])

    def close(self) -> None:
        """End the login."""
        self._rsync.close()

    def _tidy(self, written: Collection[str]) -> None:
        """Take away what killed runs left there; the clock is that of files just written."""
        found = self._listing()
        self._sizes = {one.path: one.size_bytes for one in found}
        written_at = [one.changed for one in found if one.path in written]
        if not written_at:  # nothing has arrived, which is noticed later
            return
        too_old = max(written_at) - timedelta(seconds=LEFT_S)
        left = [one.path for one in found if _is_partial(one.path) and one.changed < too_old]
        self.delete_all(left)

    def _listing(self) -> list[_Listed]:
        """Return every file there is, none where the folder is missing."""
        lines: list[str] = []
        try:
            self._rsync.call(("--recursive", "--list-only"), [self._there("")], lines.append)
        except AbsentError:
            return []
        found = [_LISTED.fullmatch(line) for line in lines]
        return [
            _Listed(
                path=one[3],
                size_bytes=int(one[1]),
                changed=datetime.fromisoformat(one[2].replace("/", "-")),
            )
            for one in found
            if one is not None
        ]

    def _there(self, path: str) -> str:
        """Return a path below the folder as rsync takes it."""
        address = self._address
        if address.scheme != OVER_SSH:
            return f"{address.name}/{path}"
        host = f"[{address.host}]" if ":" in address.host else address.host
        user = f"{address.user}@" if address.user else ""
        return f"{user}{host}:{folder_of(address).rstrip('/')}/{path}"


class _Counted:
    """Counts bytes as rsync tells them; never backwards, never beyond what there is."""

    def __init__(self, total: int, tick: Tick) -> None:
        self._total, self._told, self._tick = total, 0, tick

    def read(self, line: str) -> None:
        """Take a line of progress."""
        found = _SENT.fullmatch(line)
        if found is not None:
            self._reach(int(found[1]))

    def all(self) -> None:
        """Everything has arrived."""
        self._reach(self._total)

    def _reach(self, sent: int) -> None:
        sent = min(sent, self._total)
        if sent > self._told:
            self._tick(sent - self._told)
            self._told = sent


def _is_partial(path: str) -> bool:
    return PARTIAL in path.split("/")


def _lay_out(piece: Piece, scratch: Path) -> None:
    """Put a piece under its path, proved to be the one that was noted; a file by a link to it."""
    path = scratch / piece.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(piece.source, bytes):
            path.write_bytes(piece.source)
            return
        for _block in blocks(piece):
            pass
        path.symlink_to(piece.source.absolute())
    except OSError as error:
        raise unwritable(path, error) from error
