"""Microsoft Edge's online voices through edge-tts, one request per phrase.

The service is not ours and promises nothing: it must be reachable, it may refuse, and its terms
forbid commercial use of the sound (rany2/edge-tts #200). A broken connection looks like success to
edge-tts 7.3, so a take counts only when the service has said that its turn ended.
"""

import asyncio
import importlib
import importlib.util
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit
from urllib.request import getproxies

from pydantic import Field

from undersong.errors import VoiceError
from undersong.voices.contract import EngineOptions, Mark, RawTake, Request

REACH_S: Final = 3.0
TURN_S: Final = 30.0
LETTER_S: Final = 0.3
"""A turn may last TURN_S and LETTER_S more per letter: edge-tts itself waits for ever."""

TICKS_PER_S: Final = 10_000_000
RATE_PERCENT: Final = (-50, 100)
"""Beyond these the service's voices become hard to follow."""


class EdgeOptions(EngineOptions):
    """What a voice file may say about an Edge voice."""

    voice: str = Field(
        default="en-US-AvaNeural",
        pattern=r"^[a-z]{2,3}-[A-Z][A-Za-z]+(-[A-Za-z]+)*-[A-Za-z0-9]+Neural$",  # no markup
        description="Short name of the voice; `edge-tts --list-voices` knows them all.",
    )
    rate_percent: int = Field(
        default=0,
        ge=RATE_PERCENT[0],
        le=RATE_PERCENT[1],
        description="How much faster than the voice's own speed.",
    )
    pitch_hz: int = Field(
        default=0, ge=-50, le=50, description="How much higher than the voice's own pitch."
    )


class Edge:
    """Says a phrase through the service, with a mark for every word that it names."""

    name: ClassVar[str] = "edge"
    draft: ClassVar[bool] = False
    online: ClassVar[bool] = True
    parallel: ClassVar[int] = 3
    repeatable: ClassVar[bool] = False
    Options: ClassVar[type[EngineOptions]] = EdgeOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; nothing is connected."""
        self._options = EdgeOptions.model_validate(options.model_dump())
        self._library = library
        self._turns: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[RawTake]]] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def fingerprint(self) -> str:
        """A constant: the service tells nothing about its models, and takes outlive them."""
        return "edge 1"

    def check(self) -> str | None:
        """Say whether edge-tts is missing or the service cannot be reached within 3 s."""
        if importlib.util.find_spec("edge_tts") is None:
            return "the package edge-tts is not installed"
        host, port = _service()
        why = _why_unreachable(host, port)
        return f"{host} cannot be reached: {why}" if why else None

    def say(self, request: Request) -> RawTake:
        """Return the MP3 as it came, and marks for the words that the service named.

        Raises:
            VoiceError: refused, unreachable, stalled, cut short, or closed meanwhile.
        """
        return asyncio.run(self._guarded(request))

    def close(self) -> None:
        """End turns under way."""
        with self._lock:
            self._closed = True
            for loop, task in self._turns:
                loop.call_soon_threadsafe(task.cancel)

    async def _guarded(self, request: Request) -> RawTake:
        """Take one turn within its time, turning every way it can fail into a sentence."""
        import aiohttp  # noqa: PLC0415 - slow, and only when the service is used
        from edge_tts.exceptions import EdgeTTSException  # noqa: PLC0415 - as above

        turn = (asyncio.get_running_loop(), asyncio.ensure_future(self._turn(request)))
        with self._lock:
            if self._closed:
                turn[1].cancel()
            self._turns.add(turn)
        try:
            async with asyncio.timeout(TURN_S + LETTER_S * len(request.text)):
                return await turn[1]
        except asyncio.CancelledError as error:
            raise VoiceError("the Edge voice was stopped while it spoke") from error
        except TimeoutError as error:
            raise VoiceError("the Edge service did not finish in time") from error
        except (EdgeTTSException, aiohttp.ClientError, OSError, ValueError) as error:
            raise VoiceError(f"the Edge service failed: {_reason(error)}") from error
        finally:
            with self._lock:
                self._turns.discard(turn)

    async def _turn(self, request: Request) -> RawTake:
        from edge_tts import Communicate  # noqa: PLC0415 - slow, and only when the service is used

        slowed = (1 + self._options.rate_percent / 100) * request.rate
        low, high = RATE_PERCENT
        talk = Communicate(
            request.text,
            self._options.voice,
            rate=f"{min(max(round(100 * slowed) - 100, low), high):+d}%",
            pitch=f"{self._options.pitch_hz:+d}Hz",
            boundary="WordBoundary",
        )
        audio = bytearray()
        named: list[dict[str, Any]] = []
        async for chunk in talk.stream():
            if chunk["type"] == "audio":
                audio += chunk["data"]
            else:
                named.append(dict(chunk))
        if not audio or talk.state["cumulative_audio_bytes"] != len(audio):
            raise VoiceError("the Edge service broke off in the middle of a phrase")
        return RawTake(audio=bytes(audio), marks=tuple(_marks(request, named)))


def _marks(request: Request, named: Sequence[dict[str, Any]]) -> Iterator[Mark]:
    """Yield a mark for each named word that is one of ours, in order."""
    ours = [
        (index, token) for index, word in enumerate(request.words) for token in _tokens(word.text)
    ]
    theirs = [(chunk, token) for chunk in named for token in _tokens(chunk["text"])]
    matcher = SequenceMatcher(
        None, [token for _, token in theirs], [token for _, token in ours], autojunk=False
    )
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            chunk = theirs[block.a + step][0]
            yield Mark(
                word=ours[block.b + step][0],
                start_s=chunk["offset"] / TICKS_PER_S,
                length_s=chunk["duration"] / TICKS_PER_S,
            )


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub("['\u2019]", "", text.casefold()))


def _reason(error: Exception) -> str:
    status = getattr(error, "status", None)
    if status == 403:  # noqa: PLR2004 - HTTP: forbidden
        return "it refuses us (403): edge-tts is out of date, or the clock or the address is wrong"
    return f"it answers {status}" if status else str(error) or type(error).__name__


def _why_unreachable(host: str, port: int) -> str | None:
    """Try to connect for REACH_S: in a thread, because looking up a name knows no time-out."""
    found: list[str | None] = []

    def reach() -> None:
        try:
            socket.create_connection((host, port), REACH_S).close()
            found.append(None)
        except OSError as error:
            found.append(error.strerror or str(error))

    thread = threading.Thread(target=reach, daemon=True)
    thread.start()
    thread.join(REACH_S)
    return found[0] if found else f"no answer within {REACH_S:g} s"


def _service() -> tuple[str, int]:
    """Return host and port to be reached: of the service, or of the proxy before it."""
    communicate = importlib.import_module("edge_tts.communicate")
    url = urlsplit(communicate.WSS_URL)
    proxy = urlsplit(getproxies().get("https", ""))
    if proxy.hostname and url.scheme == "wss":
        return proxy.hostname, proxy.port or 80
    return url.hostname or "", url.port or (443 if url.scheme == "wss" else 80)
