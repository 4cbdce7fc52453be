"""`undersong ambience`: what can sound here; render a bed to a file."""

from pathlib import Path

import typer

from undersong.cli.screen import Progress, complain, out, print_json, table

group = typer.Typer(
    name="ambience",
    help="List beds, or render one to a file.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group)


@group.callback()
def beds(
    context: typer.Context,
    folder: Path = typer.Option(Path(), "--library", help="A folder of the library."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the beds of the library and of the starter library."""
    if context.invoked_subcommand is not None:
        return
    from undersong.ambience.bed import load_bed
    from undersong.cli.tracks import library_around
    from undersong.errors import FaultsError

    library = library_around(folder)
    found, broken = [], []
    for name in library.bed_names():
        try:
            found.append(load_bed(name, library))
        except FaultsError as error:
            broken.append(error)
    for faults in broken:
        complain(faults)
    if as_json:
        print_json(
            [
                {
                    "name": bed.name,
                    "title": bed.title,
                    "about": bed.about,
                    "generators": [layer.generator for layer in bed.layers],
                }
                for bed in found
            ]
        )
        return
    rows = [
        (bed.name, bed.title, ", ".join(layer.generator for layer in bed.layers), bed.about)
        for bed in found
    ]
    out.print(table("", ("bed", "title", "layers", "about"), rows))


@group.command("render")
def render(
    name: str = typer.Argument(help="Name of a bed."),
    length: str = typer.Option("1m", "--length", help="Such as 10m."),
    seed: int = typer.Option(1, "--seed", min=0, help="The same seed gives the same sound."),
    to: Path = typer.Option(..., "--out", help="A .wav or .flac file."),
    folder: Path = typer.Option(Path(), "--library", help="A folder of the library."),
) -> None:
    """Render a bed alone, at its own level, to a sound file."""
    from undersong.ambience.bed import load_bed, open_bed
    from undersong.cli.targets import sound_target
    from undersong.cli.times import seconds_option
    from undersong.deliver.sound import write_sound
    from undersong.recipes.library import Library
    from undersong.units import to_samples

    sound_target("--out", to)
    samples = to_samples(seconds_option("--length", length))
    bed = open_bed(load_bed(name, Library.find(folder)), seed)
    with Progress().shown() as progress:
        write_sound(to, bed, samples, progress.stage(f"rendering {name}", samples))
    out.print(f"Wrote {to}", markup=False)
