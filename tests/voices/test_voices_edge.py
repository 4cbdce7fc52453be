"""The Edge engine against a stand-in that speaks the service's protocol on this machine."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import edge_tts.communicate
import pytest
from edge_stand_in import FAST, VOICES, StandIn, rendering, standing_in
from edge_tts.drm import DRM
from msgspec.structs import replace
from pydantic import ValidationError

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices.contract import Blocked, Refused, Request, SpokenWord, Transient
from undersong.voices.edge import Edge, EdgeOptions, reach
from undersong.voices.edge.breaker import OPEN_S, Breaker
from undersong.voices.edge.living import nearest_voices
from undersong.voices.takes import Origin, take_key

TEXT = "Let yourself arrive."
LINE = sentence(TEXT)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(monkeypatch) as stand_in:
        yield stand_in


def engine(**options: object) -> Edge:
    return Edge(EdgeOptions.model_validate(options), Path())


def test_it_keeps_the_contract(service: StandIn, tmp_path: Path) -> None:
    check_engine(Edge, EdgeOptions(), tmp_path)
    assert service.peak <= 3


def test_voice_rate_and_pitch_reach_the_service(service: StandIn) -> None:
    options = EdgeOptions(voice="en-GB-SoniaNeural", rate_percent=-10, pitch_hz=-3)
    Edge(options, Path()).say(sentence("Let go & be.", rate=0.8))
    asked = service.asked[0]
    assert asked["voice"].endswith("(en-GB, SoniaNeural)")
    assert (asked["text"], asked["rate"], asked["pitch"]) == ("Let go & be.", "-28%", "-3Hz")


def test_words_are_found_among_those_that_the_service_names(service: StandIn) -> None:
    assert not service.lasting
    words = ("four, seven, eight", "", "It\u2019s", "here.")
    request = Request(
        words=tuple(SpokenWord(text=word) for word in words), written="4-7-8 –", language="en-US"
    )
    marks = engine().say(request).marks
    assert [mark.word for mark in marks] == [0, 0, 0, 2, 3]
    assert [round(mark.start_s, 2) for mark in marks] == [0.1, 0.45, 0.85, 1.25, 1.6]


def test_a_language_without_spaces_is_marked_letter_by_letter(service: StandIn) -> None:
    service.voices = (*VOICES, "zh-CN-XiaoxiaoNeural")
    take = engine(voice="zh-CN-XiaoxiaoNeural").say(sentence("感受你的呼吸，慢慢放松身体。"))
    assert [mark.word for mark in take.marks] == [0, 0, 0, 0]
    service.faults.append("half the marks")
    assert (
        engine(voice="zh-CN-XiaoxiaoNeural").say(sentence("感受你的呼吸，慢慢放松身体。")) == take
    )
    assert service.connections == 3


@pytest.mark.parametrize("text", ["", "– …", "\ud800 lone", "not \uffff a letter"])
def test_what_can_never_be_said_is_refused_without_asking(service: StandIn, text: str) -> None:
    with pytest.raises(Refused, match=r"nothing in it to say|cannot be sent"):
        engine().say(sentence(text))
    assert engine().unsayable([LINE, sentence(text)]).keys() == {1}
    assert service.connections == 0


def test_closing_ends_what_is_under_way_and_what_comes_after(service: StandIn) -> None:
    service.lasting = "stalls at once"
    edge = engine()

    def close_soon() -> None:
        service.asking.wait(20)
        edge.close()

    closer = threading.Thread(target=close_soon)
    closer.start()
    with pytest.raises(VoiceError, match="was stopped"):
        edge.say(LINE)
    closer.join()
    edge.close()
    with pytest.raises(VoiceError, match="was stopped"):
        edge.say(LINE)
    assert len(service.asked) == 1


def test_closing_ends_all_that_are_under_way(service: StandIn) -> None:
    service.lasting = "stalls at once"
    edge = engine()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(edge.say, LINE) for _ in range(8)]
        service.asking.wait(20)
        edge.close()
        failures = [future.exception(20) for future in waiting]
    assert {str(failure) for failure in failures} == {"the Edge voice was stopped while it spoke"}


# --- when the service shuts us out ---------------------------------------------------------------


def test_who_is_shut_out_does_not_knock_again(service: StandIn) -> None:
    service.lasting = "forbidden"
    with pytest.raises(Blocked, match="upgrade edge-tts"):
        engine().say(LINE)
    asked = service.connections
    with pytest.raises(Blocked, match="upgrade edge-tts"):
        engine(voice="en-GB-SoniaNeural").say(LINE)
    assert "upgrade edge-tts" in (engine().check() or "")
    assert service.connections == asked
    service.heal()
    assert engine().check() is None
    assert engine().say(LINE).audio == rendering(TEXT).audio


def test_a_wrong_clock_is_said_first(service: StandIn) -> None:
    service.lasting, service.date = "forbidden", "Sat, 01 Jan 2000 00:00:00 GMT"
    with pytest.raises(Blocked, match=r"\(403\): set this computer's clock, which is \d+ minutes"):
        engine().say(LINE)
    assert DRM.clock_skew_seconds < -1e6


def test_a_withdrawn_voice_is_said_with_the_nearest_that_live(service: StandIn) -> None:
    with pytest.raises(Blocked) as caught:
        engine(voice="en-US-AvvaNeural").say(LINE)
    assert "no longer has the voice en-US-AvvaNeural" in caught.value.message
    assert "nearest to it are en-US-AvaNeural, en-US-AndrewNeural" in caught.value.message
    with pytest.raises(Blocked, match="no longer has the voice"):
        engine(voice="en-US-AvvaNeural").say(LINE)
    assert (len(service.asked), service.lists) == (1, 1)
    assert engine(voice="en-US-AvaNeural").say(LINE).audio


@pytest.mark.parametrize("fault", ["down", "stalls"])
def test_a_withdrawn_voice_is_said_even_without_the_list(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "stalls":
        monkeypatch.setattr(Edge, "limits", FAST)
    service.list_fault = fault
    with pytest.raises(Blocked, match=r"sent no sound, nor its list of voices.*was withdrawn"):
        engine(voice="en-US-AvvaNeural").say(LINE)
    assert (len(service.asked), service.lists) == (FAST.tries, 1)
    assert engine().say(LINE).audio


def test_a_voice_that_lives_and_is_silent_once_is_asked_again(service: StandIn) -> None:
    service.faults.append("no audio")
    assert engine().say(LINE).audio == rendering(TEXT).audio


def test_nearest_voices_are_of_the_same_place_else_language_else_any() -> None:
    living = ("de-DE-KatjaNeural", "en-GB-SoniaNeural", "en-US-AvaNeural")
    assert nearest_voices("en-US-EvaNeural", living) == ("en-US-AvaNeural",)
    assert nearest_voices("de-AT-JonasNeural", living) == ("de-DE-KatjaNeural",)
    assert len(nearest_voices("fr-FR-EloiseNeural", living)) == 3
    assert nearest_voices("fr-FR-EloiseNeural", ()) == ()


def test_a_breaker_shuts_a_key_and_all_longer_ones_for_a_while() -> None:
    now_s = [0.0]
    breaker = Breaker(lambda: now_s[0])
    breaker.shut(Blocked("gone", hint="look"), "proxy", "ava")
    assert breaker.why_shut("proxy", "andrew") is None
    with pytest.raises(Blocked, match="gone") as caught:
        breaker.expect_open("proxy", "ava")
    assert caught.value.hint == "look"
    breaker.shut(Blocked("closed"), "proxy")
    assert str(breaker.why_shut("proxy", "andrew")) == "closed"
    assert breaker.why_shut("", "ava") is None
    now_s[0] = OPEN_S / 2
    breaker.shut(Blocked("still closed"), "proxy")
    now_s[0] = OPEN_S
    breaker.expect_open("proxy", "ava")


# --- limits --------------------------------------------------------------------------------------


def test_all_tries_together_have_their_time(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(FAST, tries=1000, total_s=1.0, first_s=0.3)
    monkeypatch.setattr(Edge, "limits", limits)
    service.lasting = "stalls at once"
    begun_s = time.monotonic()
    with pytest.raises(Transient, match=r"has stalled \(tried \d times\)"):
        engine().say(LINE)
    assert time.monotonic() - begun_s < 1.0 + 5.0
    assert 2 <= service.connections <= 5


def test_one_try_that_takes_all_the_time_is_said_so(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Edge, "limits", replace(FAST, total_s=0.2))
    service.lasting = "stalls at once"
    with pytest.raises(Transient, match=r"did not finish in time \(tried once\)"):
        engine().say(LINE)


def test_a_name_that_the_system_never_finds_does_not_hang(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = threading.Event()

    def never(*_: object, **__: object) -> None:
        found.wait(60)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(Edge, "limits", replace(FAST, tries=1, first_s=0.2))
    monkeypatch.setattr(edge_tts.communicate, "WSS_URL", "ws://speech.example:9/edge?x=y")
    monkeypatch.setattr("socket.getaddrinfo", never)
    with pytest.raises(Transient, match="has stalled"):
        engine().say(LINE)
    found.set()
    assert service.connections == 0


def test_a_name_that_is_not_found_is_said(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(edge_tts.communicate, "WSS_URL", "ws://speech.example:9/edge?x=y")
    monkeypatch.setattr("socket.getaddrinfo", fail)
    with pytest.raises(Transient, match="name cannot be looked up: is there a network"):
        engine().say(LINE)
    assert service.connections == 0


# --- proxies and reach ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["option", "variable", "system"])
def test_a_proxy_is_used(service: StandIn, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    proxy = f"http://127.0.0.1:{service.port}"
    monkeypatch.setattr(
        edge_tts.communicate, "WSS_URL", service.url.replace("127.0.0.1", "far.example")
    )
    if how == "variable":
        monkeypatch.setenv("UNDERSONG_PROXY", proxy)
    if how == "system":
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("ws_proxy", proxy)
    edge = engine(proxy=proxy) if how == "option" else engine()
    assert edge.check() is None
    assert edge.say(LINE).audio == rendering(TEXT).audio
    assert service.through_proxy == 1


def test_a_proxy_is_no_part_of_a_take_and_of_no_record() -> None:
    proxied = EdgeOptions(proxy="http://me:secret@proxy.example:3128")
    assert "proxy" not in proxied.model_dump(mode="json")
    keys = {
        take_key(Origin(engine="edge", fingerprint="edge 1", options=options), LINE)
        for options in (proxied, EdgeOptions())
    }
    assert len(keys) == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "127.0.0.1:3128", "http://a b"])
def test_what_is_no_proxy_is_refused(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    with pytest.raises(ValidationError):
        EdgeOptions(proxy=proxy)
    monkeypatch.setenv("UNDERSONG_PROXY", proxy)
    assert "is no address of an HTTP proxy" in (engine().check() or "")
    with pytest.raises(Refused, match="is no address of an HTTP proxy"):
        engine().say(LINE)
    assert service.connections == 0


def test_a_proxy_that_is_away_is_said(service: StandIn) -> None:
    edge = engine(proxy="http://me:secret@127.0.0.1:1")
    assert edge.check() == "127.0.0.1 cannot be reached: Connection refused"
    with pytest.raises(Transient, match="the proxy before the Edge service") as caught:
        edge.say(LINE)
    assert "secret" not in caught.value.message
    assert service.connections == 0


@pytest.mark.parametrize("url", ["ws://far.example/edge?x=y", "wss://far.example/edge?x=y"])
def test_a_proxy_that_wants_a_password_is_said(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with one_answer(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    ) as port:
        monkeypatch.setattr(edge_tts.communicate, "WSS_URL", url)
        with pytest.raises(Blocked, match=r"\(407\): check its address, name and password"):
            engine(proxy=f"http://127.0.0.1:{port}").say(LINE)
    assert service.connections == 0


def test_a_certificate_of_somebody_else_is_said(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def distrust(*_: object, **__: object) -> None:
        raise aiohttp.ClientConnectorCertificateError(None, ValueError("self-signed"))  # type: ignore[arg-type]

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", distrust)
    with pytest.raises(Blocked, match=r"certificate is not to be trusted.*clock"):
        engine().say(LINE)
    assert service.connections == 0


class one_answer:  # noqa: N801 - reads as a phrase where it is used
    """A server that gives everybody the same answer."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> int:
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(20)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer)
        await writer.drain()
        writer.close()


