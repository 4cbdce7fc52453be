"""`undersong check`: every fault in recipes, voices and beds, in one report."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import err, out, print_json, writable

if TYPE_CHECKING:
    from undersong.errors import Fault


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

    checked, faults = _check(files or [Path()])
    if as_json and not (listen and not faults):
        print_json([asdict(fault) for fault in faults])
    for fault in faults if not as_json else ():
        err.print(writable(str(fault)), markup=False, style="red")
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


def _check(files: list[Path]) -> tuple[int, list["Fault"]]:
    """Return how many files were read, and all their faults."""
    from undersong.errors import FaultsError

    faults: list[Fault] = []
    checked = 0
    for path in files:
        for count, load in _loads(path):
            checked += count
            try:
                load()
            except FaultsError as error:
                faults += error.faults
    return checked, faults


def _loads(path: Path) -> Iterator[tuple[int, Callable[[], object]]]:
    """Yield how many files each way of loading reads, and the way; loading finds their faults."""
    from undersong.ambience.bed import load_bed
    from undersong.publish.showfile import SHOW_FILE, load_show
    from undersong.recipes.library import Library
    from undersong.recipes.load import load_all, load_recipe
    from undersong.voices.registry import load_voice

    library = Library.find(path)
    if not path.is_dir():
        yield 1, partial(load_recipe, path, library)
        return
    yield len(library.recipe_files()), partial(load_all, library)
    if library.publish or (library.root / SHOW_FILE).is_file():
        yield 1, partial(load_show, library)
    for name in library.voice_names():
        yield 1, partial(load_voice, name, library)
    for name in library.bed_names():
        yield 1, partial(load_bed, name, library)
