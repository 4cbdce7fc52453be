"""The words of a recipe, spoken: choose, say, level, and hand on what planning may know."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from undersong.audio import Tick
from undersong.errors import Fault, FaultsError, OutputError
from undersong.manifest import Speaker
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe, Utterance
from undersong.voices.align import Aligner
from undersong.voices.cast import Cast, Part, Stage, cast
from undersong.voices.contract import Request
from undersong.voices.level import corrections, voice_gain
from undersong.voices.measured import Finish, measure_take
from undersong.voices.narration import Narration, Shelf, Take
from undersong.voices.phrasing import Phrasing
from undersong.voices.pins import lock_file, merge_pins, read_pins
from undersong.voices.takes import TakeStore

__all__ = ["Narration", "Take", "narrate"]


def narrate(  # noqa: PLR0913 - the choices of a run, by keyword
    recipe: Recipe,
    library: Library,
    store: TakeStore,
    *,
    engine: str | None = None,
    offline: bool = False,
    online: bool = False,
    tick: Tick | None = None,
) -> Narration:
    """Have every utterance of a recipe spoken, levelled and cut.

    Each voice of the track is spoken by the first of its engines that can say all it has to say;
    its takes share one gain, which brings them together to `units.SPEECH_LUFS`, and each is first
    moved a little towards the voice's usual level.

    Takes in the recipe's `takes.lock` are used as they are; when all is said, takes of engines
    that do not repeat themselves are locked there.

    Args:
        recipe: what is said, and by whom.
        library: where voice files and recorded takes are looked for.
        store: the take cache; all takes are in it afterwards.
        engine: the only engine to be used, with the voice's options for it or its own defaults.
        offline: use no engine that needs the network, unless all its takes are in the store.
        online: where a voice has engines that need the network, use one of those or fail.
        tick: told of each utterance once it is there; `len(recipe.script.utterances)` in all.

    Raises:
        VoiceError: a voice cannot be spoken completely; the message names engines, reasons, lines.
        LockedTakeError: a locked take is not in the store.
        UnknownNameError: no such voice or engine.
        FaultsError: a voice file or the lock file holds faults.
        OutputError: the take cache cannot be used.
    """
    damaged = len(store.damaged)
    parts = parts_of(recipe, library)
    stage = Stage(
        library=library.root,
        store=store,
        engine=engine,
        offline=offline,
        online=online,
        pins=read_pins(lock_file(recipe)),
    )
    shelf = Shelf(store)
    casts = {name: cast(part, stage, tick) for name, part in parts.items()}
    takes = _in_order(recipe, {n: _takes(p, casts[n], store, shelf) for n, p in parts.items()})
    locked, lock_notes = _lock(lock_file(recipe), casts.values())
    lead = casts.get(recipe.voice)
    return Narration(
        voice=recipe.voice,
        engine=lead.engine if lead else "",
        engine_version=lead.fingerprint if lead else "",
        draft=any(spoken.draft for spoken in casts.values()),
        takes=takes,
        notes=(*_notes(casts, parts, recipe), *_mended(store.damaged[damaged:]), *lock_notes),
        credits=tuple(dict.fromkeys(p.voice.credit for p in parts.values() if p.voice.credit)),
        speakers=tuple(_speaker(name, spoken) for name, spoken in casts.items()),
        locked=locked,
    )


def parts_of(recipe: Recipe, library: Library) -> dict[str, Part]:
    """Return what each voice of a track has to say, by its name, in order of first use.

    Raises:
        UnknownNameError: no such voice.
        FaultsError: a voice file holds faults, or utterances nothing that can be said.
    """
    phrasing = Phrasing(library)
    names = dict.fromkeys(each.voice or recipe.voice for each in recipe.script.utterances)
    for name in (recipe.voice, *names):
        phrasing.voice(name)
    return {name: _part(recipe, name, phrasing) for name in names}


def said_by(recipe: Recipe, voice: str) -> tuple[Utterance, ...]:
    """Return the utterances of one voice, in order."""
    said = recipe.script.utterances
    return tuple(each for each in said if (each.voice or recipe.voice) == voice)


def requests_of(recipe: Recipe, library: Library) -> tuple[Request, ...]:
    """Return what engines are asked to say, by utterance.

    Raises:
        UnknownNameError: no such voice.
        FaultsError: a voice file holds faults.
    """
    return Phrasing(library).requests(recipe)


def _part(recipe: Recipe, name: str, phrasing: Phrasing) -> Part:
    said = said_by(recipe, name)
    requests = tuple(phrasing.request(each, name) for each in said)
    places = tuple(f"{recipe.path}:{each.position.line}" for each in said)
    faults = [
        _speechless(recipe, utterance)
        for utterance, request in zip(said, requests, strict=True)
        if not request.text
    ]
    if faults:
        raise FaultsError(faults)
    return Part(voice=phrasing.voice(name), requests=requests, places=places)


def _speechless(recipe: Recipe, said: Utterance) -> Fault:
    return Fault(
        file=recipe.path,
        line=said.position.line,
        column=said.position.column,
        message="there is nothing to say here",
        seen=said.text,
        legal='words, or how it is said: `(☀)[sub:"sun"]`',
    )


def _takes(part: Part, spoken: Cast, store: TakeStore, shelf: Shelf) -> tuple[Take, ...]:
    moves = corrections(spoken.surveys, part.voice.even_db)
    evened = {key: survey.moved(moves[key]) for key, survey in spoken.surveys.items()}
    gain_db = voice_gain(evened[key] for key in spoken.keys)
    finishes = {
        key: Finish(gain_db=round(gain_db + move, 1), tone=spoken.tone, exact=spoken.exact)
        for key, move in moves.items()
    }
    requests = dict(zip(spoken.keys, part.requests, strict=True))
    aligner = Aligner()
    found = {
        key: measure_take(
            store, key, request, spoken.surveys[key], finish=finishes[key], aligner=aligner
        )
        for key, request in requests.items()
    }
    return tuple(
        Take(
            facts=found[key].facts,
            key=key,
            gain_db=finishes[key].gain_db,
            tone=spoken.tone,
            timing=found[key].timing,
            shelf=shelf,
        )
        for key in spoken.keys
    )


def _in_order(recipe: Recipe, made: Mapping[str, Sequence[Take]]) -> tuple[Take, ...]:
    """Return the takes of all voices by utterance index."""
    takes: dict[int, Take] = {}
    for name, spoken in made.items():
        takes |= {u.index: take for u, take in zip(said_by(recipe, name), spoken, strict=True)}
    return tuple(takes[index] for index in sorted(takes))


def _speaker(voice: str, spoken: Cast) -> Speaker:
    return Speaker(
        voice=voice,
        engine=spoken.engine,
        engine_version=spoken.fingerprint,
        draft=spoken.draft,
    )


def _lock(path: Path, casts: Iterable[Cast]) -> tuple[int, list[str]]:
    """Lock what was said for the first time; the track is whole even where that cannot be done.

    Returns:
        How many takes were locked, and what the maker should know.
    """
    fresh = tuple(dict.fromkeys(pin for spoken in casts for pin in spoken.pins))
    if not fresh:
        return 0, []
    try:
        others = merge_pins(path, fresh)
    except OutputError as error:
        return 0, [f"takes could not be locked, they are in the cache only: {error.message}"]
    return len(fresh) - len(others), [
        f"{path}: another run locked another take of “{pin.text}”; run again" for pin in others
    ]


def _notes(casts: Mapping[str, Cast], parts: Mapping[str, Part], recipe: Recipe) -> list[str]:
    notes = [
        f"voice `{name}` is spoken by {spoken.engine}, because {reason}"
        for name, spoken in casts.items()
        for reason in spoken.passed_over
    ]
    return notes + [
        f"voice `{name}` speaks {parts[name].voice.language}, the recipe is in {recipe.language}"
        for name in casts
        if _tongue(parts[name].voice.language) != _tongue(recipe.language)
    ]


def _tongue(language: str) -> str:
    return language.lower().split("-")[0]


def _mended(damaged: Sequence[Path]) -> list[str]:
    return [f"a damaged take was made again; the old one is {path}" for path in damaged]
