"""What a track depends on, found by reading its recipe and what that names: no sound is read.

Every part has the name by which `build --why` tells a maker of it. Positions in files are not
part of anything: a comment changes no track.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.ambience.bed import Bed, bed_digest, load_bed
from undersong.ambience.registry import cue_class, cue_names
from undersong.ambience.rights import missing_rights
from undersong.batch.model import Known, Order, Record
from undersong.batch.names import path_of
from undersong.batch.program import maker_digest
from undersong.batch.sources import Sources, key_of
from undersong.errors import UndersongError, VoiceError
from undersong.files import digest_file, digest_json, plain
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.recipes.model import BreathPhase, Cue, Position, Recipe, Utterance
from undersong.recipes.profiles import PROFILES
from undersong.timeline.arrange import possible_lengths
from undersong.timeline.estimate import estimate_takes
from undersong.units import SAMPLE_RATE
from undersong.voices.cast import choices
from undersong.voices.contract import Engine, Request, Sourced
from undersong.voices.narrate import requests_of
from undersong.voices.phrasing import Phrasing
from undersong.voices.pins import Pin, lock_file, phrase_digest, read_pins
from undersong.voices.registry import engine_class, load_voice
from undersong.voices.takes import Origin, TakeStore, take_key
from undersong.voices.voice import EngineChoice, Voice

WORDS: Final = "the words"
LOCKED: Final = "locked takes"
_PROGRAM: Final = "the program"
_SAYING: Final = (WORDS, _PROGRAM)
"""Parts that decide, with the voices, what engines are asked."""


_NAMED: Final = frozenset(
    {
        *("album", "about", "artwork", "author", "language", "slug", "style", "title", "variant"),
        *("loudness", "script", "voice"),
        *("lines", "path"),  # which reach no file
    }
)
"""What of a recipe has parts with names of their own; all else is its settings."""


class Keys:
    """Finds what tracks of one library depend on; voices and beds are read once."""

    def __init__(self, library: Library, order: Order, sources: Sources) -> None:
        """Prepare; nothing is read yet."""
        self._library, self._choice = library, order.choice
        self._store = TakeStore(order.cache)
        self._run = {
            _PROGRAM: maker_digest(),
            "options of the run": digest_json(plain(order.choice)),
        }
        self._sources = sources
        self._phrasing = Phrasing(library)
        self._beds: dict[str, Bed] = {}
        self._engines: dict[tuple[str, str], _Teller] = {}
        self._pins: dict[Path, dict[str, Pin]] = {}

    @cached_property
    def root(self) -> Path:
        """The library's folder, absolute."""
        return self._library.root.absolute()

    def tracks_of(self, path: Path, records: Mapping[str, Record]) -> Iterator[tuple[str, Known]]:
        """Read a recipe file, and return what each of its tracks depends on, by slug.

        Args:
            path: the file.
            records: what is known of tracks that were made.

        Raises:
            UndersongError: the recipe, or something that it names, is missing or holds faults.
        """
        for recipe in load_recipe(path, self._library):
            yield recipe.slug, self.known_of(recipe, records.get(recipe.slug))

    def known_of(self, recipe: Recipe, before: Record | None) -> Known:
        """Return what a track depends on.

        What follows from its words is found out only if they are not those of `before`.

        Raises:
            UndersongError: something that it names is missing or holds faults.
        """
        voices = {name: self._voice(name) for name in _voices_of(recipe)}
        beds = {name: self._bed(name) for name in recipe.beds}
        recordings = self._recordings(recipe)
        parts = {
            WORDS: digest_json(
                [_bare(recipe.script.utterances), self._phrasing.lexicon_of(recipe)]
            ),
            "pauses, scenes and chapters": digest_json(_bare(_wordless(recipe.script.cues))),
            "settings": digest_json(_bare(_settings(recipe))),
            "title, tags and cover": digest_json(self._label(recipe)),
            f"loudness profile {recipe.loudness}": digest_json(plain(PROFILES[recipe.loudness])),
            **{f"voice {name}": self._spoken_by(voice) for name, voice in voices.items()},
            **{f"bed {name}": _sounding(bed) for name, bed in beds.items()},
            **{f"sound {name}": self._sound(name) for name in recipe.script.sounds},
            **{
                what: digest_json([self._sources.look(key).sha256 for key in found])
                for what, found in recordings.items()
            },
            **self._run,
        }
        names = tuple(
            f"{kind}:{name}"
            for kind, found in (("voice", voices), ("bed", beds), ("sound", recipe.script.sounds))
            for name in found
        )
        recorded = [path for bed in beds.values() for path in bed.recordings]
        inputs = dict.fromkeys(
            [
                *self._inputs(recipe, names, voices.values()),
                *map(self._key, recorded),
                *(key for found in recordings.values() for key in found),
            ]
        )
        known = Known(inputs=tuple(inputs), names=names, parts=parts, length_s=0.0, asked={})
        return self._with_words(known, recipe, before)

    def _with_words(self, known: Known, recipe: Recipe, before: Record | None) -> Known:
        """Return what is known with what follows from the words: locked takes, length, requests."""
        length_s = float(recipe.length or 0)
        if before and self._says_the_same(known, recipe, before):
            parts = {**known.parts, LOCKED: before.parts[LOCKED]}
            return replace(known, parts=parts, length_s=length_s or before.length_s)
        if not length_s:
            length_s = before.length_s if before else _natural_s(recipe)
        locked, asked = "", dict[str, int]()
        if self._pins_of(lock_file(recipe)) or self._asks_others(recipe):
            requests = self._phrasing.requests(recipe)
            locked, asked = self._locked(recipe, requests), self._asked(recipe, requests)
        parts = {**known.parts, LOCKED: locked}
        return replace(known, parts=parts, length_s=length_s, asked=asked)

    def _asks_others(self, recipe: Recipe) -> bool:
        """Whether the first engine of one of its voices needs the network."""
        return any(engine_class(self._first(name).engine).online for name in _voices_of(recipe))

    def _first(self, voice: str) -> EngineChoice:
        return choices(self._voice(voice), self._choice.engine, online=self._choice.online)[0]

    def _says_the_same(self, known: Known, recipe: Recipe, before: Record) -> bool:
        """Whether words, voices, program and the file of locked takes are as they were."""
        found = {n: d for n, d in known.parts.items() if n in _SAYING or n.startswith("voice ")}
        same = found.items() <= before.parts.items() and LOCKED in before.parts
        return same and not self._sources.changed(self._key(lock_file(recipe)))

    def _asked(self, recipe: Recipe, requests: Sequence[Request]) -> dict[str, int]:
        """Count what has yet to be said by a voice's first engine, where that needs the network."""
        asked: Counter[str] = Counter()
        for said, request in zip(recipe.script.utterances, requests, strict=True):
            first = self._first(said.voice or recipe.voice)
            if engine_class(first.engine).online and not self._choice.offline:
                asked[first.engine] += (
                    0 if self._is_there(first, request, recipe) else len(request.text)
                )
        return dict(asked)

    def _is_there(self, choice: EngineChoice, request: Request, recipe: Recipe) -> bool:
        if phrase_digest(choice, request) in self._pins_of(lock_file(recipe)):
            return True
        return self._store.has(take_key(self._engine(choice).origin, request))

    def _inputs(
        self, recipe: Recipe, names: tuple[str, ...], voices: Iterable[Voice]
    ) -> Iterator[str]:
        paths = [Path(recipe.path), lock_file(recipe)]
        paths += [self._library.file] if self._library.file else []
        paths += [Path(recipe.artwork)] if recipe.artwork else []
        paths += [Path(found) for name in names if (found := path_of(name, self._library))]
        for voice in voices:
            paths += [path for each in voice.engines for path in self._engine(each).sources]
        return map(self._key, paths)

    def _recordings(self, recipe: Recipe) -> dict[str, list[str]]:
        """Return the files that single phrases are said from, as sources, by what they are."""
        found: dict[str, list[str]] = {}
        for said in recipe.script.utterances:
            name = said.voice or recipe.voice
            for choice in self._voice(name).engines:
                if files_of := self._engine(choice).origin.files_of:
                    with suppress(VoiceError):  # its own render says why
                        found.setdefault(f"recordings of {name}", []).extend(
                            self._key(path) for path in files_of(said.text)
                        )
        return found

    def _key(self, path: Path) -> str:
        return key_of(path, self.root)

    def _voice(self, name: str) -> Voice:
        return self._phrasing.voice(name)

    def _bed(self, name: str) -> Bed:
        if name not in self._beds:
            self._beds[name] = load_bed(name, self._library)
        return self._beds[name]

    def _spoken_by(self, voice: Voice) -> str:
        engines = [
            [
                each.engine,
                self._engine(each).origin.fingerprint,
                each.options.model_dump(mode="json"),
                _bare(each.tone),
            ]
            for each in voice.engines
        ]
        return digest_json(
            [engines, _bare(voice.tone), voice.even_db, voice.language, voice.credit]
        )

    def _engine(self, choice: EngineChoice) -> "_Teller":
        """Return what an engine is, or why it cannot tell, and the files it speaks from."""
        key = (choice.engine, choice.options.model_dump_json())
        if key not in self._engines:
            with closing(engine_class(choice.engine)(choice.options, self._library.root)) as engine:
                sources = engine.sources if isinstance(engine, Sourced) else ()
                self._engines[key] = _Teller(origin=_origin(engine, choice), sources=sources)
        return self._engines[key]

    def _sound(self, name: str) -> str:
        if name in cue_names():
            return f"version {cue_class(name).version}"
        return self._sources.look(
            key_of(Path(path_of(f"sound:{name}", self._library)), self.root)
        ).sha256

    def _label(self, recipe: Recipe) -> list[Any]:
        cover = digest_file(Path(recipe.artwork)) if recipe.artwork else ""
        names = [recipe.slug, recipe.title, recipe.author, recipe.album, recipe.language]
        return [*names, recipe.style, dict(recipe.about), dict(recipe.variant), cover]

    def _locked(self, recipe: Recipe, requests: Sequence[Request]) -> str:
        pins = self._pins_of(lock_file(recipe))
        return _locked(recipe, requests, {n: self._voice(n) for n in _voices_of(recipe)}, pins)

    def _pins_of(self, path: Path) -> dict[str, Pin]:
        if path not in self._pins:
            self._pins[path] = read_pins(path)
        return self._pins[path]


