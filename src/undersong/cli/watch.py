"""`undersong watch`: build, and build again whenever a file of the library is saved."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.build import JOBS, ONLY, build_once
from undersong.cli.destined import OUT, TO
from undersong.cli.screen import complain, out
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.errors import UndersongError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersong.batch.model import Order


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("watch")(watch)


def watch(
    library: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    folder: Path | None = OUT,
    destinations: list[str] | None = TO,
    only: list[str] | None = ONLY,
    jobs: int | None = JOBS,
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
) -> None:
    """Build the library, and again whenever a recipe, voice, bed, sound or take is saved.

    Ends on Ctrl-C. A fault is told and waited for; what could be made is there.
    """
    from undersong.batch.destinations import orders
    from undersong.batch.freshness import library_root
    from undersong.batch.model import Choice, Order
    from undersong.batch.watching import changes
    from undersong.store.place import default_cache

    root = library_root(library)
    order = Order(
        root=root,
        out=root,
        cache=default_cache().absolute(),
        choice=Choice(engine=engine, offline=online is False, online=online is True),
        only=tuple(only or ()),
        jobs=jobs,
    )
    bound = orders(order, folder, destinations or ())
    _build(bound)
    out.print(f"watching {root}; Ctrl-C ends it")
    for saved in changes(root, [each.out for each in bound]):
        names = ", ".join(sorted(str(path.relative_to(root)) for path in saved))
        out.print(f"saved: {names}")
        _build(bound)


def _build(bound: "Sequence[Order]") -> None:
    for order in bound:
        try:
            build_once(order, as_json=False)
        except UndersongError as error:
            complain(error)
