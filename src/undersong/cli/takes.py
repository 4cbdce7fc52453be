"""`undersong takes`: what was said, said again, chosen, and carried to another machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from undersong.cli.screen import Progress, out, print_json
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.cli.tables import table

if TYPE_CHECKING:
    from undersong.voices.alternatives import TakeRow
    from undersong.voices.desk import Desk

group = typer.Typer(
    name="takes",
    help="See, compare, choose, lock and carry the takes of recipes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

RECIPE = typer.Argument(help="A recipe file, or the name of a recipe in the library.")
VARIANT = typer.Option(None, "--variant", help="Only the variant of this name.")
STATES = {
    (True, True): "locked",
    (True, False): "",
    (False, True): "missing",
    (False, False): "unsaid",
}
"""By whether the take is in the cache and whether it is locked."""

WHICH = "The line of a phrase in the recipe, its text, or a part of that."


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group)


@group.command("list")
def list_takes(
    recipe: str = RECIPE,
    variant: str | None = VARIANT,
    engine: str | None = ENGINE,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the take of every phrase: who says it, which number, locked or not. Says nothing."""
    from undersong.files import plain
    from undersong.voices.alternatives import take_rows

    rows = take_rows(_desk(recipe, variant, engine))
    if as_json:
        print_json([plain(row) for row in rows])
        return
    columns = ("line>", "voice", "engine", "take>", "state", "seconds>", "LUFS>", "phrase")
    out.print(table("", columns, [_cells(row) for row in rows]))


@group.command("again")
def again(
    recipe: str = RECIPE,
    which: list[str] | None = typer.Argument(None, help=f"{WHICH} Several may be given."),
    take: int | None = typer.Option(
        None, "--take", min=1, max=99, help="Number of the new take. Default: the next one."
    ),
    missing: bool = typer.Option(
        False, "--missing", help="Make locked takes that are not in the cache, and lock those."
    ),
    folder: Path | None = typer.Option(
        None, "--out", help="Write all takes of these phrases here as WAV, side by side."
    ),
    variant: str | None = VARIANT,
    engine: str | None = ENGINE,
) -> None:
    """Have phrases said again. Takes that are there stay, and none is locked: see `pick`."""
    from undersong.voices.alternatives import make_again, remake_missing

    if bool(which) == missing:
        raise typer.BadParameter("name phrases, or give --missing", param_hint="WHICH")
    desk = _desk(recipe, variant, engine)
    progress = Progress()
    if not which:
        pins = remake_missing(desk, progress.stage("speaking", len(desk.missing())))
        for pin in pins:
            out.print(f"locked anew: “{pin.text}”, sound {pin.audio_sha256[:12]}…")
        if not pins:
            out.print("no locked take is missing")
        return
    phrases = [phrase for each in which for phrase in desk.find(each)]
    made = make_again(desk, phrases, take, progress.stage("speaking", len(phrases)))
    for phrase, number in made.items():
        out.print(f"{phrase.place}: take {number} of “{phrase.text}”")
    if folder is not None:
        _write(desk, which, folder)


@group.command("play")
def play(
    recipe: str = RECIPE,
    which: list[str] = typer.Argument(help=f"{WHICH} Several may be given."),
    folder: Path | None = typer.Option(None, "--out", help="Write WAV files here instead."),
    variant: str | None = VARIANT,
    engine: str | None = ENGINE,
) -> None:
    """Play all takes of phrases one after the other, or write them side by side."""
    import tempfile

    from undersong.cli.playing import play_file
    from undersong.preview.player import find_player

    desk = _desk(recipe, variant, engine)
    if folder is not None or find_player() is None:
        _write(desk, which, folder or desk.library / "build" / "takes")
        return
    from undersong.voices.alternatives import write_alternatives

    with tempfile.TemporaryDirectory() as place:
        for each in which:
            for path in write_alternatives(desk, desk.find(each), Path(place)):
                out.print(path.stem)
                play_file(path)


