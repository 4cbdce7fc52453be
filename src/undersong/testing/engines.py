"""Does a voice engine keep its contract? For ours and for strangers', in their own tests."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from undersong.errors import VoiceError
from undersong.soundbytes import read_bytes
from undersong.voices.contract import Engine, EngineOptions, RawTake, Request, SpokenWord
from undersong.voices.trim import survey

PAST_END_S: Final = 0.25
"""Marks of an online voice are in time before its codec, so they may lie a little off."""


def sentence(text: str, *, language: str = "en-US", rate: float = 1.0) -> Request:
    """Return the request for a sentence whose words are said as they are written."""
    words = tuple(SpokenWord(text=word) for word in text.split())
    return Request(words=words, written=text, language=language, rate=rate)


SENTENCES: Final = (
    sentence("Let yourself arrive."),
    sentence("In."),
    sentence("There is nowhere else to be, and nothing else to do."),
    Request(
        words=(SpokenWord(text="twenty"), SpokenWord(text=""), SpokenWord(text="breaths.")),
        written="20 slow breaths.",
        language="en-US",
        rate=0.8,
    ),
)
"""A sentence, a single word, a longer sentence, and a word that another one's substitute says."""


def check_engine(
    engine_class: type[Engine],
    options: EngineOptions,
    library: Path,
    requests: Sequence[Request] = SENTENCES,
) -> None:
    """Prove that an engine keeps the contract of `undersong.voices.contract`.

    Args:
        engine_class: what the entry point names.
        options: with which it can run here.
        library: folder that it is given.
        requests: what it is asked to say; give your own if it can only say some things.

    Raises:
        AssertionError: with a sentence that says which promise is broken.
    """
    _check_class(engine_class, options)
    with closing(engine_class(options, library)) as engine:
        why = engine.check()
        _expect(why is None, f"the engine cannot run here, so it cannot be checked: {why}")
        _check_fingerprint(engine, engine_class(options, library))
        takes = [engine.say(request) for request in requests]
        for request, take in zip(requests, takes, strict=True):
            _check_take(request, take)
        _check_again(engine, requests, takes)
        engine.close()
    _check_fingerprint(engine, engine_class(options, library))


def _expect(kept: object, promise: str) -> None:
    if not kept:
        raise AssertionError(promise)


def _check_class(engine_class: type[Engine], options: EngineOptions) -> None:
    name = engine_class.name
    _expect(name.isidentifier(), f"`name` must be one plain word, not {name!r}")
    for flag in ("draft", "online", "repeatable"):
        value = getattr(engine_class, flag, None)
        _expect(isinstance(value, bool), f"`{flag}` must be True or False, not {value!r}")
    reads_written = getattr(engine_class, "reads_written", False)
    _expect(
        engine_class.repeatable or not reads_written,
        "`reads_written` needs `repeatable`: locks tell phrases apart by what is said only",
    )
    _expect(engine_class.parallel >= 1, "`parallel` must be at least 1")
    model = engine_class.Options
    _expect(issubclass(model, EngineOptions), "`Options` must be a subclass of EngineOptions")
    _expect(isinstance(options, model), f"the options given are not of {model.__name__}")
    _expect(model.model_config.get("extra") == "forbid", "`Options` must forbid unknown keys")
    _expect(model.model_config.get("frozen"), "`Options` must be frozen")
    again = model.model_validate(options.model_dump(mode="json"))
    _expect(again == options, "`Options` must survive a round trip through JSON")


def _check_fingerprint(engine: Engine, other: Engine) -> None:
    _expect(engine.fingerprint, "`fingerprint` is empty: takes of other versions would be reused")
    with closing(other):
        _expect(
            engine.fingerprint == other.fingerprint,
            "two engines of the same options have different fingerprints: no take is ever reused",
        )


def _check_take(request: Request, take: RawTake) -> None:
    said = f"when it said {request.written!r}"
    try:
        survey(take)
    except VoiceError as error:
        raise AssertionError(f"{error.message} {said}") from error
    frames, rate = read_bytes(take.audio)
    length_s = len(frames) / rate
    starts = [mark.start_s for mark in take.marks]
    _expect(starts == sorted(starts), f"marks are not in order of time {said}")
    for mark in take.marks:
        _expect(0 <= mark.word < len(request.words), f"a mark names word {mark.word} {said}")
        _expect(request.words[mark.word].text, f"a mark names a word that is not spoken {said}")
        _expect(min(mark.start_s, mark.length_s) >= 0, f"a mark has a time below 0 {said}")
        end_s = mark.start_s + mark.length_s
        _expect(end_s <= length_s + PAST_END_S, f"a mark lies past the end {said}")


def _check_again(engine: Engine, requests: Sequence[Request], takes: Sequence[RawTake]) -> None:
    """Say everything once more, backwards and as many at once as the engine allows."""
    with ThreadPoolExecutor(engine.parallel) as pool:
        again = list(pool.map(engine.say, reversed(requests)))
    for request, before, after in zip(requests, takes, reversed(again), strict=True):
        _check_take(request, after)
        _expect(
            before == after or not engine.repeatable,
            f"it is said to be repeatable, but {request.written!r} came in other bytes",
        )
