"""The words of a recipe, spoken: choose, say, level, and hand on what planning may know."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe, Utterance
from undersong.voices.align import Aligner
from undersong.voices.cast import Cast, Part, Stage, cast
from undersong.voices.contract import Request
from undersong.voices.level import corrections, voice_gain
from undersong.voices.lexicon import Lexicon
from undersong.voices.measured import Finish, measure_take
from undersong.voices.narration import Narration, Shelf, Take
from undersong.voices.registry import load_voice
from undersong.voices.takes import TakeStore
from undersong.voices.text import spoken_words
from undersong.voices.voice import Voice

__all__ = ["Narration", "Take", "narrate"]


def narrate(  # noqa: PLR0913 - the choices of a run, by keyword
    recipe: Recipe,
    library: Library,
    store: TakeStore,
    *,
    engine: str | None = None,
    offline: bool = False,
    tick: Tick | None = None,
) -> Narration:
    """Have every utterance of a recipe spoken, levelled and cut.

    Each voice of the track is spoken by the first of its engines that can say all it has to say;
    its takes share one gain, which brings them together to `units.SPEECH_LUFS`, and each is first
    moved a little towards the voice's usual level.

    Args:
        recipe: what is said, and by whom.
        library: where voice files and recorded takes are looked for.
        store: the take cache; all takes are in it afterwards.
        engine: the only engine to be used, with the voice's options for it or its own defaults.
        offline: use no engine that needs the network, unless all its takes are in the store.
        tick: told of each utterance once it is there; `len(recipe.script.utterances)` in all.

    Raises:
        VoiceError: a voice cannot be spoken completely; the message names engines, reasons, lines.
        UnknownNameError: no such voice or engine.
        FaultsError: a voice file holds faults.
        OutputError: the take cache cannot be used.
    """
    said, damaged = recipe.script.utterances, len(store.damaged)
    names = dict.fromkeys(utterance.voice or recipe.voice for utterance in said)
    voices = {name: load_voice(name, library) for name in (recipe.voice, *names)}
    parts = {name: _part(recipe, voices[name], _of(said, recipe, name), library) for name in names}
    stage = Stage(library=library.root, store=store, engine=engine, offline=offline)
    casts = {name: cast(part, stage, tick) for name, part in parts.items()}
    takes: dict[int, Take] = {}
    shelf = Shelf(store)
    for name, part in parts.items():
        made = _takes(part, casts[name], store, shelf)
        takes |= {u.index: take for u, take in zip(_of(said, recipe, name), made, strict=True)}
    lead = casts.get(recipe.voice)
    return Narration(
        voice=recipe.voice,
        engine=lead.engine if lead else "",
        engine_version=lead.fingerprint if lead else "",
        draft=any(spoken.draft for spoken in casts.values()),
        takes=tuple(takes[utterance.index] for utterance in said),
        notes=(*_notes(casts, voices, recipe), *_mended(store.damaged[damaged:])),
        credits=tuple(dict.fromkeys(voices[n].credit for n in names if voices[n].credit)),
    )


def _of(said: Sequence[Utterance], recipe: Recipe, voice: str) -> tuple[Utterance, ...]:
    return tuple(each for each in said if (each.voice or recipe.voice) == voice)


def requests_of(recipe: Recipe, library: Library) -> tuple[Request, ...]:
    """Return what engines are asked to say, by utterance.

    Raises:
        UnknownNameError: no such voice.
        FaultsError: a voice file holds faults.
    """
    said = recipe.script.utterances
    names = dict.fromkeys(utterance.voice or recipe.voice for utterance in said)
    voices = {name: load_voice(name, library) for name in names}
    return tuple(_request(each, voices[each.voice or recipe.voice], library) for each in said)


def _request(said: Utterance, voice: Voice, library: Library) -> Request:
    lexicon = Lexicon.of(
        said.language, (library.language, library.lexicon), (voice.language, voice.lexicon)
    )
    return Request(
        words=spoken_words(lexicon.marked(said.words), said.language, lexicon.respelt),
        written=said.text,
        language=said.language,
        rate=said.rate,
    )


def _part(recipe: Recipe, voice: Voice, said: Sequence[Utterance], library: Library) -> Part:
    requests = tuple(_request(each, voice, library) for each in said)
    places = tuple(f"{recipe.path}:{each.position.line}" for each in said)
    for request, place in zip(requests, places, strict=True):
        if not request.text:
            raise VoiceError(f"{place}: there is nothing to say in “{request.written}”")
    return Part(voice=voice, requests=requests, places=places)


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


def _notes(casts: Mapping[str, Cast], voices: Mapping[str, Voice], recipe: Recipe) -> list[str]:
    notes = [
        f"voice `{name}` is spoken by {spoken.engine}, because {reason}"
        for name, spoken in casts.items()
        for reason in spoken.passed_over
    ]
    return notes + [
        f"voice `{name}` speaks {voices[name].language}, the recipe is in {recipe.language}"
        for name in casts
        if _tongue(voices[name].language) != _tongue(recipe.language)
    ]


def _tongue(language: str) -> str:
    return language.lower().split("-")[0]


def _mended(damaged: Sequence[Path]) -> list[str]:
    return [f"a damaged take was made again; the old one is {path}" for path in damaged]
