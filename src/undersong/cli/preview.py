"""`undersong preview`: a moment of the finished mix, at once."""

from pathlib import Path

import typer

from undersong.cli.playing import play_file
from undersong.cli.screen import Progress, out
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.timeline.model import STEMS

SHOWN = ("mix", *STEMS)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("preview")(preview)


def preview(
    recipe: str = typer.Argument(help="A recipe file, or the name of a recipe in the library."),
    at: str = typer.Option("0s", "--at", help="Where to begin, such as 3:00 or 90s."),
    span: str = typer.Option("20s", "--for", help="How long, such as 20s."),
    stem: str = typer.Option("mix", "--stem", help=f"One of {', '.join(SHOWN)}."),
    variant: str | None = typer.Option(None, "--variant", help="The variant of this name."),
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
    to: Path | None = typer.Option(
        None, "--out", help="Write a 24-bit .wav or .flac instead of playing."
    ),
) -> None:
    """Render a span through the same chain as the full track, sample for sample, and play it."""
    from undersong.cli.targets import sound_target
    from undersong.cli.times import seconds_option
    from undersong.cli.tracks import load_tracks
    from undersong.errors import UnknownNameError
    from undersong.preview.span import Span, write_span
    from undersong.studio import Studio
    from undersong.units import to_samples
    from undersong.voices.takes import default_cache

    if stem not in SHOWN:
        raise UnknownNameError("stem", stem, SHOWN)
    if to is not None:
        sound_target("--out", to)
    start = to_samples(seconds_option("--at", at, least=0 * seconds_option("--for", span)))
    wanted = Span(start=start, length=to_samples(seconds_option("--for", span)), stem=stem)
    library, tracks = load_tracks(recipe, variant)
    progress = Progress()
    studio = Studio(
        library=library,
        cache=default_cache(),
        watch=progress,
        engine=engine,
        offline=online is False,
        online=online is True,
    )
    target = to or library.root / "build" / f"{tracks[0].slug}-preview.wav"
    with progress.shown():
        write_span(tracks[0], studio, wanted, target)
    if to is None:
        play_file(target)
    else:
        out.print(f"Wrote {target}")
