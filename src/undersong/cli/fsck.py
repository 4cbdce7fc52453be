"""`undersong fsck`: prove that the tracks of a library are what they were when they were made."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.destined import OUT, TO
from undersong.cli.screen import err, out, print_json

if TYPE_CHECKING:
    from undersong.batch.tracks import Flaw

DAMAGED = 5


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("fsck")(fsck)


def fsck(
    library: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    folder: Path | None = OUT,
    destinations: list[str] | None = TO,
    listen: bool = typer.Option(
        False, "--listen", help="Also decode every file and measure it again."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Prove that every track is whole: all files there, with the bytes that were made.

    Exit code 5 when something is missing or damaged; `undersong build` makes it again.
    """
    from undersong.batch.destinations import places
    from undersong.batch.freshness import library_root
    from undersong.manifest import MANIFEST

    found = places(library_root(library), folder, destinations or ())
    folders = [
        path.parent for tracks in found.values() for path in sorted(tracks.glob(f"*/{MANIFEST}"))
    ]
    flaws = [flaw for each in folders for flaw in _flaws(each, listen=listen)]
    if as_json:
        listed = [{"path": str(flaw.path), "message": flaw.message} for flaw in flaws]
        print_json({"tracks": len(folders), "flaws": listed})
    else:
        for flaw in flaws:
            err.print(f"{flaw.path}: {flaw.message}", style="red")
        state = (
            f"{len(flaws)} files are not as they were made" if flaws else "all as they were made"
        )
        out.print(f"{len(folders)} tracks: {state}")
    if flaws:
        raise typer.Exit(DAMAGED)


def _flaws(folder: Path, *, listen: bool) -> "Iterator[Flaw]":
    from undersong.batch.tracks import flaws_in, heard_flaws_in

    found = list(flaws_in(folder))
    yield from found
    if listen and not found:
        yield from heard_flaws_in(folder)
