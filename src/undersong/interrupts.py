"""Ctrl-C and a request to end, as an exception, but never in the middle of what must be whole.

Python raises KeyboardInterrupt between any two steps of the main thread. Between the making of a
file or a process and the `try` that sees to its end, nobody would see to it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final


class _Held(threading.local):
    """How many `unbroken` blocks a thread is in, and whether it was interrupted meanwhile."""

    blocks: int = 0
    interrupted: bool = False


_held: Final = _Held()


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, at once or at the end of an `unbroken` block; a signal handler."""
    if _held.blocks:
        _held.interrupted = True
    else:
        raise KeyboardInterrupt


@contextmanager
def unbroken() -> Iterator[None]:
    """Put an interrupt off until the block has ended; it should end within a blink.

    Where what the block made is seen to by a `try` or a `with` around it, nothing is lost.

    Raises:
        KeyboardInterrupt: there was one meanwhile.
    """
    _held.blocks += 1
    try:
        yield
    finally:
        _held.blocks -= 1
        if _held.interrupted and not _held.blocks:
            _held.interrupted = False
            raise KeyboardInterrupt
