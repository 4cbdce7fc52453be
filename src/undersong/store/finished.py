"""Finished files of tracks: brought to a folder again instead of being made.

Each is known by a key, the digest of all that reaches its bytes, and lies in the cache under its
own SHA-256. Where cache and library are on one disk it is one file with two names (hard links), so
it costs nothing until the library lets go of it. Whatever is brought is a copy, verified, with
the mode, place and time of a new file: a program that changes a library's file in place then
changes no other library's, and the cache's no longer counts.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, Final

from msgspec import Struct

from undersong.errors import OutputError
from undersong.files import atomic, digest_file, plain
from undersong.interrupts import unbroken
from undersong.store.behind import is_backed
from undersong.store.entries import MAKING
from undersong.store.kinds import FILES, FINISHED
from undersong.store.prune import hold_files
from undersong.store.sizes import cache_limit
from undersong.store.store import Store

_BLOCK_BYTES: Final = 1 << 20


class Finished(Struct, frozen=True, kw_only=True):
    """A finished file.

    Attributes:
        facts: what was measured on it, plain values.
    """

    sha256: str
    size_bytes: int
    facts: dict[str, Any]


class Shelf:
    """Finished files in the cache of one folder. Safe between threads and processes.

    What cannot be kept or read is made again: that is never an error. Where a store stands behind
    the cache (`store.behind`) that store keeps tracks, and nothing is kept here.
    """

    def __init__(self, folder: Path, *, asked: bool = True) -> None:
        """Use the cache in `folder`; when it is not `asked`, nothing is found there."""
        self._store = Store(folder)
        self._keeps = not is_backed(folder)
        self._asked = asked and self._keeps

    def find(self, key: str) -> Finished | None:
        """Return what is known of a file, or None; its bytes may be gone or damaged."""
        return self._noted(key) if self._asked else None

    def bring(
        self, found: Finished, path: Path, naming: ExitStack, tick: Callable[[int], None]
    ) -> bool:
        """Copy a file to where it will be `path` once `naming` is left; tell whether that was done.

        A `path` that has its bytes already is left as it is.

        Args:
            found: the file.
            path: its final name, whose folder is made when missing.
            naming: left when all files are there, by an exception when they are not to be.
            tick: called with bytes brought, `found.size_bytes` in all when that was done.

        Raises:
            OutputError: no space, or no permission to write `path`.
        """
        if _is_there(path, found):
            tick(found.size_bytes)
            return True
        kept = self._store.path(FILES, found.sha256)
        try:
            with kept.open("rb") as source, ExitStack() as own:
                with unbroken():
                    temporary = own.enter_context(atomic(path))
                _copy(source, temporary, found.sha256, tick)
                with unbroken():
                    naming.enter_context(own.pop_all())
        except OSError:
            return False
        except _DamagedError:
            with suppress(OutputError):
                self._store.discard(FILES, kept)
            return False
        return True

    def keep(self, key: str, path: Path, told: Finished | None = None) -> None:
        """Keep a file that now has its final name; its digest is taken when it is not told.

        Raises:
            OutputError: $UNDERSONG_CACHE_LIMIT holds no size.
        """
        if not self._keeps or not cache_limit():
            return
        with suppress(OSError, OutputError):  # it is made again when it is wanted
            finished = told or _unmeasured(path)
            self._link(path, finished)
            if self._noted(key) != finished:
                self._store.keep_numbers(FINISHED, key, plain(finished))

    def make_room(self) -> None:
        """Let go of finished files where they cost more than their share.

        Raises:
            OutputError: $UNDERSONG_CACHE_LIMIT holds no size.
        """
        if self._keeps:
            hold_files(self._store.folder, cache_limit())

    def _noted(self, key: str) -> Finished | None:
        with suppress(OutputError):
            noted = self._store.numbers(FINISHED, key)
            return Finished(**noted) if noted is not None else None
        return None

    def _link(self, path: Path, finished: Finished) -> None:
        """Let the cache hold a library's file too, or a copy where that cannot be."""
        kept = self._store.path(FILES, finished.sha256)
        with suppress(FileNotFoundError):
            there = kept.stat()
            if there.st_nlink > 1 or there.st_dev != path.stat().st_dev:
                return
            kept.unlink()
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, kept)
        except FileExistsError:
            return  # another process was quicker
        except OSError:
            with atomic(kept, self._store.folder / MAKING) as temporary:
                shutil.copyfile(path, temporary)


class _DamagedError(Exception):
    """The bytes in the cache are not those that were kept."""


def _unmeasured(path: Path) -> Finished:
    return Finished(sha256=digest_file(path), size_bytes=path.stat().st_size, facts={})


def _is_there(path: Path, found: Finished) -> bool:
    with suppress(OSError):
        return path.stat().st_size == found.size_bytes and digest_file(path) == found.sha256
    return False


def _copy(source: IO[bytes], target: Path, sha256: str, tick: Callable[[int], None]) -> None:
    """Copy all of a file, and see that its digest is as it should be."""
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while block := _read(source):
            digest.update(block)
            file.write(block)
            tick(len(block))
    if digest.hexdigest() != sha256:
        raise _DamagedError


def _read(source: IO[bytes]) -> bytes:
    try:
        return source.read(_BLOCK_BYTES)
    except OSError as error:
        raise _DamagedError from error
