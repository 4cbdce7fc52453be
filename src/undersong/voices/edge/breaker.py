"""When the service has shut us out, this process stops knocking for a while."""

import threading
import time
from collections.abc import Callable
from typing import Final

from undersong.voices.contract import Blocked

OPEN_S: Final = 600.0
"""Makers report bans of about five minutes (rany2/edge-tts #21); twice that is left alone."""


class Breaker:
    """Remembers, for every thread of the process, what has been shut, and why."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing shut."""
        self._now_s = now_s
        self._shut: dict[tuple[str, ...], tuple[float, Blocked]] = {}
        self._lock = threading.Lock()

    def shut(self, why: Blocked, *key: str) -> None:
        """Let nothing of this key through for OPEN_S; what is shut already keeps its time."""
        if self.why_shut(*key) is not None:
            return
        with self._lock:
            self._shut[key] = (self._now_s() + OPEN_S, why)

    def why_shut(self, *key: str) -> Blocked | None:
        """Return why nothing of this key or of a shorter one is let through, or None."""
        with self._lock:
            for length in range(1, len(key) + 1):
                until_s, why = self._shut.get(key[:length], (0.0, None))
                if why is not None and self._now_s() < until_s:
                    return why
        return None

    def expect_open(self, *key: str) -> None:
        """Raise what has shut the key, in a copy of its own, if anything has.

        Raises:
            Blocked: as it was when the service shut us out.
        """
        why = self.why_shut(*key)
        if why is not None:
            raise type(why)(why.message, hint=why.hint)

    def reset(self) -> None:
        """Forget everything, as a new process would."""
        with self._lock:
            self._shut.clear()


BREAKER: Final = Breaker()
"""The one of this process. Keys are the proxy, or the proxy and a voice."""
