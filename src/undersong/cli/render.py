"""`undersong render`: recipes in, finished tracks out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from msgspec import Struct, field

from undersong.cli.failures import of_system
from undersong.cli.screen import Progress, complain, out, print_json
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.errors import UndersongError

if TYPE_CHECKING:
    from undersong.recipes.library import Library
    from undersong.recipes.model import Recipe
    from undersong.render import Way
    from undersong.studio import Extras


_FROM = {"made": "", "brought": ", from the cache"}


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
    force: bool = typer.Option(False, "--force", help="Render even what is there or in the cache."),
    as_json: bool = typer.Option(False, "--json", help="Print the manifests as JSON."),
) -> None:
    """Render recipes to finished tracks: audio files, captions and a manifest.

    A track whose files are there and whose recipe, voice, beds and program have not changed is
    left alone; one that was made of the same before comes from the cache. If one track fails, the
    others go on.
    """
    from undersong.studio import Extras

    extras = Extras(stems=stems, listen=listen, picture=picture, force=force)
    run = _Run(folder=folder, engine=engine, online=online, extras=extras, as_json=as_json)
    for name in recipes:
        run.render_all(name, variant)
    run.finish()


class _Run(Struct, frozen=True, kw_only=True):
    """One call of the command: what was asked for, what was made, what failed."""

    folder: Path | None
    engine: str | None
    online: bool | None
    extras: "Extras"
    as_json: bool
    made: list[dict[str, Any]] = field(default_factory=list)
    failures: list[UndersongError] = field(default_factory=list)

    def render_all(self, name: str, variant: str | None) -> None:
        """Render the tracks of a recipe; those that fail do not keep the others."""
        from undersong.cli.tracks import load_tracks

        with self._noting():
            library, tracks = load_tracks(name, variant)
            for recipe in tracks:
                with self._noting():
                    self._render(recipe, library)

    def finish(self) -> None:
        """Print what machines want to know; exit by the first failure."""
        if self.as_json and self.failures:
            told = self.failures[0].as_json()
            others = [failure.as_json() for failure in self.failures[1:]]
            print_json({**told, "others": others, "tracks": self.made})
        elif self.as_json:
            print_json(self.made[0] if len(self.made) == 1 else self.made)
        if self.failures:
            raise typer.Exit(self.failures[0].exit_code)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note a failure and go on."""
        try:
            yield
        except (UndersongError, OSError) as error:
            failure = error if isinstance(error, UndersongError) else of_system(error)
            self.failures.append(failure)
            if not self.as_json:
                complain(failure)

    def _render(self, recipe: "Recipe", library: "Library") -> None:
        from undersong.render import render_track
        from undersong.studio import Studio
        from undersong.voices.takes import default_cache

        progress = Progress(quiet=self.as_json)
        studio = Studio(
            library=library,
            cache=default_cache(),
            watch=progress,
            engine=self.engine,
            offline=self.online is False,
            online=self.online is True,
        )
        target = (self.folder or library.root / "build") / recipe.slug
        with progress.shown():
            progress.note(f"{recipe.slug}: {recipe.title}")
            manifest, way = render_track(recipe, studio, target, self.extras)
        self.made.append(manifest)
        if not self.as_json:
            _report(manifest, target, way)


def _report(manifest: dict[str, Any], folder: Path, way: "Way") -> None:
    """Print what came to be there and what was measured on it."""
    from undersong.units import format_seconds

    slug = manifest["slug"]
    if way == "left":
        out.print(f"{slug}: nothing has changed, {folder} is up to date")
        return
    draft = ", draft" if manifest["draft"] else ""
    out.print(
        f"{slug}: {format_seconds(manifest['length_s'])}, "
        f"voice {manifest['voice']} ({manifest['engine']}{draft}), "
        f"speech at {manifest['speech_lufs']:.1f} LUFS{_FROM[way]}"
    )
    if heard := manifest.get("hearing"):
        out.print(
            f"  {heard['heard_share']:.0%} of the words heard, "
            f"{len(heard['doubtful']) + len(heard['failed'])} phrases need an ear"
        )
    for item in manifest["deliverables"]:
        levels = item["levels"]
        out.print(
            f"  {folder / item['file']}  {levels['integrated_lufs']:.2f} LUFS, "
            f"range {levels['range_lu']:.1f} LU, peak {levels['true_peak_dbtp']:.2f} dBTP, "
            f"{item['size_bytes'] / 1e6:.1f} MB"
        )
    for name in manifest["companions"]:
        out.print(f"  {folder / name}")