def test_nobody_there_is_a_reason(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = engine()
    assert edge.check() is None
    monkeypatch.setattr(edge_tts.communicate, "WSS_URL", f"ws://127.0.0.1:1/{service.port}")
    assert edge.check() == "127.0.0.1 cannot be reached: Connection refused"
    with pytest.raises(Transient, match="the connection to the Edge service failed"):
        edge.say(LINE)


def test_the_proxy_of_the_system_is_what_must_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "UNDERSONG_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert (engine().check() or "").startswith("127.0.0.1 cannot be reached")
    assert reach.first_hop("http://other.example:3128") == ("other.example", 3128)
    monkeypatch.setenv("NO_PROXY", "*")
    assert reach.first_hop(None)[1] == 443


def test_a_name_that_nobody_looks_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(reach, "REACH_S", 0.05)

    def hang(*_: object) -> None:
        answered.wait(20)
        raise OSError(110, "Connection timed out")

    monkeypatch.setattr("socket.create_connection", hang)
    assert "no answer within 0.05 s" in (engine().check() or "")
    answered.set()


def test_a_missing_package_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert engine().check() == "the package edge-tts is not installed"


def test_naming_the_engine_loads_nothing_slow() -> None:
    slow = "edge_tts", "aiohttp", "tenacity", "soundfile"
    code = (
        f"import sys; import undersong.voices.edge; print([m for m in {slow} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


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
