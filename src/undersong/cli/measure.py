"""`undersong measure`: loudness, range, true peak and length of any sound file."""

from pathlib import Path

import typer

from undersong.cli.screen import out, print_json, table


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("measure")(measure)


def measure(
    files: list[Path] = typer.Argument(help="Sound files of any format, ours or not."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON: an object, or a list of them."),
) -> None:
    """Measure loudness (ITU-R BS.1770-5), loudness range, true peak and length of sound files.

    Mono is measured as one channel, 3 LU below the same sound on two.
    """
    from dataclasses import asdict

    from undersong.decode import stream_sound
    from undersong.dsp.loudness import Meter

    rows = []
    for path in files:
        sound = stream_sound(path)
        meter = Meter(sound.channels, sound.rate)
        for block in sound.blocks:
            meter.push(block)
        rows.append({"file": str(path), **asdict(meter.levels())})
    if as_json:
        print_json(rows[0] if len(rows) == 1 else rows)
        return
    columns = ("file", "LUFS>", "3 s max>", "0.4 s max>", "range LU>", "dBTP>", "length>")
    out.print(table("", columns, [_row(row) for row in rows]))


def _row(row: dict[str, object]) -> list[str]:
    from undersong.units import format_seconds

    name, *levels, length = row.values()
    shown = [f"{float(str(level)):.2f}" for level in levels]
    return [str(name), *shown, format_seconds(float(str(length)))]
