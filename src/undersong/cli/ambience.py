"""`undersong ambience`: what can sound here; hear, see, render beds, and bring recordings in."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from undersong.cli.screen import Progress, complain, err, out, print_json
from undersong.cli.tables import table

if TYPE_CHECKING:
    from undersong.ambience.bed import Bed
    from undersong.ambience.intake.accept import Accepted
    from undersong.audio import BlockSource
    from undersong.recipes.library import Library

FOLDER = typer.Option(Path(), "--library", help="A folder of the library.")
JSON = typer.Option(False, "--json", help="Print JSON.")
SEED = typer.Option(1, "--seed", min=0, help="The same seed gives the same sound.")
KEPT = "As FLAC, in a third of the space; or as WAV, which costs no time to decode."
NAME = typer.Argument(help="Name of a bed.")

LONGEST_SHOWN = "1h"

group = typer.Typer(
    name="ambience",
    help="List beds; hear, see or render one; bring in a recording.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group)


@group.callback()
def beds(context: typer.Context, folder: Path = FOLDER, as_json: bool = JSON) -> None:
    """List the beds of the library and of the starter library."""
    if context.invoked_subcommand is None:
        listed(folder, as_json)


@group.command("list")
def listed(folder: Path = FOLDER, as_json: bool = JSON) -> None:
    """List the beds of the library and of the starter library."""
    from undersong.ambience.bed import load_bed
    from undersong.cli.tracks import library_around
    from undersong.errors import AmbienceError, FaultsError

    library = library_around(folder)
    found = []
    for name in library.bed_names():
        try:
            found.append(load_bed(name, library))
        except (FaultsError, AmbienceError) as error:
            complain(error)
    if as_json:
        print_json([_as_json(bed) for bed in found])
        return
    rows = [
        (bed.name, bed.title, bed.kind, _layers(bed), bed.licence or "none", bed.credit)
        for bed in found
    ]
    out.print(table("", ("bed", "title", "kind", "layers", "licence", "credit"), rows))


@group.command("render")
def render(
    name: str = NAME,
    length: str = typer.Option("1m", "--length", help="Such as 10m; up to 12h."),
    seed: int = SEED,
    to: Path = typer.Option(..., "--out", help="A .wav or .flac file."),
    folder: Path = FOLDER,
) -> None:
    """Render a bed alone, at its own level, to a sound file."""
    from undersong.cli.targets import sound_target
    from undersong.cli.times import seconds_option

    sound_target("--out", to)
    _write(name, folder, seed, Fraction(0), seconds_option("--length", length), to)
    out.print(f"Wrote {to}")


@group.command("play")
def play(
    name: str = NAME,
    at: str = typer.Option("0s", "--at", help="Where to begin, such as 1h30m."),
    length: str = typer.Option("20s", "--for", help=f"How long, up to {LONGEST_SHOWN}."),
    seed: int = SEED,
    folder: Path = FOLDER,
) -> None:
    """Hear a bed alone."""
    from undersong.cli.playing import play_file
    from undersong.cli.times import seconds_option
    from undersong.recipes.library import Library

    start = seconds_option("--at", at, least=Fraction(0))
    target = Library.find(folder).root / "build" / "ambience" / f"{name}.wav"
    _write(name, folder, seed, start, _short_length("--for", length), target)
    play_file(target)


@group.command("show")
def show(
    name: str = NAME,
    length: str = typer.Option("5m", "--length", help=f"How much, up to {LONGEST_SHOWN}."),
    seed: int = SEED,
    to: Path | None = typer.Option(None, "--out", help="A .png file. Default: in build/ambience/."),
    folder: Path = FOLDER,
) -> None:
    """Draw a bed: its level over time, and its mel spectrogram."""
    from undersong.deliver.bed_picture import draw_bed
    from undersong.units import to_samples

    library, bed, source = _open(name, folder, seed)
    samples = to_samples(_short_length("--length", length))
    target = to or library.root / "build" / "ambience" / f"{name}.png"
    with Progress().shown() as progress:
        draw_bed(
            target,
            source,
            samples,
            title=bed.title,
            subtitle=f"{bed.kind}: {_layers(bed)}",
            tick=progress.stage(f"listening to {name}", 2 * samples),
        )
    out.print(f"Wrote {target}")


@group.command("add")
def add(
    file: Path = typer.Argument(help="A recording of any format, half a minute or more."),
    name: str = typer.Option("", "--name", help="Of the bed. Default: from the file's name."),
    title: str = typer.Option("", "--title", help="For people. Default: from the name."),
    about: str = typer.Option("", "--about", help="One line for lists."),
    licence: str | None = typer.Option(None, "--licence", help="Such as CC-BY-4.0, or own."),
    credit: str | None = typer.Option(None, "--credit", help="Who is to be named."),
    kept: Literal["flac", "wav"] = typer.Option("flac", "--keep", help=KEPT),
    folder: Path = FOLDER,
    as_json: bool = JSON,
) -> None:
    """Make an endless bed of a recording: look, repair, write it into ambience/, describe it."""
    from undersong.ambience.intake.accept import Wish, accept, name_from
    from undersong.recipes.library import Library
    from undersong.store.place import default_cache

    library = Library.find(folder)
    chosen = name or name_from(file)
    wish = Wish(
        name=chosen,
        title=title or chosen.replace("-", " ").capitalize(),
        about=about,
        licence=_asked(licence, "Licence (such as CC-BY-4.0; empty: not known)", as_json),
        credit=_asked(credit, "Credit line (empty: not known)", as_json),
        kept=kept,
    )
    with Progress(quiet=as_json).shown() as progress:
        accepted = accept(file, library.root, wish, default_cache(), progress)
    if as_json:
        print_json(_intake_json(accepted))
    else:
        _tell(accepted, wish.name, library)


def _tell(accepted: "Accepted", name: str, library: "Library") -> None:
    """Say what was brought in, how it sounds, and what is still missing."""
    from undersong.ambience.bed import load_bed
    from undersong.ambience.rights import missing_rights

    known = accepted.known
    for text in accepted.done:
        out.print(f"  {text}")
    out.print(
        f"  {accepted.found.loudness_lufs:.1f} LUFS, range {known.range_lu:.1f} LU, "
        f"loudest moment {known.crest_lu:.1f} LU above the median"
    )
    out.print(f"Wrote {accepted.bed} and {accepted.recording.name}")
    for text in missing_rights(load_bed(name, library)):
        err.print(f"Not to be published yet: {text}. Write it into the bed file.")


def _intake_json(accepted: "Accepted") -> dict[str, Any]:
    found, known = accepted.found, accepted.known
    return {
        "bed": str(accepted.bed),
        "recording": str(accepted.recording),
        "done": list(accepted.done),
        "length_s": known.length / 48_000,
        "loudness_lufs": found.loudness_lufs,
        "range_lu": known.range_lu,
        "crest_lu": known.crest_lu,
        "clipped_share": found.clipped,
        "offset_dbfs": found.offset_db,
        "hum_hz": list(found.hum_hz),
        "loop_s": known.loop_s,
        "events": len(known.events),
        "startling": len(known.startling),
    }


def _asked(given: str | None, question: str, quiet: bool) -> str:
    """Return what was given, or ask for it where somebody can answer."""
    import sys

    if given is not None or quiet or not sys.stdin.isatty():
        return given or ""
    answer: str = typer.prompt(question, default="", show_default=False)
    return answer


def _open(name: str, folder: Path, seed: int) -> "tuple[Library, Bed, BlockSource]":
    from undersong.ambience.bed import load_bed, open_bed
    from undersong.recipes.library import Library
    from undersong.store.place import default_cache

    library = Library.find(folder)
    bed = load_bed(name, library)
    return library, bed, open_bed(bed, seed, default_cache())


def _write(name: str, folder: Path, seed: int, start: Fraction, length: Fraction, to: Path) -> None:
    from undersong.audio import Shifted
    from undersong.deliver.sound import write_sound
    from undersong.units import to_samples

    _library, _bed, source = _open(name, folder, seed)
    shifted, samples = Shifted(source, to_samples(start)), to_samples(length)
    with Progress().shown() as progress:
        write_sound(to, shifted, samples, progress.stage(f"rendering {name}", samples))


def _short_length(option: str, text: str) -> Fraction:
    """Read a length that is listened to or drawn at once."""
    from undersong.cli.times import seconds_option
    from undersong.units import parse_seconds

    seconds = seconds_option(option, text)
    if seconds > parse_seconds(LONGEST_SHOWN):
        raise typer.BadParameter(f"{text} is too long; up to {LONGEST_SHOWN}", param_hint=option)
    return seconds


def _layers(bed: "Bed") -> str:
    return ", ".join(layer.words for layer in bed.layers)


def _as_json(bed: "Bed") -> dict[str, Any]:
    return {
        "name": bed.name,
        "title": bed.title,
        "about": bed.about,
        "kind": bed.kind,
        "layers": [layer.words for layer in bed.layers],
        "licence": bed.licence,
        "credit": bed.credit,
    }
