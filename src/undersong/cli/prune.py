"""`undersong prune`: take away tracks that no recipe makes any more."""

from pathlib import Path

import typer

from undersong.cli.screen import err, out, print_json
from undersong.errors import OutputError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("prune")(prune)


def prune(
    library: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    folder: Path | None = typer.Option(
        None, "--out", help="The folder of tracks. Default: build/ in the library."
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Remove them without asking."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would go."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Remove tracks that no recipe makes any more.

    Only files that a track's own manifest lists are removed; anything else in its folder stays.
    """
    from undersong.batch.freshness import library_root, plan_build
    from undersong.batch.hold import alone
    from undersong.batch.model import Order
    from undersong.batch.state import read_state
    from undersong.batch.tracks import remove

    root = library_root(library)
    tracks = (folder or root / "build").absolute()
    order = Order(root=root, out=tracks, cache=root, choice=read_state(tracks).choice)
    orphans = plan_build(order).orphans
    if not as_json:
        for orphan in orphans:
            out.print(str(orphan), markup=False)
    left: list[Path] = []
    gone = [] if dry_run or not _agreed(len(orphans), yes=yes) else list(orphans)
    if gone:
        with alone(tracks, lambda: err.print("a build is at work here; waiting …")):
            left = [path for orphan in gone for path in remove(orphan)]
    if as_json:
        found = {"orphans": orphans, "removed": gone, "left": left}
        print_json({name: [str(path) for path in paths] for name, paths in found.items()})
        return
    for path in left:
        out.print(f"{path} stays: it is not ours", markup=False)
    done = f"{len(gone)} removed" if gone else "nothing removed"
    out.print(done if orphans else "nothing to remove", markup=False)


def _agreed(count: int, *, yes: bool) -> bool:
    if yes or not count:
        return bool(count)
    if not err.is_terminal:
        raise OutputError(f"{count} tracks would be removed", hint="say --yes to remove them")
    return typer.confirm(f"Remove these {count} tracks?", err=True)
