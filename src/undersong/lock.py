"""One holder at a time, between threads and between processes, and never a dead one.

The operating system gives up a lock when its holder dies, however it dies, so nothing is ever
left to be cleaned by hand.
"""

import errno
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from undersong.errors import UndersongError
from undersong.interrupts import unbroken

POLL_S: Final = 0.02
_HELD: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_NO_LOCKS_HERE: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP})

_LOCKS_BAR_OTHERS: Final = sys.platform == "win32"
"""Whether a locked file can be written and renamed by its own process only through the lock."""

if sys.platform == "win32":  # pragma: no cover - the other platform
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class StoppedError(UndersongError):
    """Waiting for another process was given up because the work is no longer wanted."""


class Stop(Protocol):
    """Whether to give up waiting; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return True once the work is no longer wanted."""
        ...


@contextmanager
def locked(path: Path, stop: Stop | None = None) -> Iterator[None]:
    """Hold the lock file `path` while the block runs, waiting for it as long as another does.

    The file is gone afterwards. On a file system without locks nobody waits.

    Raises:
        OSError: the lock file cannot be made.
        StoppedError: `stop` was set while waiting.
    """
    with locked_any((path,), stop):
        yield


@contextmanager
def locked_any(paths: Sequence[Path], stop: Stop | None = None) -> Iterator[None]:
    """Hold one of the lock files while the block runs, the first that is free; see `locked`.

    With n of them, n holders there are at most, in all threads of all processes.

    Raises:
        OSError: a lock file cannot be made.
        StoppedError: `stop` was set while waiting.
    """
    for folder in {path.parent for path in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    while (held := _claim_any(paths)) is None:
        if stop is not None and stop.is_set():
            raise StoppedError("stopped while waiting for another process")
        time.sleep(POLL_S)
    path, descriptor = held
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # before the lock goes: whoever opens it later sees that it is stale
        os.close(descriptor)


@contextmanager
def temporary_in(folder: Path, prefix: str, suffix: str) -> Iterator[Path]:
    """Yield a new file that counts as alive while the block runs; it is gone afterwards.

    Where the system allows it the file is locked, which tells `remove_orphan` of other processes
    that its maker lives. The block may rename it.

    Raises:
        OSError: it cannot be made.
    """
    made: tuple[int | None, Path] | None = None
    try:
        with unbroken():
            made = _living(folder, prefix, suffix)
        yield made[1]
    finally:
        if made is not None:
            with unbroken():
                _give_up(*made)


def remove_orphan(path: Path) -> bool:
    """Remove a file of `temporary_in` or `locked` whose process died; tell whether it was one.

    Where there are no locks nobody can tell, so it stays.
    """
    if _LOCKS_BAR_OTHERS:  # pragma: no cover - the other platform
        return False
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(descriptor)
        if not _is_current(path, descriptor):  # another's, of the same name, may be there by now
            return False
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _living(folder: Path, prefix: str, suffix: str) -> tuple[int | None, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=folder)
        if _LOCKS_BAR_OTHERS:  # pragma: no cover - the other platform
            os.close(descriptor)
            return None, Path(name)
        try:
            if not _is_held_elsewhere(descriptor) and _is_current(Path(name), descriptor):
                return descriptor, Path(name)
        except OSError:
            os.close(descriptor)
            Path(name).unlink(missing_ok=True)
            raise
        os.close(descriptor)  # somebody took it for an orphan before it was locked


def _give_up(descriptor: int | None, path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
    if descriptor is not None:
        os.close(descriptor)


def _claim_any(paths: Sequence[Path]) -> tuple[Path, int] | None:
    for path in paths:
        descriptor = _claim(path)
        if descriptor is not None:
            return path, descriptor
    return None


def _claim(path: Path) -> int | None:
    """Return a descriptor that holds the lock, or None while another holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if _is_held_elsewhere(descriptor) or not _is_current(path, descriptor):
            os.close(descriptor)
            return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _is_held_elsewhere(descriptor: int) -> bool:
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _HELD:
            return True
        if error.errno not in _NO_LOCKS_HERE:
            raise
    return False


def _is_current(path: Path, descriptor: int) -> bool:
    """Whether `path` still is the file that was locked, not one made after it was released."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
