"""The Edge engine: a phrase in, a proven take out, or a typed failure."""

import asyncio
import importlib.util
import re
import threading
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from undersong.errors import VoiceError
from undersong.voices.contract import EngineOptions, RawTake, Refused, Request
from undersong.voices.edge.breaker import BREAKER
from undersong.voices.edge.model import Limits, Turn, Wish
from undersong.voices.edge.options import RATE_PERCENT, EdgeOptions, chosen_proxy
from undersong.voices.edge.reach import first_hop, why_unreachable
from undersong.voices.edge.split import pieces
from undersong.voices.edge.words import atoms, marks

_UNSENDABLE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""No XML can hold these."""


class Edge:
    """Says a phrase through the service, with a mark for every word that it names."""

    name: ClassVar[str] = "edge"
    draft: ClassVar[bool] = False
    online: ClassVar[bool] = True
    parallel: ClassVar[int] = 3  # more make it drop parts of what it says (rany2/edge-tts #235)
    repeatable: ClassVar[bool] = False
    Options: ClassVar[type[EngineOptions]] = EdgeOptions
    terms: ClassVar[str] = (
        "Edge voices are reached through Microsoft Edge's read-aloud service. It is not an official"
        " offer, it may change or refuse at any time, and Microsoft's terms apply: not for"
        " commercial use. For tracks that you sell, take a licensed engine or record your own"
        " voice."
    )
    limits: ClassVar[Limits] = Limits()

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; nothing is connected."""
        given = options if isinstance(options, EdgeOptions) else options.model_dump()
        self._options = EdgeOptions.model_validate(given)
        self._library = library
        self._turns: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[Turn]]] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def fingerprint(self) -> str:
        """A constant: the service tells nothing about its models, and takes outlive them."""
        return "edge 1"

    def check(self) -> str | None:
        """Say why not: edge-tts is missing, the service has shut us out, or is out of reach."""
        if importlib.util.find_spec("edge_tts") is None:
            return "the package edge-tts is not installed"
        try:
            proxy = chosen_proxy(self._options)
        except Refused as error:
            return error.message
        shut = BREAKER.why_shut(proxy or "", self._options.voice)
        if shut is not None:
            return shut.message
        host, port = first_hop(proxy)
        why = why_unreachable(host, port)
        return f"{host} cannot be reached: {why}" if why else None

    def unsayable(self, requests: Sequence[Request]) -> Mapping[int, str]:
        """Return, by index, why the service can never say a request."""
        found = ((index, _why_unsayable(request.text)) for index, request in enumerate(requests))
        return {index: why for index, why in found if why}

    def say(self, request: Request) -> RawTake:
        """Return the MP3 as it came, and marks for the words that the service named.

        Raises:
            Refused: the service can never say this.
            Transient: no take could be proven in all tries, or in all the time there is.
            Blocked: the service shuts us out; the message says what would help.
            VoiceError: closed meanwhile.
        """
        if why := _why_unsayable(request.text):
            raise Refused(why)
        turn = _run(self._stoppable(self._wishes(request)))
        return RawTake(audio=turn.audio, marks=marks(request, turn.named))

    def close(self) -> None:
        """End turns under way."""
        with self._lock:
            self._closed = True
            for loop, task in self._turns:
                loop.call_soon_threadsafe(task.cancel)

    def _wishes(self, request: Request) -> tuple[Wish, ...]:
        speed = (1 + self._options.rate_percent / 100) * request.rate
        low, high = RATE_PERCENT
        return tuple(
            Wish(
                text=piece,
                voice=self._options.voice,
                rate_percent=min(max(round(100 * speed) - 100, low), high),
                pitch_hz=self._options.pitch_hz,
                proxy=chosen_proxy(self._options),
            )
            for piece in pieces(request.text)
        )

    async def _stoppable(self, wishes: Sequence[Wish]) -> Turn:
        from undersong.voices.edge.patience import obtain  # noqa: PLC0415 - slow, and only to speak

        asked = asyncio.ensure_future(obtain(wishes, self.limits))
        turn = (asyncio.get_running_loop(), asked)
        with self._lock:
            if self._closed:
                turn[1].cancel()
            self._turns.add(turn)
        try:
            return await turn[1]
        except asyncio.CancelledError as error:
            raise VoiceError("the Edge voice was stopped while it spoke") from error
        finally:
            with self._lock:
                self._turns.discard(turn)


def _why_unsayable(text: str) -> str | None:
    if _UNSENDABLE.search(text):
        return "it holds a character that cannot be sent"
    return None if atoms(text) else "there is nothing in it to say"


def _run(main: Coroutine[Any, Any, Turn]) -> Turn:
    """Run as `asyncio.run` does, without waiting for the system to look up a name in vain."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(_end_rest())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _end_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
