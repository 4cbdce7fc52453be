"""Three phrases at once and no more, in the whole process."""

import asyncio
import threading
from typing import Final

AT_ONCE: Final = 3
"""More at once make the service drop parts of what it says (rany2/edge-tts #235)."""

POLL_S: Final = 0.02

_FREE: Final = threading.BoundedSemaphore(AT_ONCE)


class Slot:
    """Leave for one phrase, its tries and pauses: who has been told to wait makes no room.

    It is given back when the phrase's event loop is closed, not before: only then are its
    connections closed too.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held = False

    async def take(self) -> None:
        """Wait for leave."""
        while not _FREE.acquire(blocking=False):  # noqa: ASYNC110 - other threads have other loops
            await asyncio.sleep(POLL_S)
        self._held = True

    def release(self) -> None:
        """Give it back, if it is held."""
        if self._held:
            self._held = False
            _FREE.release()
