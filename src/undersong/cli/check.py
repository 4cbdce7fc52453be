"""`undersong check`: every fault in recipes, voices and beds, in one report."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import err, out, print_json

if TYPE_CHECKING:
    from undersong.errors import Fault
    from undersong.recipes.library import Library


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
    """Find every fault in recipes, voices and beds: file, line, what was seen, what is legal."""
    from dataclasses import asdict

    from undersong.errors import FaultsError

    faults: list[Fault] = []
    checked = 0
    for path in files or [Path()]:
        for found in _check(path):
            checked += 1
            faults += found
    if as_json and not (listen and not faults):
        print_json([asdict(fault) for fault in faults])
    for fault in faults if not as_json else ():
        err.print(str(fault), markup=False, style="red")
    if faults:
        raise typer.Exit(FaultsError.exit_code)
    if listen:
        _listen([path for path in files or [] if not path.is_dir()], as_json=as_json)
    elif not as_json:
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
                out.print(f"{phrase.verdict}: {phrase.told}", markup=False)
            engine = f"{narration.engine}{', draft' if narration.draft else ''}"
            out.print(f"{recipe.slug} ({engine}): {found.share:.0%} of the words heard")
    if as_json:
        print_json(reports)


def _check(path: Path) -> Iterator[tuple["Fault", ...]]:
    """Yield the faults of each file under `path`, none for a good one."""
    from undersong.recipes.library import Library

    library = Library.find(path)
    if path.is_dir():
        yield from (_of_recipe(recipe, library) for recipe in library.recipe_files())
        yield from (_of_voice(name, library) for name in library.voice_names())
        yield from (_of_bed(name, library) for name in library.bed_names())
    else:
        yield _of_recipe(path, library)


def _of_recipe(path: Path, library: "Library") -> tuple["Fault", ...]:
    from undersong.errors import FaultsError
    from undersong.recipes.load import load_recipe

    try:
        load_recipe(path, library)
    except FaultsError as error:
        return error.faults
    return ()


def _of_voice(name: str, library: "Library") -> tuple["Fault", ...]:
    from undersong.errors import FaultsError
    from undersong.voices.registry import load_voice

    try:
        load_voice(name, library)
    except FaultsError as error:
        return error.faults
    return ()


def _of_bed(name: str, library: "Library") -> tuple["Fault", ...]:
    from undersong.ambience.bed import load_bed
    from undersong.errors import FaultsError

    try:
        load_bed(name, library)
    except FaultsError as error:
        return error.faults
    return ()
