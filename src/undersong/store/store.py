"""Things by content: verified whenever read, whole or absent, made by one process at a time.

Layout of the folder, safe to share between processes and to delete at any time:

    takes/ab/abcd….take     an entry; so in the folder of every other kind (`store.kinds`)
    making/                 entries being written
    quarantine/…            takes whose digest no longer holds
    locks/abcd….lock        held while one process makes that entry
    locks/edge-0.lock       held while somebody asks an online engine: one of its places

When an entry was last used is its time of modification.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from undersong import files
from undersong.errors import OutputError
from undersong.lock import Stop, locked_any
from undersong.store.behind import behind
from undersong.store.entries import LOCKS, MAKING, QUARANTINE, guessed_bytes
from undersong.store.entry import seal, unseal
from undersong.store.kinds import Kind
from undersong.store.prune import hold_to
from undersong.store.sizes import cache_limit

USE_GRAIN_S: Final = 600
"""An entry's use is noted anew when it was last noted longer ago than this."""

_HINT: Final = "free some space, check permissions, or name another folder in $UNDERSONG_CACHE"


class Store:
    """The cache of one folder. Safe between threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made when the first entry is kept."""
        self.folder = folder
        self._damaged: list[Path] = []

    @property
    def damaged(self) -> tuple[Path, ...]:
        """Takes that this store has set aside since it was opened."""
        return tuple(self._damaged)

    def path(self, kind: Kind, key: str) -> Path:
        """Return where an entry lies, whether it is there or not."""
        return self.folder / kind.name / key[:2] / f"{key}{kind.suffix}"

    def has(self, kind: Kind, key: str) -> bool:
        """Whether there is an entry, unverified."""
        return self.path(kind, key).is_file()

    def read(self, kind: Kind, key: str) -> bytes | None:
        """Return what an entry holds, or None when there is none, or only a damaged one.

        Raises:
            OutputError: the cache folder cannot be read.
        """
        path = self.path(kind, key)
        try:
            body = unseal(path.read_bytes())
        except FileNotFoundError:
            return self._fetched(kind, key)
        except OSError as error:
            raise self._unusable(error) from error
        if body is None:
            self.discard(kind, path)
            return self._fetched(kind, key)
        _note_use(path)
        return body

    def keep(self, kind: Kind, key: str, body: bytes) -> bytes:
        """Keep something under its key, replacing what was there, and return what is kept.

        That is `body`, unless another machine was quicker (`store.behind`): the first stands.
        When the cache has outgrown its limit, what was not used for longest goes.

        Raises:
            OutputError: the cache folder cannot be written, or its disk is full.
        """
        beyond = behind(self.folder, kind)
        if beyond is not None:
            body = beyond.offer(kind, key, body)
        self._write(kind, key, body)
        return body

    def _fetched(self, kind: Kind, key: str) -> bytes | None:
        """Return what stands behind this cache under a key, kept here now; else None."""
        beyond = behind(self.folder, kind)
        body = beyond.fetch(kind, key) if beyond is not None else None
        if body is not None:
            self._write(kind, key, body)
        return body

    def _write(self, kind: Kind, key: str, body: bytes) -> None:
        try:
            files.write_bytes(self.path(kind, key), seal(body), room=self.folder / MAKING)
        except OutputError as error:
            raise OutputError(f"the cache is not usable: {error.message}", hint=_HINT) from error
        limit_bytes = cache_limit()
        if guessed_bytes(self.folder, key[:2]) > limit_bytes:
            hold_to(self.folder, limit_bytes)

    def discard(self, kind: Kind, path: Path) -> bool:
        """Move an entry that cannot be trusted out of the way; tell whether it was still there.

        Sound goes to the quarantine; numbers are simply removed.

        Raises:
            OutputError: the cache folder cannot be written.
        """
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        target = self.folder / QUARANTINE / f"{path.stem}.{stamp}{kind.suffix}"
        try:
            if kind.heard:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(path, target)  # which may lie on another disk
                self._damaged.append(target)
            else:
                path.unlink()
        except FileNotFoundError:
            return False  # another process was quicker
        except OSError as error:
            raise self._unusable(error) from error
        return True

    @contextmanager
    def making(self, key: str, stop: Stop | None = None) -> Iterator[None]:
        """Hold the right to make what is kept under `key`; others who want it wait.

        Raises:
            OutputError: the cache folder cannot be used.
            StoppedError: `stop` was set while waiting for another process.
        """
        with self._holding((f"{key}.lock",), stop):
            yield

    @contextmanager
    def turn(self, name: str, places: int, stop: Stop | None = None) -> Iterator[None]:
        """Hold one of a number of places; whoever else uses this cache waits for one.

        Raises:
            OutputError: the cache folder cannot be used.
            StoppedError: `stop` was set while waiting for another process.
        """
        with self._holding([f"{name}-{k}.lock" for k in range(places)], stop):
            yield

    @contextmanager
    def _holding(self, names: Sequence[str], stop: Stop | None) -> Iterator[None]:
        """Hold the first lock that is free."""
        with ExitStack() as held:
            try:
                locks = [self.folder / LOCKS / name for name in names]
                held.enter_context(locked_any(locks, stop))
            except OSError as error:
                raise self._unusable(error) from error
            yield

    def numbers(self, kind: Kind, key: str) -> Any:  # noqa: ANN401 - JSON is any nesting of plain values
        """Return the JSON value kept under a key, or None.

        Raises:
            OutputError: the cache folder cannot be read.
        """
        body = self.read(kind, key)
        return None if body is None else json.loads(body)

    def keep_numbers(self, kind: Kind, key: str, value: Any) -> None:  # noqa: ANN401 - JSON
        """Keep a JSON value under a key.

        Raises:
            OutputError: the cache folder cannot be written, or is full.
        """
        text = json.dumps(value, separators=(",", ":"), sort_keys=True)
        self.keep(kind, key, text.encode())

    def recall(self, kind: Kind, key: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON value kept under a key, or make it and keep it.

        `key` must name everything that `make` depends on, its code included.

        Raises:
            OutputError: the cache folder cannot be used.
        """
        found = self.numbers(kind, key)
        if found is None:
            with self.making(key):
                found = self.numbers(kind, key)
                if found is None:
                    found = make()
                    self.keep_numbers(kind, key, found)
        return found

    def _unusable(self, error: OSError) -> OutputError:
        return OutputError(
            f"the cache is not usable: {error.filename or self.folder}: {error.strerror or error}",
            hint=_HINT,
        )


def _note_use(path: Path) -> None:
    """Note that an entry was used now, unless that was noted lately; where one may not, do not."""
    with suppress(OSError):
        if abs(time.time() - path.stat().st_mtime) > USE_GRAIN_S:
            os.utime(path)
