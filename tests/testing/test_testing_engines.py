from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ConfigDict

from undersong.testing.engines import SENTENCES, check_engine, sentence
from undersong.voices.contract import EngineOptions, Mark, RawTake, Request
from undersong.voices.fake import Fake, FakeOptions


class Loose(EngineOptions):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Soft(EngineOptions):
    model_config = ConfigDict(extra="forbid", frozen=False)


def with_mark(mark: Mark) -> Callable[[Fake, Request], RawTake]:
    return lambda fake, request: RawTake(audio=Fake.say(fake, request).audio, marks=(mark,))


def backwards(fake: Fake, request: Request) -> RawTake:
    take = Fake.say(fake, request)
    return RawTake(audio=take.audio, marks=take.marks[::-1])


class Drifting(Fake):
    """Says everything a little slower each time."""

    said: ClassVar[int] = 0

    def say(self, request: Request) -> RawTake:
        type(self).said += 1
        words, rate = request.words, request.rate / (1 + self.said / 100)
        return super().say(
            Request(words=words, written=request.written, language="en-US", rate=rate)
        )


FAR = 99.0
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": "my voice"}, "one plain word"),
    "draft": ({"draft": None}, "`draft` must be"),
    "online": ({"online": "no"}, "`online` must be"),
    "reads written": ({"reads_written": True, "repeatable": False}, "needs `repeatable`"),
    "parallel": ({"parallel": 0}, "at least 1"),
    "options of another": ({"Options": Soft}, "not of Soft"),
    "no options": ({"Options": dict}, "subclass of EngineOptions"),
    "empty fingerprint": ({"fingerprint": ""}, "`fingerprint` is empty"),
    "new fingerprint": (
        {"fingerprint": property(lambda self: str(id(self)))},
        "no take is ever reused",
    ),
    "why not": ({"check": lambda _self: "it is hoarse"}, "cannot run here.*hoarse"),
    "junk": ({"say": lambda *_: RawTake(audio=b"junk")}, "no sound we can decode when it said"),
    "mark of no word": ({"say": with_mark(Mark(word=9, start_s=0, length_s=0))}, "names word 9"),
    "silent word": ({"say": with_mark(Mark(word=1, start_s=0, length_s=0))}, "not spoken"),
    "below 0": ({"say": with_mark(Mark(word=0, start_s=-1, length_s=0))}, "below 0"),
    "past the end": ({"say": with_mark(Mark(word=0, start_s=FAR, length_s=0))}, "past the end"),
    "out of order": ({"say": backwards}, "not in order"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_named(name: str, tmp_path: Path) -> None:
    changes, words = BROKEN[name]
    broken = type("Broken", (Fake,), changes)
    with pytest.raises(AssertionError, match=words):
        check_engine(broken, FakeOptions(), tmp_path, SENTENCES[3:] + SENTENCES[:1])


@pytest.mark.parametrize(
    ("options", "words"), [(Loose(), "forbid unknown keys"), (Soft(), "must be frozen")]
)
def test_options_are_strict(options: EngineOptions, words: str, tmp_path: Path) -> None:
    lax = type("Lax", (Fake,), {"Options": type(options)})
    with pytest.raises(AssertionError, match=words):
        check_engine(lax, options, tmp_path)


def test_an_engine_that_says_it_is_repeatable_must_be(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="in other bytes"):
        check_engine(Drifting, FakeOptions(), tmp_path, [sentence("Let go.")])
    honest = type("Honest", (Drifting,), {"repeatable": False})
    check_engine(honest, FakeOptions(), tmp_path, [sentence("Let go.")])
