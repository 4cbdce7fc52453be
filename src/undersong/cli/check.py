"""`undersong check`: every fault in recipes, voices and beds, in one report."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import err, out, print_json

if TYPE_CHECKING:
    from undersong.errors import Fault


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("check")(check)


def check(
    files: list[Path] = typer.Argument(
        None, help="Recipe files or library folders. Default: the library around this folder."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the faults as JSON."),
) -> None:
    """Find every fault in recipes, voices and beds: file, line, what was seen, what is legal."""
    from dataclasses import asdict

    from undersong.errors import FaultsError

    faults: list[Fault] = []
    checked = 0
    for path in files or [Path()]:
        for count, load in _loads(path):
            checked += count
            try:
                load()
            except FaultsError as error:
                faults += error.faults
    if as_json:
        print_json([asdict(fault) for fault in faults])
    for fault in faults if not as_json else ():
        err.print(str(fault), markup=False, style="red")
    if faults:
        raise typer.Exit(FaultsError.exit_code)
    if not as_json:
        out.print(f"{checked} {'file' if checked == 1 else 'files'} checked, no faults")


def _loads(path: Path) -> Iterator[tuple[int, Callable[[], object]]]:
    """Yield how many files each way of loading reads, and the way; loading finds their faults."""
    from undersong.ambience.bed import load_bed
    from undersong.recipes.library import Library
    from undersong.recipes.load import load_all, load_recipe
    from undersong.voices.registry import load_voice

    library = Library.find(path)
    if not path.is_dir():
        yield 1, partial(load_recipe, path, library)
        return
    yield len(library.recipe_files()), partial(load_all, library)
    for name in library.voice_names():
        yield 1, partial(load_voice, name, library)
    for name in library.bed_names():
        yield 1, partial(load_bed, name, library)
