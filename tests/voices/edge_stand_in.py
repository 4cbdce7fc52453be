"""A stand-in for Microsoft Edge's read-aloud service: its protocol and faults, on this machine.

The real edge_tts drives it. Every word is a tone of its own, so what was said can be told from the
bytes: a take is whole exactly when its audio is `rendering(text).audio`.
"""

import asyncio
import json
import logging
import re
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from html import unescape
from typing import Any, Self

import edge_tts.communicate
import edge_tts.voices
import numpy as np
import pytest
from aiohttp import WSMsgType, web
from edge_tts.drm import DRM
from msgspec import Struct
from msgspec.structs import replace
from voices_kit import wav

from undersong.errors import VoiceError
from undersong.voices.contract import Blocked, Refused, Transient
from undersong.voices.edge.breaker import BREAKER
from undersong.voices.edge.engine import Edge
from undersong.voices.edge.living import LIVING
from undersong.voices.edge.model import Limits

RATE = 24_000
FRAME = 144
"""Bytes of a frame at 48 kbit/s."""
FRAMES_AT_ONCE = 5
LEAD_S, TAIL_S, GAP_S = 0.1, 0.5, 0.05
UNSPACED = "\u3040-\u30ff\u3400-\u9fff"

FAST = Limits(
    first_s=1.0,
    gap_s=0.5,
    turn_s=2.0,
    letter_s=0.0,
    close_s=0.05,
    tries=3,
    pause_s=0.01,
    longest_pause_s=0.05,
    total_s=9.0,
)
"""Limits of the product, in a hurry: for faults that take time."""

PATIENT = replace(FAST, first_s=20.0, gap_s=20.0, turn_s=60.0, close_s=1.0, total_s=180.0)
"""For all else: a busy machine must not look like a service that has stalled."""

SLOW_FAULTS = (
    "no handshake",
    "stalls at once",
    "stalls midway",
    "stalls before the end",
    "drips",
    "no goodbye",
)
"""Those that are over when a limit is."""

VOICES = ("en-US-AvaNeural", "en-US-AndrewNeural", "en-GB-SoniaNeural", "de-DE-KatjaNeural")


class Rendering(Struct, frozen=True, kw_only=True):
    """What the service makes of a text: MP3, and (word, start, length) in seconds."""

    audio: bytes
    words: tuple[tuple[str, Any, float], ...]


@lru_cache(maxsize=256)
def rendering(text: str, percent: int = 0) -> Rendering:
    """Return one tone per word, padded as the service pads."""
    speed = 1 + percent / 100
    sound = [np.zeros(int(LEAD_S * RATE))]
    begun, words = len(sound[0]), []
    for word in re.findall(rf"[{UNSPACED}]{{1,4}}|[^\W{UNSPACED}](?:[\w'\u2019])*", text):
        n = int((0.1 + 0.05 * len(word)) * RATE / speed)
        t = np.arange(n) / RATE
        pitch_hz = 150 + sum(map(ord, word)) * 7919 % 600
        rise = np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
        sound += [0.3 * np.sin(2 * np.pi * pitch_hz * t) * rise, np.zeros(int(GAP_S * RATE))]
        words.append((word, begun / RATE, n / RATE))
        begun += n + int(GAP_S * RATE)
    return Rendering(audio=_mp3(np.concatenate([*sound, _silence(TAIL_S)])), words=tuple(words))


def _silence(seconds: float) -> Any:
    return np.zeros(int(seconds * RATE))


def _mp3(samples: Any) -> bytes:
    """Encode at constant 48 kbit/s: exactly a run of frames of 144 bytes, as the service does."""
    options = {"bitrate_mode": "CONSTANT", "compression_level": 0.7368421}
    return wav(samples, RATE, form="MP3", subtype="MPEG_LAYER_III", **options)


# --- what the service may send instead -------------------------------------------------------


def _cut(audio: bytes, share: float) -> bytes:
    return audio[: int(len(audio) / FRAME * share) * FRAME]


def _zeroed(audio: bytes) -> bytes:
    start = len(audio) // 3
    return audio[:start] + bytes(1000) + audio[start + 1000 :]


