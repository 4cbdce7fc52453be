"""`undersong prune`: take away tracks that no recipe makes any more."""

from pathlib import Path

import typer
from msgspec.structs import replace

from undersong.cli.destined import OUT, TO
from undersong.cli.screen import err, out, print_json
from undersong.errors import OutputError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("prune")(prune)


def prune(
    library: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    folder: Path | None = OUT,
    destinations: list[str] | None = TO,
    yes: bool = typer.Option(False, "--yes", "-y", help="Remove them without asking."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would go."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Remove tracks that no recipe makes any more.

    Only files that a track's own manifest lists are removed; anything else in its folder stays.
    """
    from undersong.batch.destinations import places
    from undersong.batch.freshness import library_root
    from undersong.batch.hold import alone
    from undersong.batch.tracks import remove

    root = library_root(library)
    bound = places(root, folder, destinations or ())
    orphans = [orphan for name, tracks in bound.items() for orphan in _orphans(root, name, tracks)]
    if not as_json:
        for orphan in orphans:
            out.print(str(orphan))
    left: list[Path] = []
    gone = [] if dry_run or not _agreed(len(orphans), yes=yes) else list(orphans)
    for orphan in gone:
        with alone(orphan.parent, lambda: err.print("a build is at work here; waiting …")):
            left += remove(orphan)
    if as_json:
        found = {"orphans": orphans, "removed": gone, "left": left}
        print_json({name: [str(path) for path in paths] for name, paths in found.items()})
        return
    for path in left:
        out.print(f"{path} stays: it is not ours")
    done = f"{len(gone)} removed" if gone else "nothing removed"
    out.print(done if orphans else "nothing to remove")


def _orphans(root: Path, destination: str | None, tracks: Path) -> tuple[Path, ...]:
    from undersong.batch.freshness import plan_build
    from undersong.batch.model import Order
    from undersong.batch.state import read_state

    choice = replace(read_state(tracks).choice, destination=destination)
    return plan_build(Order(root=root, out=tracks, cache=root, choice=choice)).orphans


def _agreed(count: int, *, yes: bool) -> bool:
    if yes or not count:
        return bool(count)
    if not err.is_terminal:
        raise OutputError(f"{count} tracks would be removed", hint="say --yes to remove them")
    return typer.confirm(f"Remove these {count} tracks?", err=True)
