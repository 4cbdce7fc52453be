"""`undersong farm`: a farm on this machine, for a try."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from undersong.cli.screen import err, out, print_json
from undersong.errors import FarmError

farm = typer.Typer(
    name="farm",
    help="Make libraries with workers on many machines; start some here for a try.",
    no_args_is_help=True,
)

FOLDER = typer.Option(
    None,
    "--folder",
    help="Certificates, store and logs. Default: $UNDERSONG_FARM, else by the cache.",
)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(farm)


@farm.command("up")
def up(
    workers: int = typer.Option(2, "--workers", "-n", min=1, max=256, help="How many workers."),
    port: int = typer.Option(8786, "--port", min=0, max=65535, help="Of the scheduler; 0: any."),
    folder: Path | None = FOLDER,
    as_json: bool = typer.Option(False, "--json", help="Print the address as JSON."),
) -> None:
    """Start a scheduler and workers on this machine, and keep them until Ctrl-C or `farm down`.

    They listen on 127.0.0.1 only, with certificates made now. Workers that die are replaced.
    """
    from undersong.batch.farm_local import LocalFarm, farm_folder

    place = folder.absolute() if folder else farm_folder()
    kept = LocalFarm(place, workers, port)
    with kept.up() as address:
        if as_json:
            print_json({"address": address, "folder": str(place)})
        else:
            shown = f" --farm-folder {place}" if folder else ""
            out.print(f"{workers} workers at {address}; in another terminal:")
            out.print(f"  undersong build --farm {address}{shown}")
            err.print("Ctrl-C ends it.")
        kept.keep()


@farm.command("down")
def down(folder: Path | None = FOLDER) -> None:
    """End the farm that `farm up` started on this machine."""
    from undersong.batch.farm_local import bring_down, farm_folder

    place = folder.absolute() if folder else farm_folder()
    if not bring_down(place):
        raise FarmError(f"no farm is up in {place}")
    out.print("the farm is down")


@farm.command("prune")
def prune(
    days: float = typer.Option(
        30.0, "--older", min=0.0, metavar="DAYS", help="Remove what was put there longer ago."
    ),
    folder: Path | None = FOLDER,
    store: str | None = typer.Option(
        None, "--farm-store", help="Store of the farm: s3://…, gs://…, az://… or a shared folder."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would go."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Make a farm's store smaller: between builds, because nothing there tells of its last use.

    Whatever a later build misses is sent or made again.
    """
    from undersong.batch.farm_depot import Depot
    from undersong.batch.farm_local import STORE, farm_folder

    place = folder.absolute() if folder else farm_folder()
    depot = Depot(store or os.environ.get("UNDERSONG_FARM_STORE") or str(place / STORE))
    before = datetime.now(UTC) - timedelta(days=days)
    count, size_bytes = depot.prune(before, dry=dry_run)
    if as_json:
        print_json({"store": depot.address, "removed": 0 if dry_run else count, "found": count})
        return
    verb = "would go from" if dry_run else "removed from"
    out.print(f"{count} objects, {size_bytes / 1e6:.0f} MB, {verb} {depot.address}")
