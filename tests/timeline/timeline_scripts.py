"""Recipes for the timeline's tests, written in Python, and takes made up from their words."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal
from zlib import crc32

from msgspec import Struct, field
from msgspec.structs import replace

from undersong.recipes.model import (
    BedLevel,
    BreathPhase,
    Cue,
    Elastic,
    ElasticPause,
    Fades,
    Heading,
    Pace,
    Pause,
    PauseKind,
    Position,
    Recipe,
    SceneChange,
    Script,
    SoundCue,
    Utterance,
    Word,
)
from undersong.timeline.model import TakeFacts, WordTime
from undersong.units import Lufs, Samples

SOUNDS: Mapping[str, int] = {"bell": 9 * 48_000 + 17, "chime": 2 * 48_000}


def elastic(floor: str, natural: str, cap: str) -> Elastic:
    return Elastic(floor=Fraction(floor), natural=Fraction(natural), cap=Fraction(cap))


SLEEP = Pace(
    name="sleep",
    comma=elastic("0.4", "0.6", "1.2"),
    sentence=elastic("1.2", "2", "5"),
    paragraph=elastic("2.5", "4", "10"),
    section=elastic("4", "7", "18"),
    pause=elastic("3", "5", "14"),
    long=elastic("8", "15", "45"),
)


class Page(Struct):
    """A script in the making: each call adds a cue on a line of its own."""

    cues: list[Cue] = field(default_factory=list)
    spoken: int = 0

    def _place(self) -> Position:
        return Position(line=20 + len(self.cues), column=1)

    def _utterance(self, text: str, language: str, rate: float) -> Utterance:
        place = self._place()
        columns = [len(" ".join(text.split()[:k])) + (k > 0) + 1 for k in range(len(text.split()))]
        words = tuple(
            Word(text=word, position=replace(place, column=column))
            for word, column in zip(text.split(), columns, strict=True)
        )
        self.spoken += 1
        return Utterance(
            index=self.spoken - 1, words=words, position=place, language=language, rate=rate
        )

    def say(self, text: str, language: str = "en", rate: float = 1.0) -> "Page":
        self.cues.append(self._utterance(text, language, rate))
        return self

    def paragraph(self, *sentences: str) -> "Page":
        for k, sentence in enumerate(sentences):
            if k:
                self.rest("sentence")
            self.say(sentence)
        return self.rest("paragraph")

    def head(self, title: str) -> "Page":
        self.cues.append(Heading(title=title, position=self._place()))
        return self

    def pause(self, seconds: str) -> "Page":
        self.cues.append(Pause(seconds=Fraction(seconds), position=self._place()))
        return self

    def rest(self, kind: PauseKind, weight: str = "1") -> "Page":
        self.cues.append(ElasticPause(kind=kind, position=self._place(), weight=Fraction(weight)))
        return self

    def phase(
        self,
        name: Literal["in", "hold", "out", "rest"],
        seconds: str,
        text: str | None = None,
        cycle: int = 1,
    ) -> "Page":
        said = self._utterance(text, "en", 1.0) if text else None
        self.cues.append(
            BreathPhase(
                name=name,
                seconds=Fraction(seconds),
                cycle=cycle,
                position=self._place(),
                utterance=said,
            )
        )
        return self

    def breathe(self, into: str, out: str, times: int) -> "Page":
        for cycle in range(1, times + 1):
            self.phase("in", into, "Breathe in" if cycle == 1 else None, cycle)
            self.phase("out", out, "and out" if cycle == 1 else None, cycle)
        return self

    def scene(self, ambience: str | None, over: str) -> "Page":
        self.cues.append(
            SceneChange(ambience=ambience, over=Fraction(over), position=self._place())
        )
        return self

    def bed(self, gain_db: float, over: str) -> "Page":
        self.cues.append(BedLevel(gain_db=gain_db, over=Fraction(over), position=self._place()))
        return self

    def sound(self, sound: str, hold: str | None = None, gain_db: float = 0.0) -> "Page":
        seconds = None if hold is None else Fraction(hold)
        self.cues.append(
            SoundCue(sound=sound, hold=seconds, gain_db=gain_db, position=self._place())
        )
        return self

    def recipe(self, **changes: Any) -> Recipe:
        return replace(PLAIN, script=Script(cues=tuple(self.cues)), **changes)


def fades(fade_in: str, fade_out: str, before: str, after: str) -> Fades:
    return Fades(
        fade_in=Fraction(fade_in),
        fade_out=Fraction(fade_out),
        before=Fraction(before),
        after=Fraction(after),
    )


PLAIN = Recipe(
    path="recipes/evening.md",
    slug="evening",
    title="Evening",
    author="A. Maker",
    album="Evenings",
    language="en",
    voice="shore",
    ambience="waves",
    length=None,
    pace=SLEEP,
    difference_lu=15.0,
    pause_difference_lu=10.0,
    fades=fades("6", "20", "8", "20"),
    loudness="podcast",
    anchor="programme",
    formats=("mp3",),
    style="directive",
    about={},
    artwork=None,
    seed=7,
    variant={},
    script=Script(cues=()),
    lines={"length": Position(line=5, column=9)},
)


def take(utterance: Utterance) -> TakeFacts:
    """Make up a take from the words: about 12 characters a second, never a round number."""
    chance = crc32(utterance.text.encode())
    lengths = [len(word.text) * 4000 + crc32(word.text.encode()) % 1500 for word in utterance.words]
    words, start = [], chance % 700
    for length in lengths:
        words.append(WordTime(start=Samples(start), length=Samples(length - 300)))
        start += length
    return TakeFacts(
        lead=Samples(900 + chance % 300),
        speech=Samples(start),
        tail=Samples(4000 + chance % 2000),
        level_lufs=Lufs(-20 + (chance % 21 - 10) / 10),
        words=tuple(words),
    )


def takes(recipe: Recipe) -> tuple[TakeFacts, ...]:
    return tuple(take(utterance) for utterance in recipe.script.utterances)


def variants(recipe: Recipe, lengths: Iterable[int]) -> tuple[Recipe, ...]:
    return tuple(
        replace(
            recipe,
            slug=f"{recipe.slug}-{seconds}s",
            length=Fraction(seconds),
            variant={"length": f"{seconds}s"},
        )
        for seconds in lengths
    )