class _Teller(Struct, frozen=True, kw_only=True):
    """What an engine is, and the files that all it says comes from."""

    origin: Origin
    sources: tuple[Path, ...]


def _origin(engine: Engine, choice: EngineChoice) -> Origin:
    try:
        return Origin.of(engine, choice.options)
    except UndersongError as error:
        return Origin(engine=choice.engine, fingerprint=error.message, options=choice.options)


def locked_takes(recipe: Recipe, library: Library) -> str:
    """Return the digest of the locked takes that a recipe uses, as they are now.

    Raises:
        FaultsError: the lock file is damaged.
    """
    pins = read_pins(lock_file(recipe))
    voices = {name: load_voice(name, library) for name in _voices_of(recipe)} if pins else {}
    return _locked(recipe, requests_of(recipe, library), voices, pins) if pins else ""


def _locked(
    recipe: Recipe,
    requests: Sequence[Request],
    voices: Mapping[str, Voice],
    pins: Mapping[str, Pin],
) -> str:
    if not pins:
        return ""
    said = zip(recipe.script.utterances, requests, strict=True)
    wanted = {
        phrase_digest(choice, request)
        for utterance, request in said
        for choice in voices[utterance.voice or recipe.voice].engines
    }
    return digest_json(sorted(pins[digest].name for digest in wanted & pins.keys()))


