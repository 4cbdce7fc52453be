"""A recipe's takes laid out: who says each phrase, what is there, and what is locked.

Nothing is spoken here, and no engine is asked whether it can run.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.errors import UnknownNameError, VoiceError
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe
from undersong.voices.accept import is_at_hand
from undersong.voices.cast import Part, choices
from undersong.voices.contract import Request
from undersong.voices.narrate import parts_of, said_by
from undersong.voices.pins import Pin, lock_file, phrase_digest, read_pins
from undersong.voices.registry import engine_class
from undersong.voices.takes import Origin, TakeStore, take_key
from undersong.voices.tone import Tone
from undersong.voices.voice import EngineChoice

MOST_TAKES: Final = 99
"""How many takes of one phrase are told apart."""

SHOWN: Final = 5
"""How many phrases are offered when the one asked for is not there."""


class Phrase(Struct, frozen=True, kw_only=True, eq=False):
    """One utterance and the engine that says it. Equal only to itself.

    Attributes:
        number: place in the script, from 1; `line`, its line in the recipe file.
        voice: name of its voice.
        origin: the engine as it is now, or None when it cannot tell what it is.
        pin: its locked take, or None.
        tone: with which it is heard.
    """

    number: int
    line: int
    place: str
    voice: str
    choice: EngineChoice
    origin: Origin | None
    request: Request
    pin: Pin | None
    tone: Tone | None

    @property
    def text(self) -> str:
        """The phrase as written."""
        return self.request.written

    @property
    def take(self) -> int:
        """Number of the take that a render uses."""
        return self.pin.take if self.pin else 1

    def key(self, take: int) -> str | None:
        """Return the name of one of its takes by the engine as it is now."""
        return take_key(self.origin, self.request, take) if self.origin else None

    def entry(self, store: TakeStore, take: int) -> str | None:
        """Return the name under which the store holds a take of this number, or None."""
        if self.pin and take == self.pin.take:
            return self.pin.name if is_at_hand(store, self.pin) else None
        key = self.key(take)
        return key if key and store.get(key) is not None else None

    def takes(self, store: TakeStore) -> tuple[int, ...]:
        """Return the numbers of all takes in the store, unverified but for the locked one."""
        keys = {take: self.key(take) for take in range(1, MOST_TAKES + 1)}
        there = {take for take, key in keys.items() if key and store.has(key)}
        if self.pin:
            there.discard(self.pin.take)
            there |= {self.pin.take} if is_at_hand(store, self.pin) else set()
        return tuple(sorted(there))


class Desk(Struct, frozen=True, kw_only=True):
    """All phrases of a recipe, in order, and where their takes lie and are locked."""

    phrases: tuple[Phrase, ...]
    store: TakeStore
    lock: Path
    library: Path

    def find(self, which: str) -> tuple[Phrase, ...]:
        """Return the phrases meant by a line number, by their text, or by a part of it.

        Raises:
            UnknownNameError: there is none.
        """
        if which.isdecimal():
            found = [phrase for phrase in self.phrases if phrase.line == int(which)]
            known = list(dict.fromkeys(str(phrase.line) for phrase in self.phrases))
        else:
            found = _by_text(self.phrases, which)
            texts = {phrase.text for phrase in self.phrases}
            near = get_close_matches(which, sorted(texts), n=SHOWN, cutoff=0.3)
            known = near or sorted(texts)[:SHOWN]
        if not found:
            kind = "line with a phrase" if which.isdecimal() else "phrase"
            raise UnknownNameError(kind, which, known)
        return once(found)

    def missing(self) -> tuple[Phrase, ...]:
        """Return the phrases whose locked take is not in the store, each once."""
        return once([p for p in self.phrases if p.pin and not is_at_hand(self.store, p.pin)])


def once(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Return phrases without those that are said in the same take as one before them."""
    found: dict[str, Phrase] = {}
    for phrase in phrases:
        found.setdefault(phrase_digest(phrase.choice, phrase.request), phrase)
    return tuple(found.values())


def open_desk(
    recipes: Sequence[Recipe], library: Library, store: TakeStore, *, engine: str | None = None
) -> Desk:
    """Lay out the takes of a recipe's tracks.

    Each voice is taken to be spoken by the first of its engines of which there is a take, or else
    by its first.

    Args:
        recipes: tracks of one file; phrases that they share are laid out once.
        library: where voice files are looked for.
        store: the take cache.
        engine: the only engine to look for, as in `narrate`.

    Raises:
        VoiceError: a phrase holds nothing to say, or an engine lacks options.
        UnknownNameError: no such voice or engine.
        FaultsError: a voice file or the lock file holds faults.
        OutputError: the store cannot be read.
    """
    lock = lock_file(recipes[0])
    pins = read_pins(lock)
    found: dict[tuple[int, str], Phrase] = {}
    for recipe in recipes:
        for part in parts_of(recipe, library).values():
            layouts = [
                _phrases(recipe, part, choice, library.root, pins)
                for choice in choices(part.voice, engine)
            ]
            for phrase in next((each for each in layouts if _begun(each, store)), layouts[0]):
                digest = phrase_digest(phrase.choice, phrase.request)
                found.setdefault((phrase.number, digest), phrase)
    ordered = sorted(found.values(), key=lambda phrase: phrase.number)
    return Desk(phrases=tuple(ordered), store=store, lock=lock, library=library.root)


def _phrases(
    recipe: Recipe, part: Part, choice: EngineChoice, library: Path, pins: Mapping[str, Pin]
) -> tuple[Phrase, ...]:
    said = said_by(recipe, part.voice.name)
    origin = _origin(choice, library)
    return tuple(
        Phrase(
            number=utterance.index + 1,
            line=utterance.position.line,
            place=place,
            voice=part.voice.name,
            choice=choice,
            origin=origin,
            request=request,
            pin=pins.get(phrase_digest(choice, request)),
            tone=choice.tone or part.voice.tone,
        )
        for utterance, request, place in zip(said, part.requests, part.places, strict=True)
    )


def _origin(choice: EngineChoice, library: Path) -> Origin | None:
    with closing(engine_class(choice.engine)(choice.options, library)) as engine:
        try:
            return Origin.of(engine, choice.options)
        except VoiceError:
            return None


def _begun(phrases: Sequence[Phrase], store: TakeStore) -> bool:
    """Whether there is a take of any phrase, in the store or at least locked."""
    return any(phrase.pin or phrase.entry(store, phrase.take) for phrase in phrases)


def _by_text(phrases: Sequence[Phrase], which: str) -> list[Phrase]:
    """Return the phrases of this text, or else those in which it occurs; case does not matter."""
    wanted = " ".join(which.casefold().split())
    exact = [phrase for phrase in phrases if phrase.text.casefold() == wanted]
    return exact or [phrase for phrase in phrases if wanted in phrase.text.casefold()]
