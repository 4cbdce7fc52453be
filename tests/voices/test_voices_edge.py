"""The Edge engine against a stand-in that speaks the service's protocol on this machine."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Self

import edge_tts.communicate
import numpy as np
import pytest
from aiohttp import WSMsgType, web
from pydantic import ValidationError
from voices_kit import Array, wav

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices import edge
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.edge import Edge, EdgeOptions

RATE = 24_000
LINE = sentence("Let yourself arrive.")


def tones(words: list[str]) -> tuple[Array, list[tuple[str, float, float]]]:
    """Return a tone per word as the service pads it, and when each is said."""
    t = np.arange(RATE // 4) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * t) * np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
    gap = np.zeros(RATE // 10)
    sound = [np.zeros(RATE // 5), *(part for _ in words for part in (tone, gap))]
    named = [(word, 0.1 + 0.35 * k, 0.25) for k, word in enumerate(words)]
    return np.concatenate([*sound, np.zeros(RATE // 2)]), named


class StandIn:
    """One WebSocket route; `fault` says how it fails."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked: list[dict[str, str]] = []
        self.asking = threading.Event()
        self.port = 0
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

    def _run(self) -> None:
        app = web.Application()
        app.router.add_get("/edge", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = runner.addresses[0][1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.fault == "busy":
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type == WSMsgType.TEXT and "Path:ssml" in message.data:
                await self._turn(socket, message.data.partition("\r\n\r\n")[2])
                break
        return socket

    async def _turn(self, socket: web.WebSocketResponse, ssml: str) -> None:
        voice = re.search("<voice name='([^']*)'>", ssml)
        prosody = re.search(
            "<prosody pitch='(.*?)' rate='(.*?)' volume='.*?'>(.*?)</prosody>", ssml
        )
        assert voice is not None
        assert prosody is not None
        text = unescape(prosody[3])
        self.asked.append(
            {"voice": voice[1], "pitch": prosody[1], "rate": prosody[2], "text": text}
        )
        self.asking.set()
        sound, named = tones(re.findall(r"[\w']+", text))
        audio = wav(sound, RATE, form="MP3", subtype="MPEG_LAYER_III")
        await socket.send_str("Path:turn.start\r\n\r\n{}")
        if self.fault == "stall":
            await asyncio.sleep(60)
        for word, start_s, length_s in named:
            await socket.send_str(_boundary(word, start_s, length_s))
        head = b"X-RequestId:1\r\nPath:audio\r\nContent-Type:audio/mpeg\r\n"
        cut = audio[: len(audio) // 2] if self.fault == "break off" else audio
        if self.fault != "silence":
            await socket.send_bytes(len(head).to_bytes(2, "big") + head + cut)
        if self.fault != "break off":
            await socket.send_str("Path:turn.end\r\n\r\n{}")
        await socket.close()


def _boundary(word: str, start_s: float, length_s: float) -> str:
    data = {
        "Offset": round(start_s * 1e7),
        "Duration": round(length_s * 1e7),
        "text": {"Text": word, "Length": len(word), "BoundaryType": "WordBoundary"},
    }
    body = {"Metadata": [{"Type": "WordBoundary", "Data": data}]}
    return f"Path:audio.metadata\r\n\r\n{json.dumps(body)}"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with StandIn() as stand_in:
        url = f"ws://127.0.0.1:{stand_in.port}/edge?TrustedClientToken=x"
        monkeypatch.setattr(edge_tts.communicate, "WSS_URL", url)
        yield stand_in


def test_it_keeps_the_contract(service: StandIn, tmp_path: Path) -> None:
    assert service.fault == ""
    check_engine(Edge, EdgeOptions(), tmp_path)


def test_voice_rate_and_pitch_reach_the_service(service: StandIn) -> None:
    options = EdgeOptions(voice="en-GB-SoniaNeural", rate_percent=-10, pitch_hz=-3)
    Edge(options, Path()).say(sentence("Let go & be.", rate=0.8))
    asked = service.asked[0]
    assert asked["voice"].endswith("(en-GB, SoniaNeural)")
    assert (asked["text"], asked["rate"], asked["pitch"]) == ("Let go & be.", "-28%", "-3Hz")


def test_words_are_found_among_those_that_the_service_names(service: StandIn) -> None:
    assert service.fault == ""
    words = ("four, seven, eight", "", "It’s", "here.")
    request = Request(
        words=tuple(SpokenWord(text=word) for word in words), written="4-7-8 –", language="en-US"
    )
    marks = Edge(EdgeOptions(), Path()).say(request).marks
    assert [mark.word for mark in marks] == [0, 0, 0, 3]
    assert [round(mark.start_s, 2) for mark in marks] == [0.1, 0.45, 0.8, 1.85]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("busy", "answers 503"),
        ("silence", "No audio was received"),
        ("break off", "broke off in the middle"),
    ],
)
def test_every_failure_is_a_sentence(service: StandIn, fault: str, words: str) -> None:
    service.fault = fault
    with pytest.raises(VoiceError, match=words):
        Edge(EdgeOptions(), Path()).say(LINE)


def test_a_stall_ends(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "TURN_S", 0.2)
    monkeypatch.setattr(edge, "LETTER_S", 0.0)
    service.fault = "stall"
    with pytest.raises(VoiceError, match="did not finish in time"):
        Edge(EdgeOptions(), Path()).say(LINE)


def test_closing_ends_what_is_under_way_and_what_comes_after(service: StandIn) -> None:
    service.fault = "stall"
    engine = Edge(EdgeOptions(), Path())

    def close_soon() -> None:
        service.asking.wait(20)
        engine.close()

    closer = threading.Thread(target=close_soon)
    closer.start()
    with pytest.raises(VoiceError, match="was stopped"):
        engine.say(LINE)
    closer.join()
    engine.close()
    with pytest.raises(VoiceError, match="was stopped"):
        engine.say(LINE)


def test_nobody_there_is_a_reason(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Edge(EdgeOptions(), Path())
    assert engine.check() is None
    monkeypatch.setattr(edge_tts.communicate, "WSS_URL", f"ws://127.0.0.1:1/{service.port}")
    assert engine.check() == "127.0.0.1 cannot be reached: Connection refused"
    with pytest.raises(VoiceError, match="the Edge service failed"):
        engine.say(LINE)


def test_a_proxy_is_what_must_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert (Edge(EdgeOptions(), Path()).check() or "").startswith("127.0.0.1 cannot be reached")


def test_a_name_that_nobody_looks_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(edge, "REACH_S", 0.05)

    def hang(*_: object) -> None:
        answered.wait(20)
        raise OSError(110, "Connection timed out")

    monkeypatch.setattr("socket.create_connection", hang)
    assert "no answer within 0.05 s" in (Edge(EdgeOptions(), Path()).check() or "")
    answered.set()


def test_a_missing_package_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert Edge(EdgeOptions(), Path()).check() == "the package edge-tts is not installed"


@pytest.mark.parametrize(
    "voice", ["Ava", "en-US-Ava", "en-US-AvaNeural\n", "en-US-Ava'/><x>Neural", "EN-us-AvaNeural"]
)
def test_a_voice_name_that_is_none_is_refused(voice: str) -> None:
    with pytest.raises(ValidationError):
        EdgeOptions(voice=voice)


@pytest.mark.parametrize(
    "voice",
    [
        "en-US-AvaNeural",
        "zh-CN-liaoning-XiaobeiNeural",
        "fil-PH-AngeloNeural",
        "en-US-AvaMultilingualNeural",
        "iu-Latn-CA-SiqiniqNeural",
    ],
)
def test_voice_names_of_the_service_are_accepted(voice: str) -> None:
    assert EdgeOptions(voice=voice).voice == voice
