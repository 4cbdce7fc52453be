"""`undersong check`: every fault in recipes, voices and beds, in one report."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import out, print_json

if TYPE_CHECKING:
    from undersong.errors import Fault
    from undersong.recipes.library import Library
    from undersong.recipes.model import Recipe


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("check")(check)


def check(
    files: list[Path] = typer.Argument(
        None, help="Recipe files or library folders. Default: the library around this folder."
    ),
    listen: bool = typer.Option(
        False, "--listen", help="Also speak the recipes and hear whether the script was said."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the faults as JSON."),
) -> None:
    """Find every fault in recipes, voices and beds: file, line, what was seen, what is legal.

    Covers, sounds and recorded takes that a recipe names are opened too.
    """
    from undersong.errors import FaultsError

    found = [_check(path) for path in files or [Path()]]
    faults = tuple(dict.fromkeys(fault for _, listed in found for fault in listed))
    if faults:
        raise FaultsError(faults)
    checked = sum(count for count, _ in found)
    if listen:
        _listen([path for path in files or [] if not path.is_dir()], as_json=as_json)
    elif as_json:
        print_json({"faults": []})
    else:
        out.print(f"{checked} {'file' if checked == 1 else 'files'} checked, no faults")


def _listen(files: list[Path], *, as_json: bool) -> None:
    """Print what was not heard of each recipe.

    Raises:
        VoiceError: a finished voice did not say the script.
    """
    from undersong.recipes.library import Library
    from undersong.recipes.load import load_recipe
    from undersong.voices.hearing import heard_well
    from undersong.voices.narrate import narrate
    from undersong.voices.takes import TakeStore, default_cache

    reports = {}
    for path in files:
        library = Library.find(path)
        for recipe in load_recipe(path, library):
            narration = narrate(recipe, library, TakeStore(default_cache()))
            found = heard_well(recipe, library, narration, default_cache())
            reports[recipe.slug] = found.as_json()
            if as_json:
                continue
            for phrase in (*found.of("failed"), *found.of("doubtful")):
                out.print(f"{phrase.verdict}: {phrase.told}")
            engine = f"{narration.engine}{', draft' if narration.draft else ''}"
            out.print(f"{recipe.slug} ({engine}): {found.share:.0%} of the words heard")
    if as_json:
        print_json(reports)


def _check(path: Path) -> tuple[int, tuple["Fault", ...]]:
    """Return how many files were read of a recipe or a library, and all their faults."""
    from undersong.cli.materials import material_faults
    from undersong.errors import Fault
    from undersong.recipes.document import in_order
    from undersong.recipes.library import Library

    library = Library.glance(path)
    if path.is_dir() and library.file is None and not library.recipe_files():
        message = "there is no library here: neither undersong.yaml nor recipes/"
        return 0, (Fault(file=str(path), message=message),)
    count, recipes, faults = (_library if path.is_dir() else _recipe)(path, library)
    materials = (fault for recipe in recipes for fault in material_faults(recipe, library))
    return count, in_order((*library.faults, *faults, *materials))


Found = tuple[int, tuple["Recipe", ...], list["Fault"]]
"""How many files were read, the recipes that are right, and the faults of the others."""


def _recipe(path: Path, library: "Library") -> Found:
    from undersong.errors import FaultsError
    from undersong.recipes.load import load_recipe

    try:
        return 1, load_recipe(path, library), []
    except FaultsError as error:
        return 1, (), [*error.faults]


def _library(_path: Path, library: "Library") -> Found:
    from undersong.ambience.bed import load_bed
    from undersong.errors import FaultsError
    from undersong.publish.showfile import SHOW_FILE, load_show
    from undersong.recipes.load import read_all
    from undersong.voices.registry import load_voice

    recipes, faults = read_all(library)
    found = [*faults]
    loads: list[Callable[[], object]]
    loads = [partial(load_voice, name, library) for name in library.voice_names()]
    loads += [partial(load_bed, name, library) for name in library.bed_names()]
    if library.publish or (library.root / SHOW_FILE).is_file():
        loads.append(partial(load_show, library))
    for load in loads:
        try:
            load()
        except FaultsError as error:
            found += error.faults
    return len(library.recipe_files()) + len(loads), recipes, found
