"""Recipes named on the command line: by path, by name in the library, or all of them."""

from pathlib import Path

from undersong.cli.screen import complain
from undersong.errors import FaultsError, UnknownNameError, UsageError
from undersong.files import is_folder, is_there
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.recipes.model import Recipe


def find_recipe(name: str) -> Path:
    """Return the recipe file that `name` means: a path, or a name in the library around us.

    Raises:
        UnknownNameError: there is none; the nearest name is offered.
    """
    path = Path(name)
    if path.suffix == ".md" or is_there(path):
        return path
    files = Library.find(Path.cwd()).recipe_files()
    by_stem = {file.stem: file for file in files}
    if name not in by_stem:
        raise UnknownNameError("recipe", name, by_stem)
    return by_stem[name]


def library_around(folder: Path) -> Library:
    """Return the library around a folder, for lists: faults of its file are told and got over.

    Raises:
        UsageError: there is no such folder.
    """
    if not is_folder(folder):
        raise UsageError(f"there is no folder {folder}")
    library = Library.glance(folder)
    if library.faults:
        complain(FaultsError(library.faults))
    return library


def load_tracks(name: str, variant: str | None) -> tuple[Library, tuple[Recipe, ...]]:
    """Return the library and the tracks of one recipe: all its variants, or the one asked for.

    Raises:
        FaultsError: the recipe holds faults.
        UnknownNameError: no such recipe, or no such variant.
    """
    path = find_recipe(name)
    library = Library.find(path)
    recipes = load_recipe(path, library)
    if variant is None:
        return library, recipes
    chosen = tuple(recipe for recipe in recipes if recipe.slug == variant)
    if not chosen:
        raise UnknownNameError("variant", variant, [recipe.slug for recipe in recipes])
    return library, chosen
