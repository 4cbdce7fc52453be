"""A folder on a server that speaks SFTP: the web space that most hosts give."""

import asyncio
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, cast

import asyncssh
from asyncssh.constants import (
    FILEXFER_TYPE_REGULAR,
    FILEXFER_TYPE_UNKNOWN,
    FXF_CREAT,
    FXF_READ,
    FXF_WRITE,
)

from undersong.errors import UndersongError
from undersong.files import PART, digest_bytes
from undersong.publish.address import Address
from undersong.publish.model import Piece
from undersong.publish.remote import folder_of
from undersong.publish.ssh import Line, soon
from undersong.publish.target import LEFT_S, Target, Tick, blocks

AT_ONCE: Final = 4
"""Files on their way over one line; most of them are small, and the way there and back long."""

_FILES: Final = (FILEXFER_TYPE_REGULAR, FILEXFER_TYPE_UNKNOWN)
"""Some servers do not tell what lies in a folder."""

_NAME_DIGITS: Final = 16


class SftpTarget(Target):
    """Keeps files in a folder of an SFTP server.

    A file is written under a hidden name, made of its own and its content, and renamed when it is
    whole: in one step where the server can replace a file. What an earlier run has sent of it is
    read back and kept.
    """

    def __init__(self, address: Address, password: Callable[[], str | None]) -> None:
        """Publish in its folder; `password` is asked only when the server wants one."""
        self._address = address
        self._root = folder_of(address)
        self._line = Line(address, password)
        self._sizes: dict[str, dict[str, int]] = {}  # by folder; as listed, until it is written
        self._tidied: set[str] = set()

    @property
    def name(self) -> str:
        """The address, which holds no secret."""
        return self._address.name

    def size(self, path: str) -> int | None:
        """Return the length of a file; a folder is listed once, and again after a write."""
        folder, name = posixpath.split(self._there(path))
        if folder not in self._sizes:
            self._sizes[folder] = self._line.run(partial(_sizes, folder=folder))
        return self._sizes[folder].get(name)

    def read(self, path: str) -> bytes | None:
        """Return a small file, None when there is none."""
        return self._line.run(partial(_read, path=self._there(path)))

    def write(self, piece: Piece, tick: Tick) -> None:
        """Write a piece, atomically, and go on where an earlier run has stopped."""
        self.write_all([piece], tick)

    def write_all(self, pieces: Sequence[Piece], tick: Tick) -> None:
        """Write pieces, each as `write` does, some at once."""
        bundle = _Bundle(self._root, pieces, tick)
        for folder in bundle.folders:
            self._sizes.pop(folder, None)
        self._line.run(bundle.bring)
        for folder, path in bundle.folders.items():
            if folder not in self._tidied:
                self._line.run(partial(_tidy, path=path))
                self._tidied.add(folder)

    def delete(self, path: str) -> None:
        """Take a file away, and the folder with it when nothing else is in it."""
        there = self._there(path)
        folder = posixpath.dirname(there)
        self._sizes.pop(folder, None)
        self._line.run(partial(_delete, path=there, folder=folder if "/" in path else None))

    def close(self) -> None:
        """End the session."""
        self._line.close()

    def _there(self, path: str) -> str:
        return posixpath.join(self._root, path)


async def _sizes(sftp: asyncssh.SFTPClient, *, folder: str) -> dict[str, int]:
    try:
        names = await soon(sftp.readdir(folder))
    except asyncssh.SFTPNoSuchFile:
        return {}
    files = [one for one in names if one.attrs.type in _FILES]
    return {str(one.filename): one.attrs.size or 0 for one in files}


async def _read(sftp: asyncssh.SFTPClient, *, path: str) -> bytes | None:
    try:
        async with sftp.open(path, "rb") as file:
            return cast("bytes", await soon(file.read()))
    except asyncssh.SFTPNoSuchFile:
        return None


