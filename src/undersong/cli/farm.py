"""`undersong farm`: a farm on this machine, for a try."""

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
            out.print(f"{workers} workers at {address}; in another terminal:", markup=False)
            out.print(f"  undersong build --farm {address}{shown}", markup=False, soft_wrap=True)
            err.print("Ctrl-C ends it.", markup=False)
        kept.keep()


@farm.command("down")
def down(folder: Path | None = FOLDER) -> None:
    """End the farm that `farm up` started on this machine."""
    from undersong.batch.farm_local import bring_down, farm_folder

    place = folder.absolute() if folder else farm_folder()
    if not bring_down(place):
        raise FarmError(f"no farm is up in {place}")
    out.print("the farm is down", markup=False)