def _voices_of(recipe: Recipe) -> tuple[str, ...]:
    said = (each.voice for each in recipe.script.utterances if each.voice)
    return tuple(dict.fromkeys((recipe.voice, *said)))


def _sounding(bed: Bed) -> str:
    return digest_json([bed_digest(bed), bed.credit, missing_rights(bed)])


def _natural_s(recipe: Recipe) -> float:
    """Return how long a recipe without a length will be, sounds that are waited for left out."""
    try:
        sounds = dict.fromkeys(recipe.script.sounds, 0)
        return possible_lengths(recipe, estimate_takes(recipe), sounds).natural / SAMPLE_RATE
    except UndersongError:
        return 0.0  # its own render says why


def _settings(recipe: Recipe) -> list[Any]:
    return [getattr(recipe, name) for name in recipe.__struct_fields__ if name not in _NAMED]


def _wordless(cues: tuple[Cue, ...]) -> list[Cue | None]:
    """Return the course of a script without what is said in it."""
    return [
        replace(cue, utterance=None)
        if isinstance(cue, BreathPhase)
        else None
        if isinstance(cue, Utterance)
        else cue
        for cue in cues
    ]


def _bare(value: Any) -> Any:  # noqa: ANN401 - plain values of any nesting come out
    """Return a noun as plain values without its positions in files."""
    if isinstance(value, Position):
        return None
    if isinstance(value, tuple | list):
        return [_bare(each) for each in value]
    if isinstance(value, Struct):
        fields = value.__struct_fields__
        return [type(value).__name__, *(_bare(getattr(value, name)) for name in fields)]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value if isinstance(value, int | float | str | None) else str(value)
