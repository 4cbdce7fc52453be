"""What a recipe brings along, opened: its cover, its sounds, its recorded takes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from undersong.errors import Fault, FaultsError, UndersongError, VoiceError

if TYPE_CHECKING:
    from undersong.recipes.library import Library
    from undersong.recipes.model import Position, Recipe
    from undersong.voices.cast import Part
    from undersong.voices.contract import Engine


def material_faults(recipe: "Recipe", library: "Library") -> Iterator[Fault]:
    """Yield a fault for everything that a recipe names and that cannot be opened.

    Args:
        recipe: of which nothing is rendered, and nothing spoken.
        library: where its materials are.
    """
    yield from _cover(recipe, library)
    yield from _sounds(recipe, library)
    yield from _recordings(recipe, library)


def _cover(recipe: "Recipe", library: "Library") -> Iterator[Fault]:
    from undersong.deliver.artwork import read_cover

    if recipe.artwork is None:
        return
    own = recipe.lines.get("artwork")
    file, place = (recipe.path, own) if own else (str(library.file), library.lines.get("artwork"))
    try:
        read_cover(Path(recipe.artwork))
    except UndersongError as error:
        yield _fault(file, place, error)


def _sounds(recipe: "Recipe", library: "Library") -> Iterator[Fault]:
    from undersong.ambience.cue import open_cue
    from undersong.recipes.model import SoundCue

    for cue in recipe.script.cues:
        if isinstance(cue, SoundCue):
            try:
                open_cue(cue.sound, library, recipe.seed)
            except UndersongError as error:
                yield _fault(recipe.path, cue.position, error)


def _recordings(recipe: "Recipe", library: "Library") -> Iterator[Fault]:
    from undersong.voices.narrate import parts_of, said_by
    from undersong.voices.registry import engine_class

    try:
        parts = parts_of(recipe, library)
    except FaultsError as error:
        yield from error.faults  # of a voice file
        return
    for name, part in parts.items():
        places = [said.position for said in said_by(recipe, name)]
        for choice in part.voice.engines:
            if choice.engine == "recorded":
                only = len(part.voice.engines) == 1
                with closing(engine_class(choice.engine)(choice.options, library.root)) as engine:
                    for k, why in _unread(engine, part, only=only):
                        place = recipe.lines.get("voice") if k is None else places[k]
                        yield _fault(recipe.path, place, why)


def _unread(
    engine: "Engine", part: "Part", *, only: bool
) -> Iterator[tuple[int | None, UndersongError]]:
    """Yield what is wrong with recorded takes, by request; None for all of them.

    A take that is not there is a fault only where no other engine could say it.
    """
    from undersong.voices.contract import Foreseeing

    if (why := engine.check()) is not None:
        if only:
            yield None, VoiceError(why)
        return
    missing = engine.unsayable(part.requests) if isinstance(engine, Foreseeing) else {}
    if only:
        yield from ((k, VoiceError(reason)) for k, reason in missing.items())
    for k, request in enumerate(part.requests):
        if k not in missing:
            try:
                engine.say(request)
            except VoiceError as error:
                yield k, error


def _fault(file: str, place: "Position | None", error: UndersongError) -> Fault:
    """Return what went wrong with a material as a fault where the maker names it."""
    message = error.message + (f"; {error.hint}" if error.hint else "")
    line, column = (place.line, place.column) if place else (None, None)
    return Fault(file=file, line=line, column=column, message=message)
