"""Processes that share a cache share the places at an online engine, whoever of them dies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import edge_narrator
import pytest
from edge_stand_in import StandIn, rendering, standing_in
from voices_kit import make_library

from undersong.errors import VoiceError
from undersong.recipes.library import Library
from undersong.testing.engines import sentence
from undersong.voices.contract import RawTake, Request
from undersong.voices.edge import Edge, EdgeOptions
from undersong.voices.fake import Fake, FakeOptions
from undersong.voices.speak import Line, speak
from undersong.voices.takes import Origin, TakeStore, take_key

PLACES = Edge.parallel
WORDS = ("sea", "sand", "wind", "light", "stone", "grass")
ONLINE = "title: Online\nlanguage: en-US\nengines:\n  - engine: edge\n"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(monkeypatch) as stand_in:
        stand_in.lasting = "slow"
        yield stand_in


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "library", online=ONLINE)


def texts_of(number: int) -> list[str]:
    return [f"Of the {word}, breath {'again ' * number}now." for word in WORDS]


def begin(service: StandIn, library: Library, number: int) -> "subprocess.Popen[str]":
    recipe = library.root / f"recipes/track-{number}.md"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(f"---\ntitle: {number}\nvoice: online\n---\n\n{' '.join(texts_of(number))}\n")
    words = [str(recipe), str(library.root / "cache"), service.url, service.list_url]
    return subprocess.Popen(
        [sys.executable, edge_narrator.__file__, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_together_have_no_more_connections_than_one(
    service: StandIn, library: Library
) -> None:
    processes = [begin(service, library, number) for number in range(4)]
    service.asking.wait(60)
    os.kill(processes[0].pid, signal.SIGKILL)
    for number, process in enumerate(processes[1:], 1):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, (number, err)
    processes[0].communicate(timeout=60)
    assert service.peak == PLACES
    said = {wish["text"] for wish in service.asked}
    assert said >= {text for number in (1, 2, 3) for text in texts_of(number)}
    takes = [path.read_bytes() for path in (library.root / "cache").rglob("takes/*/*.take")]
    for text in texts_of(1):
        assert any(rendering(text).audio in take for take in takes), text


def test_threads_of_one_process_share_the_places_too(service: StandIn, tmp_path: Path) -> None:
    def say(text: str) -> bytes:
        edge = Edge(EdgeOptions(), Path())
        with TakeStore(tmp_path).turn(edge):
            return edge.say(sentence(text)).audio

    texts = texts_of(1) * 2
    with ThreadPoolExecutor(len(texts)) as pool:
        assert list(pool.map(say, texts)) == [rendering(text).audio for text in texts]
    assert service.peak == PLACES


def test_what_speaks_on_this_computer_needs_no_place(tmp_path: Path) -> None:
    fake = Fake(FakeOptions(), Path())
    with ExitStack() as held:
        for _ in range(fake.parallel + 1):
            held.enter_context(TakeStore(tmp_path).turn(fake))
        assert not (tmp_path / "locks").exists()


def test_a_failure_ends_those_that_wait_for_a_place(tmp_path: Path) -> None:
    class Hoarse(Fake):
        """Two at once; the first fails, and the second lasts until the engine is closed."""

        name = "hoarse"
        online = True
        parallel = 2
        asked = 0
        closed = threading.Event()

        def say(self, request: Request) -> RawTake:
            Hoarse.asked += 1
            if Hoarse.asked > 1:
                assert self.closed.wait(60)
            raise VoiceError(f"out of breath at {request.text}")

        def close(self) -> None:
            self.closed.set()

    engine, store = Hoarse(FakeOptions(), Path()), TakeStore(tmp_path)
    origin = Origin.of(engine, FakeOptions())
    requests = [sentence(text) for text in texts_of(0)]
    lines = [Line(key=take_key(origin, r), request=r, place="x:1", count=1) for r in requests]
    with store.turn(engine), pytest.raises(VoiceError, match="out of breath"):
        speak(engine, origin, lines, store, lambda _: None)
    assert Hoarse.asked <= 2
    assert not list((tmp_path / "locks").iterdir())
