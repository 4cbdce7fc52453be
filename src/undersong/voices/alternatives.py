"""Other takes of a phrase: listed, made, heard side by side, and chosen."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.files import write_bytes
from undersong.soundbytes import wav_bytes
from undersong.units import SAMPLE_RATE
from undersong.voices.accept import Said, accept
from undersong.voices.align import Aligner
from undersong.voices.cast import expect_able
from undersong.voices.desk import MOST_TAKES, Desk, Phrase, once
from undersong.voices.level import Survey, voice_gain
from undersong.voices.measured import Finish, measure_take, recall
from undersong.voices.pins import Pin, merge_pins
from undersong.voices.recorded import take_name
from undersong.voices.registry import engine_class
from undersong.voices.speak import Line, speak
from undersong.voices.takes import Origin, TakeStore
from undersong.voices.tone import Tone
from undersong.voices.trim import cut, survey
from undersong.voices.voice import EngineChoice

MARGIN_DB: Final = 6.0
"""Alternatives are written this much softer than in a track, for one of them may be louder."""


class TakeRow(Struct, frozen=True, kw_only=True):
    """What is known of one phrase's take.

    Attributes:
        number: of the phrase in the script, from 1.
        line: of the recipe file.
        take: number of the take that a render uses.
        takes: numbers of all takes in the cache.
        locked: whether the choice is in `takes.lock`.
        cached: whether the take is in the cache.
        length_s: of the speech in it, None when it is not cached.
        level_lufs: of that speech at the voice's gain, before phrases are evened, likewise.
    """

    number: int
    line: int
    voice: str
    engine: str
    take: int
    takes: tuple[int, ...]
    locked: bool
    cached: bool
    length_s: float | None
    level_lufs: float | None
    text: str


def take_rows(desk: Desk) -> tuple[TakeRow, ...]:
    """Return a row for every phrase, in order.

    Raises:
        VoiceError: a take in the cache holds no speech.
        OutputError: the cache cannot be used.
    """
    entries = {phrase: phrase.entry(desk.store, phrase.take) for phrase in desk.phrases}
    gains = _gains(desk, entries)
    return tuple(_row(desk, phrase, entry, gains) for phrase, entry in entries.items())


def make_again(
    desk: Desk, phrases: Sequence[Phrase], take: int | None = None, tick: Tick | None = None
) -> dict[Phrase, int]:
    """Make another take of each phrase and return its number; those that are there stay.

    Nothing is locked. A take of the number asked for that is there already is not made again.

    Args:
        desk: where they lie.
        phrases: which ones.
        take: number to be made; by default the one after the highest.
        tick: told of every phrase.

    Raises:
        VoiceError: an engine always says the same, cannot run here, or failed.
        OutputError: the cache cannot be used.
    """
    for phrase in phrases:
        if engine_class(phrase.choice.engine).repeatable:
            raise VoiceError(
                f"{phrase.place}: {phrase.choice.engine} says a phrase always the same way",
                hint="change its words, its rate, or the voice's lexicon",
            )
    numbers = {phrase: take or _next(desk, phrase) for phrase in once(phrases)}
    _say(desk, numbers, tick)
    return numbers


def remake_missing(desk: Desk, tick: Tick | None = None) -> tuple[Pin, ...]:
    """Have every locked take that is not in the cache said anew, and lock what was said.

    Raises:
        VoiceError: an engine cannot run here, or failed; what is locked stays.
        OutputError: the cache or the lock file cannot be written.
    """
    numbers = {phrase: phrase.take for phrase in desk.missing()}
    _say(desk, numbers, tick)
    pins = tuple(_accept(desk, phrase, take) for phrase, take in numbers.items())
    merge_pins(desk.lock, pins, replace=True)
    return pins


def pick(desk: Desk, phrase: Phrase, take: int) -> Pin:
    """Lock a take of a phrase; the one that was locked stays in the cache under its number.

    Raises:
        VoiceError: there is no such take in the cache.
        FaultsError: the lock file holds faults.
        OutputError: the cache or the lock file cannot be written.
    """
    if phrase.entry(desk.store, take) is None:
        there = ", ".join(map(str, phrase.takes(desk.store))) or "none"
        raise VoiceError(
            f"{phrase.place}: there is no take {take} of “{phrase.text}” in the cache",
            hint=f"there are: {there}; `undersong takes again` makes more",
        )
    if phrase.pin and take == phrase.pin.take:
        return phrase.pin
    _keep_locked(desk, phrase)
    pin = _accept(desk, phrase, take)
    merge_pins(desk.lock, [pin], replace=True)
    return pin


def write_alternatives(desk: Desk, phrases: Sequence[Phrase], folder: Path) -> tuple[Path, ...]:
    """Write every take of phrases as mono WAV, named so that those of one phrase lie together.

    Takes of one phrase share one gain, so that the louder one is the louder one.

    Raises:
        VoiceError: a take holds no speech.
        OutputError: the folder cannot be written.
    """
    return tuple(path for phrase in phrases for path in _written(desk, phrase, folder))


def _say(desk: Desk, numbers: dict[Phrase, int], tick: Tick | None) -> None:
    """Bring takes into the store, engine by engine."""
    for choice in _engines(numbers):
        lines = [
            Line(key=_key(phrase, take), request=phrase.request, place=phrase.place, count=1)
            for phrase, take in numbers.items()
            if phrase.choice == choice
        ]
        unsaid = [line for line in lines if desk.store.get(line.key) is None]
        with closing(engine_class(choice.engine)(choice.options, desk.library)) as engine:
            if unsaid:
                expect_able(engine, unsaid, offline=False)
            origin = Origin.of(engine, choice.options)
            speak(engine, origin, lines, desk.store, tick or (lambda _n: None))


def _engines(phrases: Iterable[Phrase]) -> list[EngineChoice]:
    found: list[EngineChoice] = []
    for phrase in phrases:
        if phrase.choice not in found:
            found.append(phrase.choice)
    return found


def _next(desk: Desk, phrase: Phrase) -> int:
    highest = max((*phrase.takes(desk.store), phrase.pin.take if phrase.pin else 0))
    if highest >= MOST_TAKES:
        raise VoiceError(f"{phrase.place}: there are {MOST_TAKES} takes of “{phrase.text}” already")
    return highest + 1


def _key(phrase: Phrase, take: int) -> str:
    key = phrase.key(take)
    if key is None:
        raise VoiceError(f"{phrase.place}: {phrase.choice.engine} cannot run here")
    return key


def _accept(desk: Desk, phrase: Phrase, take: int) -> Pin:
    said = Said(
        choice=phrase.choice,
        request=phrase.request,
        key=_key(phrase, take),
        fingerprint=phrase.origin.fingerprint if phrase.origin else "",
        take=take,
    )
    return accept(desk.store, said)


def _keep_locked(desk: Desk, phrase: Phrase) -> None:
    """See that the locked take can be picked again after another one has been."""
    entry = desk.store.entry(phrase.pin.name) if phrase.pin else None
    if phrase.pin and entry is not None:
        desk.store.put_entry(_key(phrase, phrase.pin.take), entry)


def _gains(desk: Desk, entries: dict[Phrase, str | None]) -> dict[str, float]:
    """Return the gain that each voice has with the takes that are there."""
    voices: dict[str, list[Survey]] = {}
    for phrase, entry in entries.items():
        if entry is not None:
            voices.setdefault(phrase.voice, []).append(_survey(desk.store, entry, phrase.tone))
    return {voice: voice_gain(surveys) for voice, surveys in voices.items()}


def _survey(store: TakeStore, key: str, tone: Tone | None) -> Survey:
    known = recall(store, key, tone)
    if known is not None:
        return known.survey
    take = store.get(key)
    if take is None:
        raise VoiceError("a take left the cache while it was looked at", hint="run again")
    return survey(take, tone)


def _row(desk: Desk, phrase: Phrase, entry: str | None, gains: dict[str, float]) -> TakeRow:
    facts = None
    if entry is not None:
        surveyed = _survey(desk.store, entry, phrase.tone)
        exact = not engine_class(phrase.choice.engine).online
        finish = Finish(gain_db=gains[phrase.voice], tone=phrase.tone, exact=exact)
        facts = measure_take(
            desk.store, entry, phrase.request, surveyed, finish=finish, aligner=Aligner()
        ).facts
    return TakeRow(
        number=phrase.number,
        line=phrase.line,
        voice=phrase.voice,
        engine=phrase.choice.engine,
        take=phrase.take,
        takes=phrase.takes(desk.store),
        locked=phrase.pin is not None,
        cached=entry is not None,
        length_s=round(facts.speech / SAMPLE_RATE, 3) if facts else None,
        level_lufs=round(facts.level_lufs, 1) if facts else None,
        text=phrase.text,
    )


def _written(desk: Desk, phrase: Phrase, folder: Path) -> Iterator[Path]:
    named = ((take, phrase.entry(desk.store, take)) for take in phrase.takes(desk.store))
    found = {take: desk.store.get(name) for take, name in named if name}
    takes = {number: take for number, take in found.items() if take is not None}
    if not takes:
        return
    gain_db = voice_gain([survey(next(iter(takes.values())), phrase.tone)]) - MARGIN_DB
    for number, take in takes.items():
        frames = cut(take, gain_db, phrase.tone).frames
        path = folder / f"{phrase.number:03d}-{take_name(phrase.text)}-take{number}.wav"
        write_bytes(path, wav_bytes(frames, SAMPLE_RATE))
        yield path