@group.command("pick")
def pick(
    recipe: str = RECIPE,
    which: str = typer.Argument(help=WHICH),
    take: int = typer.Argument(min=1, max=99, help="Number of the take."),
    variant: str | None = VARIANT,
    engine: str | None = ENGINE,
) -> None:
    """Choose a take of one phrase and lock it, in `takes.lock` beside the recipe."""
    from undersong.errors import UnknownNameError
    from undersong.voices.alternatives import pick as choose

    desk = _desk(recipe, variant, engine)
    found = desk.find(which)
    if len(found) > 1:
        raise UnknownNameError("single phrase", which, [phrase.text for phrase in found])
    pin = choose(desk, found[0], take)
    out.print(f"{desk.lock}: take {pin.take} of “{found[0].text}” is locked")


@group.command("export")
def export(
    recipes: list[str] = typer.Argument(help="Recipe files, or names of recipes in the library."),
    bundle: Path = typer.Argument(help="The ZIP file to write."),
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
) -> None:
    """Pack the takes of recipes, so that another machine renders them without any engine.

    What has not been said yet is said first.
    """
    from undersong.cli.tracks import load_tracks
    from undersong.voices.bundle import export_bundle
    from undersong.voices.narrate import narrate
    from undersong.voices.takes import TakeStore, default_cache

    loaded = [load_tracks(name, None) for name in recipes]
    library = loaded[0][0]
    if any(other.root != library.root for other, _ in loaded):
        raise typer.BadParameter("they are of several libraries", param_hint="RECIPES")
    store = TakeStore(default_cache())
    progress = Progress()
    spoken = []
    for track in (track for _, tracks in loaded for track in tracks):
        narration = narrate(
            track,
            library,
            store,
            engine=engine,
            offline=online is False,
            online=online is True,
            tick=progress.stage(f"speaking {track.slug}", len(track.script.utterances)),
        )
        for note in (*narration.casting, *narration.notes):
            progress.note(note)
        spoken.append((track, narration))
    count = export_bundle(spoken, library, store, bundle)
    out.print(f"Wrote {bundle}: {count} takes")


@group.command("import")
def import_takes(
    bundle: Path = typer.Argument(help="A ZIP file that `undersong takes export` wrote."),
    folder: Path = typer.Option(Path(), "--library", help="A folder of the library."),
) -> None:
    """Bring the takes of a bundle into the cache, and lock those that were locked."""
    from undersong.recipes.library import Library
    from undersong.voices.bundle import import_bundle
    from undersong.voices.takes import TakeStore, default_cache

    came = import_bundle(bundle, Library.find(folder), TakeStore(default_cache()))
    out.print(f"{came.takes} takes, {came.new} of them new")
    for path, count in came.locks.items():
        out.print(f"{path}: {count} locked")
    for pin in came.others:
        out.print(f"another take of “{pin.text}” is locked here and stays")
    for name in came.homeless:
        out.print(f"no folder `{name}` here, so its takes are not locked")


def _desk(recipe: str, variant: str | None, engine: str | None) -> "Desk":
    from undersong.cli.tracks import load_tracks
    from undersong.voices.desk import open_desk
    from undersong.voices.takes import TakeStore, default_cache

    library, tracks = load_tracks(recipe, variant)
    return open_desk(tracks, library, TakeStore(default_cache()), engine=engine)


def _write(desk: "Desk", which: list[str], folder: Path) -> None:
    from undersong.voices.alternatives import write_alternatives

    for each in which:
        for path in write_alternatives(desk, desk.find(each), folder):
            out.print(f"Wrote {path}")


def _cells(row: "TakeRow") -> tuple[str, ...]:
    others = f" of {', '.join(map(str, row.takes))}" if len(row.takes) > 1 else ""
    return (
        str(row.line),
        row.voice,
        row.engine,
        f"{row.take}{others}",
        STATES[row.cached, row.locked],
        "" if row.length_s is None else f"{row.length_s:.2f}",
        "" if row.level_lufs is None else f"{row.level_lufs:.1f}",
        row.text,
    )
