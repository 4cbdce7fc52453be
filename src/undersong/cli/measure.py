"""`undersong measure`: loudness, range, true peak and length of any sound file."""

from pathlib import Path
from typing import Any

import typer

from undersong.cli.screen import complain, out, print_json
from undersong.cli.tables import table
from undersong.errors import AudioFileError, UndersongError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("measure")(measure)


def measure(
    files: list[Path] = typer.Argument(help="Sound files of any format, ours or not."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON: an object, or a list of them."),
) -> None:
    """Measure loudness (ITU-R BS.1770-5), loudness range, true peak and length of sound files.

    Mono is measured as one channel, 3 LU below the same sound on two. A file that cannot be
    measured is named, and the others are measured all the same.
    """
    rows: list[dict[str, Any]] = []
    failures: list[UndersongError] = []
    for path in files:
        try:
            rows.append({"file": str(path), **_levels(path)})
        except UndersongError as error:
            failures.append(error)
            complain(error)
            rows.append({"file": str(path), **error.as_json()})
    if as_json:
        print_json(rows[0] if len(rows) == 1 else rows)
    elif measured := [row for row in rows if "error" not in row]:
        columns = ("file", "LUFS>", "3 s max>", "0.4 s max>", "range LU>", "dBTP>", "length>")
        out.print(table("", columns, [_row(row) for row in measured]))
    if failures:
        raise typer.Exit(failures[0].exit_code)


def _levels(path: Path) -> dict[str, float]:
    from undersong.decode import stream_sound
    from undersong.dsp.loudness import Meter
    from undersong.files import plain

    sound = stream_sound(path)
    try:
        meter = Meter(sound.channels, sound.rate)
    except ValueError as error:  # a rate at which the K-weighting means nothing
        raise AudioFileError(f"{path}: {error}", hint="convert it to 48000 Hz first") from error
    for block in sound.blocks:
        meter.push(block)
    return plain(meter.levels())


def _row(row: dict[str, Any]) -> list[str]:
    from undersong.units import format_seconds

    name, *levels, length = row.values()
    shown = [f"{level:.2f}" for level in levels]
    return [str(name), *shown, format_seconds(length)]
