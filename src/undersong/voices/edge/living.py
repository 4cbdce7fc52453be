"""Which voices the service has today: asked only when one of them says nothing."""

import asyncio
import difflib
import threading
import time
from collections.abc import Sequence
from typing import Final

from edge_tts import list_voices

from undersong.voices.edge.failures import EXPECTED

KEPT_S: Final = 600.0
"""So long a list is believed; so long, too, it is not asked for again when it could not be had."""
NEAREST: Final = 3


class LivingVoices:
    """The list of voices, asked for once by a process, through each proxy."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lists: dict[str | None, tuple[float, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    async def names(self, proxy: str | None, limit_s: float) -> tuple[str, ...]:
        """Return the short names of all living voices, or () when they cannot be had."""
        with self._lock:
            until_s, known = self._lists.get(proxy, (0.0, ()))
        if time.monotonic() < until_s:
            return known
        found = await _listed(proxy, limit_s)
        with self._lock:
            self._lists[proxy] = (time.monotonic() + KEPT_S, found)
        return found

    def reset(self) -> None:
        """Forget the lists, as a new process would."""
        with self._lock:
            self._lists.clear()


LIVING: Final = LivingVoices()
"""The list of this process."""


async def _listed(proxy: str | None, limit_s: float) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(limit_s):
            return tuple(
                sorted(str(voice["ShortName"]) for voice in await list_voices(proxy=proxy))
            )
    except EXPECTED:  # a time-out is an OSError
        return ()


def nearest_voices(voice: str, living: Sequence[str]) -> tuple[str, ...]:
    """Return up to three names: of the same place if there are any, else language, else all."""
    language, region = voice.split("-")[:2]
    for start in (f"{language}-{region}-", f"{language}-", ""):
        near = [name for name in living if name.startswith(start)]
        if near:
            return tuple(difflib.get_close_matches(voice, near, n=NEAREST, cutoff=0.0))
    return ()
