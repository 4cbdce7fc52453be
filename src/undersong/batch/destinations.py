"""Whom a library is made for: one order to build for each of its destinations."""

from collections.abc import Sequence
from os.path import abspath
from pathlib import Path

from msgspec.structs import replace

from undersong.batch.model import Order
from undersong.errors import UsageError
from undersong.recipes.library import Library


def places(root: Path, out: Path | None, names: Sequence[str]) -> dict[str | None, Path]:
    """Return the folders of tracks, absolute, by destination.

    Args:
        root: the library's folder.
        out: where tracks go instead of where the library says: there, or in a folder of it for
            each destination.
        names: destinations that are wanted; none for all, None where the library has none.

    Raises:
        FaultsError: the library's settings hold faults.
        UnknownNameError: it has no such destination.
        UsageError: two destinations have one folder.
    """
    library = Library.find(root)
    for wanted in names:
        library.bound_for(wanted)
    known: tuple[str | None, ...] = tuple(library.destinations) or (None,)
    found = {name: _folder(library, name, out) for name in known}
    for name, folder in found.items():
        if twins := [each for each in found if found[each] == folder and each != name]:
            raise UsageError(f"the destinations {name} and {twins[0]} have one folder: {folder}")
    return {name: folder for name, folder in found.items() if not names or name in names}


def _folder(library: Library, name: str | None, out: Path | None) -> Path:
    chosen = library.tracks_folder(name) if out is None else out / (name or "")
    return Path(abspath(chosen))  # noqa: PTH100 - links keep their names


def orders(order: Order, out: Path | None, names: Sequence[str]) -> tuple[Order, ...]:
    """Return an order like `order` for each destination that is wanted; see `places`."""
    return tuple(
        replace(order, out=folder, choice=replace(order.choice, destination=name))
        for name, folder in places(order.root, out, names).items()
    )