def _muted(take: Rendering, share: float) -> Rendering:
    """Silence from `share` of the frames on."""
    kept = _cut(take.audio, share)
    rest_s = (len(take.audio) - len(kept)) / 6000
    return replace(
        take, audio=kept + _cut(_mp3(_silence(rest_s + 0.2)), 1.0)[: len(take.audio) - len(kept)]
    )


def _moved(take: Rendering, last: tuple[Any, float]) -> Rendering:
    return replace(take, words=(*take.words[:-1], (take.words[-1][0], *last)))


def _drawn_out(take: Rendering) -> Rendering:
    """Say every word, in order, but wait for a minute before the last."""
    length_s = len(take.audio) / 6000
    words = (*take.words[:-1], (take.words[-1][0], length_s + 60 + LEAD_S, 0.2))
    return Rendering(audio=take.audio + _mp3(_silence(60.0)) + rendering("so").audio, words=words)


CONTENTS: dict[str, Callable[[Rendering], Rendering]] = {
    "cut inside a frame": lambda take: replace(take, audio=take.audio[: len(take.audio) // 2 + 37]),
    "cut between frames": lambda take: replace(take, audio=_cut(take.audio, 0.5)),
    "damaged": lambda take: replace(take, audio=_zeroed(take.audio)),
    "not mp3": lambda take: replace(take, audio=b"<html>oops</html>" * 400),
    "another mp3": lambda take: replace(
        take, audio=wav(_silence(1.0), 44_100, form="MP3", subtype="MPEG_LAYER_III")
    ),
    "silence": lambda take: _muted(take, 0.0),
    "silent second half": lambda take: _muted(take, 0.4),
    "no marks": lambda take: replace(take, words=()),
    "half the marks": lambda take: replace(take, words=take.words[::2]),
    "a mark past the end": lambda take: _moved(take, (len(take.audio) / 6000, 0.3)),
    "a mark before the start": lambda take: _moved(take, (-0.5, 0.3)),
    "a mark without a time": lambda take: _moved(take, ("soon", 0.3)),
    "another text": lambda _: rendering("Something quite different, never written by anybody."),
    "half the text": lambda take: rendering(
        " ".join(word for word, _, _ in take.words[: len(take.words) // 2])
    ),
    "drawn out": _drawn_out,
}
"""A turn that ends as it should, of a take that is not what was asked for."""


def _binary(path: str, content_type: str, content: bytes) -> bytes:
    kind = f"Content-Type:{content_type}\r\n" if content_type else ""
    head = f"X-RequestId:1\r\n{kind}Path:{path}\r\n".encode()
    return len(head).to_bytes(2, "big") + head + content


TEXT = "Content-Type:application/json; charset=utf-8\r\nPath:"
MARKS = f"{TEXT}audio.metadata\r\n\r\n"
MESSAGES: dict[str, str | bytes] = {
    "unknown path": f"{TEXT}surprise\r\n\r\n{{}}",
    "no headers": "surprise",
    "metadata without json": MARKS + "<html>",
    "metadata without items": MARKS + '{"Metadata": []}',
    "metadata of no kind": MARKS + '{"Metadata": [{"Type": "Mood"}]}',
    "metadata without data": MARKS + '{"Metadata": [{"Type": "WordBoundary"}]}',
    "metadata that is a list": MARKS + "[]",
    "a short binary": b"\x00",
    "a long header": b"\xff\xffX-RequestId:1\r\nPath:audio\r\n",
    "binary of another path": _binary("surprise", "audio/mpeg", b"abc"),
    "sound of another type": _binary("audio", "audio/ogg", b"abc"),
    "sound without a type": _binary("audio", "", b"abc"),
    "sound without sound": _binary("audio", "audio/mpeg", b""),
}
"""A message that edge-tts does not understand, at the start of a turn."""

HANDSHAKES = {
    "forbidden": 403,
    "forbidden, date garbled": 403,
    "forbidden, undated": 403,
    "throttled": 429,
    "broken": 500,
    "bad gateway": 502,
    "down": 503,
    "gone": 404,
    "log-in page": 200,
    "bad request": 400,
    "hangs up": 0,
    "no handshake": 0,
}
"""Instead of a connection: a status, or nothing."""

HARMLESS = ("slow", "no goodbye", "bytes in odd portions")
"""Not as one would like it, and yet a whole take."""

STRANGE = (Transient, "does not understand")
BROKEN_OFF = (Transient, "broke off in the middle")
LASTING: dict[str, tuple[type[VoiceError], str]] = {
    **dict.fromkeys(MESSAGES, STRANGE),
    "forbidden": (Blocked, "refuses us (403): upgrade edge-tts"),
    "forbidden, date garbled": (Blocked, "does not tell the time: set this computer's clock"),
    "forbidden, undated": (Blocked, "does not tell the time: set this computer's clock"),
    "throttled": (Transient, "answers 429"),
    "broken": (Transient, "answers 500"),
    "bad gateway": (Transient, "answers 502"),
    "down": (Transient, "answers 503"),
    "gone": (Blocked, "is not where it was (404): upgrade edge-tts"),
    "log-in page": (Blocked, "log in on a page first"),
    "bad request": (Refused, "refuses this request (400)"),
    "hangs up": (Transient, "connection to the Edge service failed"),
    "no handshake": (Transient, "has stalled"),
    "cut inside a frame": (Transient, "cut inside a frame"),
    "cut between frames": (Transient, "before its last word does"),
    "damaged": (Transient, "damaged at byte"),
    "not mp3": (Transient, "damaged at byte 0"),
    "another mp3": (Transient, "damaged at byte 0"),
    "silence": (Transient, "sent silence"),
    "silent second half": (Transient, "nothing is heard where the Edge service names"),
    "no marks": (Transient, "named only 0 of 10 words"),
    "half the marks": (Transient, "named only 5 of 10 words"),
    "a mark past the end": (Transient, "before its last word does"),
    "a mark before the start": (Transient, "impossible times"),
    "a mark without a time": STRANGE,
    "another text": (Transient, "named only"),
    "half the text": (Transient, "named only 5 of 10 words"),
    "drawn out": (Transient, "cannot be the 44 letters"),
    "no audio": (Transient, "sent no sound, though it has the voice en-US-AvaNeural"),
    "closes early": (Transient, "sent no sound, though it has the voice en-US-AvaNeural"),
    "stalls at once": (Transient, "has stalled"),
    "stalls midway": (Transient, "has stalled"),
    "stalls before the end": (Transient, "has stalled"),
    "resets midway": BROKEN_OFF,
    "closes midway": BROKEN_OFF,
    "breaks off midway": BROKEN_OFF,
    "breaks off before the end": BROKEN_OFF,
    "drips": (Transient, "did not finish in time"),
    "never ends": (Transient, "runs on without an end"),
}
"""Every fault, and the typed failure in which it ends when it lasts, for a phrase of ten words."""

FINAL = ("forbidden, date garbled", "forbidden, undated", "gone", "log-in page", "bad request")
"""Those of which a single one says all: asking again would not help."""


# --- the service itself ------------------------------------------------------------------------


class StandIn:
    """The service, in a thread of its own. Faults are names, several joined by `+`.

    Attributes:
        faults: of the next turns, one each; then `lasting`.
        lasting: fault of all turns, or "".
        sick: fault of turns that say a text with this key in it.
        asked: every request that reached a turn.
        crowd: faults of the most connections that were open at once.
        through_proxy: how many requests came as a proxy gets them.
    """

    def __init__(self) -> None:
        self.faults: deque[str] = deque()
        self.lasting = ""
        self.sick: dict[str, str] = {}
        self.list_fault = ""
        self.voices: tuple[str, ...] = VOICES
        self.asked: list[dict[str, str]] = []
        self.asking = threading.Event()
        self.date = ""
        self.connections = self.through_proxy = self.lists = 0
        self.port = 0
        self.crowd: tuple[str, ...] = ()
        self._open: dict[int, tuple[web.Request, str]] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def peak(self) -> int:
        """How many connections were open at once, at most."""
        return len(self.crowd)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/edge?TrustedClientToken=x"

    @property
    def list_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/list?x=y"

    def heal(self) -> None:
        """No faults any more, and the client forgets what it has learnt."""
        self.faults.clear()
        self.sick.clear()
        self.lasting = self.list_fault = ""
        BREAKER.reset()
        LIVING.reset()

    def _run(self) -> None:
        app = web.Application()
        app.router.add_get("/edge", self._serve)
        app.router.add_get("/list", self._list)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = runner.addresses[0][1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(_end_rest())
        self._loop.close()

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.lists += 1
        if self.list_fault == "stalls":
            with suppress(ConnectionResetError):
                await _hold(request)
        if self.list_fault:
            return web.Response(status=503)
        return web.json_response([{"ShortName": name} for name in self.voices])

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        self.through_proxy += not request.raw_path.startswith("/")
        fault = self.faults.popleft() if self.faults else self.lasting
        faults = frozenset(fault.split("+")) if fault else frozenset()
        self._open[id(request)] = (request, fault)
        before = tuple(self._open.values())
        await asyncio.sleep(0.005)  # who has just left is seen to have left
        crowd = tuple(fault for other, fault in before if _alive(other))
        self.crowd = max(self.crowd, crowd, key=len)
        try:
            for name in faults & HANDSHAKES.keys():
                return await self._no_handshake(request, name)
            socket = web.WebSocketResponse()
            if not _alive(request):
                return web.Response(status=500)  # who asked has gone
            with suppress(ConnectionError):
                await socket.prepare(request)
                await self._converse(request, socket, faults)
            return socket
        finally:
            del self._open[id(request)]

    async def _no_handshake(self, request: web.Request, name: str) -> web.StreamResponse:
        if request.transport is None:
            return web.Response(status=500)  # who asked has gone
        if name == "hangs up":
            request.transport.abort()
        elif name == "no handshake":
            with suppress(ConnectionResetError):
                await _hold(request)
        elif name == "forbidden, undated":
            request.transport.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            request.transport.close()
        dates = {"Date": "yesterday"} if name == "forbidden, date garbled" else {}
        dates |= {"Date": self.date} if self.date else {}
        return web.Response(status=HANDSHAKES[name] or 500, text="<html>", headers=dates)

    async def _converse(
        self, request: web.Request, socket: web.WebSocketResponse, faults: frozenset[str]
    ) -> None:
        async for message in socket:
            if message.type == WSMsgType.TEXT and "Path:ssml" in message.data:
                wish = _parsed(message.data.partition("\r\n\r\n")[2])
                self.asked.append(wish)
                self.asking.set()
                sick = {fault for key, fault in self.sick.items() if key in wish["text"]}
                await Turn(request, socket, faults | sick, self.voices).take(wish)
                return


async def _end_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _parsed(ssml: str) -> dict[str, str]:
    found = re.fullmatch(
        "<speak [^>]*><voice name='(?P<voice>[^']*)'><prosody pitch='(?P<pitch>[^']*)' "
        "rate='(?P<rate>[^']*)' volume='[^']*'>(?P<text>[^<]*)</prosody></voice></speak>",
        ssml,
    )
    assert found is not None
    assert len(found["text"].encode()) <= 4096
    return {**found.groupdict(), "text": unescape(found["text"])}


def _alive(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


async def _hold(request: web.Request) -> None:
    """Say nothing until the other side has gone."""
    while _alive(request):  # noqa: ASYNC110 - aiohttp tells of this by no event
        await asyncio.sleep(0.01)
    raise ConnectionResetError


class Turn:
    """One turn: what is said, in which messages, and how it fails."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        faults: frozenset[str],
        voices: tuple[str, ...],
    ) -> None:
        self._request, self._socket, self._faults, self._voices = request, socket, faults, voices

    async def take(self, wish: dict[str, str]) -> None:
        await self._socket.send_str(f"{TEXT}turn.start\r\n\r\n{{}}")
        await self._socket.send_str(f"{TEXT}response\r\n\r\n{{}}")
        for name in self._faults & MESSAGES.keys():
            await _send(self._socket, MESSAGES[name])
            return
        take = rendering(wish["text"], int(wish["rate"].rstrip("%")))
        for name in sorted(self._faults & CONTENTS.keys()):
            take = CONTENTS[name](take)
        if not any(_long_name(name) == wish["voice"] for name in self._voices):
            self._faults |= {"closes early"}
        if await self._fail("at once"):
            return
        await self._deliver(take)

    async def _deliver(self, take: Rendering) -> None:
        step = FRAME * FRAMES_AT_ONCE + ("bytes in odd portions" in self._faults)
        words = deque(take.words)
        half = len(take.audio) // 2
        for begin in range(0, len(take.audio), step):
            while words and (type(words[0][1]) is str or words[0][1] * 6000 <= begin + 7200):
                await self._socket.send_str(_boundary(*words.popleft()))
            await self._socket.send_bytes(
                _binary("audio", "audio/mpeg", take.audio[begin : begin + step])
            )
            await asyncio.sleep(0.3 if "drips" in self._faults else 0.01 * ("slow" in self._faults))
            if begin <= half < begin + step and await self._fail("midway"):
                return
        for word in words:
            await self._socket.send_str(_boundary(*word))
        while "never ends" in self._faults:
            await asyncio.sleep(0.001)  # see who has left meanwhile
            await self._socket.send_bytes(_binary("audio", "audio/mpeg", bytes(50_000)))
        if await self._fail("before the end"):
            return
        await self._socket.send_bytes(_binary("audio", "", b""))
        await self._socket.send_str(f"{TEXT}turn.end\r\n\r\n{{}}")
        if "no goodbye" in self._faults:
            await _hold(self._request)
        await self._socket.receive()

    async def _fail(self, when: str) -> bool:
        """Whether the turn has failed at this point."""
        if when == "at once" and "no audio" in self._faults:
            await self._socket.send_str(f"{TEXT}turn.end\r\n\r\n{{}}")
            return True
        if when == "at once" and "closes early" in self._faults:
            await self._socket.close(code=1007, message=b"Unsupported voice")
            return True
        for how, act in HOW.items():
            if f"{how} {when}" in self._faults:
                await act(self._request, self._socket)
                return True
        return False


async def _reset(request: web.Request, _: web.WebSocketResponse) -> None:
    assert request.transport is not None
    request.transport.abort()


async def _break_off(request: web.Request, _: web.WebSocketResponse) -> None:
    assert request.transport is not None
    request.transport.close()


async def _close(_: web.Request, socket: web.WebSocketResponse) -> None:
    await socket.close(code=1011)


async def _stall(request: web.Request, _: web.WebSocketResponse) -> None:
    await _hold(request)


HOW: dict[str, Callable[[web.Request, web.WebSocketResponse], Awaitable[None]]] = {
    "stalls": _stall,
    "resets": _reset,
    "closes": _close,
    "breaks off": _break_off,
}


def _long_name(short: str) -> str:
    language, region, name = short.split("-")
    return f"Microsoft Server Speech Text to Speech Voice ({language}-{region}, {name})"


async def _send(socket: web.WebSocketResponse, message: str | bytes) -> None:
    await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))


def _boundary(word: str, start_s: Any, length_s: float) -> str:
    offset = start_s if isinstance(start_s, str) else round(start_s * 1e7)
    text = {"Text": word, "Length": len(word), "BoundaryType": "WordBoundary"}
    data = {"Offset": offset, "Duration": round(length_s * 1e7), "text": text}
    return MARKS + json.dumps({"Metadata": [{"Type": "WordBoundary", "Data": data}]})


class Listener(logging.Handler):
    """Hears of every exception that the stand-in itself did not expect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(repr(record.exc_info))


@contextmanager
def standing_in(monkeypatch: pytest.MonkeyPatch, limits: Limits = PATIENT) -> Iterator[StandIn]:
    """Lead edge_tts to a stand-in, with limits in a hurry, in a client that has learnt nothing."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.delenv("UNDERSONG_PROXY", raising=False)
    monkeypatch.setattr(Edge, "limits", limits)
    monkeypatch.setattr(DRM, "clock_skew_seconds", 0.0)
    own_faults = Listener()
    with StandIn() as service:
        monkeypatch.setattr(edge_tts.communicate, "WSS_URL", service.url)
        monkeypatch.setattr(edge_tts.voices, "VOICE_LIST", service.list_url)
        service.heal()
        logging.getLogger("aiohttp.server").addHandler(own_faults)
        yield service
        logging.getLogger("aiohttp.server").removeHandler(own_faults)
        service.heal()
    assert not own_faults.heard, own_faults.heard
