"""One holder at a time, between threads and between processes, and never a dead one.

The operating system gives up a lock when its holder dies, however it dies, so nothing is ever
left to be cleaned by hand.
"""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from undersong.errors import VoiceError

POLL_S: Final = 0.02
_HELD: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_NO_LOCKS_HERE: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP})

if sys.platform == "win32":  # pragma: no cover - the other platform
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
        VoiceError: `stop` was set while waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while (descriptor := _claim(path)) is None:
        if stop is not None and stop.is_set():
            raise VoiceError("stopped while another process was saying the same")
        time.sleep(POLL_S)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # before the lock goes: whoever opens it later sees that it is stale
        os.close(descriptor)


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