class _Bundle:
    """Pieces on their way; begun again, it goes on with what is not yet there."""

    def __init__(self, root: str, pieces: Sequence[Piece], tick: Tick) -> None:
        self._due = {posixpath.join(root, piece.path): piece for piece in pieces}
        self.folders = {posixpath.dirname(path): path for path in self._due}
        self._told = dict.fromkeys(self._due, 0)
        self._tick = tick

    async def bring(self, sftp: asyncssh.SFTPClient) -> None:
        """Bring every piece that is due."""
        for folder in self.folders:
            await _make(sftp, folder)
        queue = iter(tuple(self._due.items()))
        carriers = [asyncio.create_task(self._carry(sftp, queue)) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*carriers)
        finally:
            for carrier in carriers:
                carrier.cancel()
            await asyncio.gather(*carriers, return_exceptions=True)

    async def _carry(self, sftp: asyncssh.SFTPClient, queue: Iterator[tuple[str, Piece]]) -> None:
        for path, piece in queue:
            await self._bring(sftp, path, piece)
            del self._due[path]

    async def _bring(self, sftp: asyncssh.SFTPClient, path: str, piece: Piece) -> None:
        made_of = digest_bytes(f"{path}\n{piece.sha256}".encode())
        part = posixpath.join(posixpath.dirname(path), PART + made_of[:_NAME_DIGITS])
        async with sftp.open(part, FXF_READ | FXF_WRITE | FXF_CREAT, encoding=None) as file:
            try:
                await _fill(file, piece, partial(self._reached, path))
            except UndersongError:
                await soon(sftp.remove(part))
                raise
        await _rename(sftp, part, path)

    def _reached(self, path: str, offset: int) -> None:
        if offset > self._told[path]:
            self._tick(offset - self._told[path])
            self._told[path] = offset


async def _make(sftp: asyncssh.SFTPClient, folder: str) -> None:
    """Make a folder, and those that it is in, unless it is there."""
    if folder in {"", "/"} or await soon(sftp.isdir(folder)):
        return
    await _make(sftp, posixpath.dirname(folder))
    with suppress(asyncssh.SFTPFailure):  # another run was faster; else opening a file in it fails
        await soon(sftp.mkdir(folder))


async def _fill(
    file: asyncssh.SFTPClientFile, piece: Piece, reached: Callable[[int], None]
) -> None:
    """Make a file hold a piece; blocks that it holds already are read, not sent."""
    there = (await soon(file.stat())).size or 0
    end = 0
    for block in blocks(piece):
        start, end = end, end + len(block)
        if end > there or cast("bytes", await soon(file.read(len(block), start))) != block:
            await soon(file.write(block, start))
        reached(end)
    if there > end:
        await soon(file.truncate(end))
    with suppress(asyncssh.SFTPOpUnsupported):  # then the server flushes when it likes
        await soon(file.fsync())


async def _rename(sftp: asyncssh.SFTPClient, part: str, path: str) -> None:
    """Give a whole file its name; without posix-rename the old one is gone for a moment."""
    try:
        await soon(sftp.posix_rename(part, path))
    except asyncssh.SFTPNoSuchFile:
        pass  # another run brought the same file; that it is there is verified later
    except asyncssh.SFTPOpUnsupported:
        with suppress(asyncssh.SFTPNoSuchFile):
            await soon(sftp.remove(path))
        await soon(sftp.rename(part, path))


async def _tidy(sftp: asyncssh.SFTPClient, *, path: str) -> None:
    """Take away what killed runs left beside a file just written; the clock is the server's."""
    folder = posixpath.dirname(path)
    too_old = ((await soon(sftp.stat(path))).mtime or 0) - LEFT_S
    for one in await soon(sftp.readdir(folder)):
        name = str(one.filename)
        if name.startswith(PART) and (one.attrs.mtime or 0) < too_old:
            with suppress(asyncssh.SFTPNoSuchFile):
                await soon(sftp.remove(posixpath.join(folder, name)))


async def _delete(sftp: asyncssh.SFTPClient, *, path: str, folder: str | None) -> None:
    with suppress(asyncssh.SFTPNoSuchFile):
        await soon(sftp.remove(path))
    if folder is not None:
        with suppress(asyncssh.SFTPError):  # others are in it
            await soon(sftp.rmdir(folder))
