"""`undersong render`: recipes in, finished tracks out."""

from pathlib import Path
from typing import Any

import typer

from undersong.cli.screen import Progress, complain, out, print_json
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.errors import UndersongError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("render")(render)


def render(
    recipes: list[str] = typer.Argument(help="Recipe files, or names of recipes in the library."),
    folder: Path | None = typer.Option(
        None, "--out", help="Where tracks go, a folder each. Default: build/ in the library."
    ),
    variant: str | None = typer.Option(None, "--variant", help="Only the variant of this name."),
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
    stems: bool = typer.Option(False, "--stems", help="Also write stems: voice, bed and cues."),
    picture: bool = typer.Option(False, "--picture", help="Also draw a picture of the mix."),
    listen: bool = typer.Option(False, "--listen", help="Hear whether the voice said the script."),
    force: bool = typer.Option(False, "--force", help="Render even if nothing has changed."),
    as_json: bool = typer.Option(False, "--json", help="Print the manifests as JSON."),
) -> None:
    """Render recipes to finished tracks: audio files, captions and a manifest.

    A track whose files are there and whose recipe, voice, beds and program have not changed is
    left alone. If one track fails, the others go on.
    """
    from undersong.cli.tracks import load_tracks
    from undersong.render import render_track
    from undersong.studio import Extras, Studio
    from undersong.voices.takes import default_cache

    extras = Extras(stems=stems, listen=listen, picture=picture, force=force)
    made: list[dict[str, Any]] = []
    failure: UndersongError | None = None
    for name in recipes:
        try:
            library, tracks = load_tracks(name, variant)
        except UndersongError as error:
            complain(error)
            failure = failure or error
            continue
        for recipe in tracks:
            progress = Progress(quiet=as_json)
            studio = Studio(
                library=library,
                cache=default_cache(),
                watch=progress,
                engine=engine,
                offline=online is False,
                online=online is True,
            )
            target = (folder or library.root / "build") / recipe.slug
            try:
                with progress.shown():
                    progress.note(f"{recipe.slug}: {recipe.title}")
                    manifest, fresh = render_track(recipe, studio, target, extras)
            except UndersongError as error:
                complain(error)
                failure = failure or error
                continue
            made.append(manifest)
            if not as_json:
                _report(manifest, target, fresh=fresh)
    if as_json:
        print_json(made[0] if len(made) == 1 and failure is None else made)
    if failure is not None:
        raise typer.Exit(failure.exit_code)


def _report(manifest: dict[str, Any], folder: Path, *, fresh: bool) -> None:
    """Print what was made and what was measured on it."""
    from undersong.units import format_seconds

    slug = manifest["slug"]
    if not fresh:
        out.print(f"{slug}: nothing has changed, {folder} is up to date", markup=False)
        return
    draft = ", draft" if manifest["draft"] else ""
    out.print(
        f"{slug}: {format_seconds(manifest['length_s'])}, "
        f"voice {manifest['voice']} ({manifest['engine']}{draft}), "
        f"speech at {manifest['speech_lufs']:.1f} LUFS",
        markup=False,
    )
    if heard := manifest.get("hearing"):
        out.print(
            f"  {heard['heard_share']:.0%} of the words heard, "
            f"{len(heard['doubtful']) + len(heard['failed'])} phrases need an ear",
            markup=False,
        )
    for item in manifest["deliverables"]:
        levels = item["levels"]
        out.print(
            f"  {folder / item['file']}  {levels['integrated_lufs']:.2f} LUFS, "
            f"range {levels['range_lu']:.1f} LU, peak {levels['true_peak_dbtp']:.2f} dBTP, "
            f"{item['size_bytes'] / 1e6:.1f} MB",
            markup=False,
        )
    for name in manifest["companions"]:
        out.print(f"  {folder / name}", markup=False)
