"""Ctrl-C and a request to end: the same clean stop, told apart by the exit code."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from msgspec import Struct

from undersong.interrupts import interrupt

INTERRUPTED: Final = 128 + signal.SIGINT
"""Exit code after Ctrl-C; of any signal it is 128 and its number."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stopped(Struct):
    """The last signal that asked the command to end, if one did."""

    signal: int | None = None

    def code_after(self, code: int) -> int:
        """Return the exit code of a command that ended with `code`.

        A command that was asked to end and failed ended because of that, even where a library
        swallowed the interrupt and reported something else.
        """
        return code if self.signal is None or code == 0 else 128 + self.signal


@contextmanager
def interruptible() -> Iterator[Stopped]:
    """Let SIGTERM do what Ctrl-C does, while the block runs."""
    stopped = Stopped()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.signal = number
        interrupt(number, frame)

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
