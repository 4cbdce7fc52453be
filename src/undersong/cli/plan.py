"""`undersong plan`: where everything falls, as a table, before anything is mixed."""

from typing import TYPE_CHECKING

import typer

from undersong.cli.ducking import clock
from undersong.cli.screen import out, print_json, table
from undersong.cli.speaking import ENGINE, ONLINE

if TYPE_CHECKING:
    from undersong.recipes.library import Library
    from undersong.recipes.model import Recipe
    from undersong.timeline.model import Timeline


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("plan")(plan)


def plan(
    recipe: str = typer.Argument(help="A recipe file, or the name of a recipe in the library."),
    variant: str | None = typer.Option(None, "--variant", help="Only the variant of this name."),
    spoken: bool = typer.Option(
        False, "--spoken", help="Speak the script first, for exact times instead of estimates."
    ),
    duck: bool = typer.Option(
        False,
        "--duck",
        help="Speak the script, listen to the beds, and show every move of the bed and its reason.",
    ),
    engine: str | None = ENGINE,
    online: bool | None = ONLINE,
    as_json: bool = typer.Option(False, "--json", help="Print the plan as JSON."),
) -> None:
    """Show the timeline of a recipe: chapters, phrases, pauses, scenes, and the length.

    Without --spoken the lengths of phrases are estimated from their text.
    """
    from undersong.cli.tracks import load_tracks

    library, tracks = load_tracks(recipe, variant)
    if duck:
        _show_ducks(tracks, library, engine, online, as_json=as_json)
        return
    if spoken:
        timelines = [_as_spoken(track, library, engine, online) for track in tracks]
    else:
        timelines = [_estimated(track, library) for track in tracks]
    if as_json:
        plans = [
            {"slug": track.slug, "estimated": not spoken, **timeline.as_json()}
            for track, timeline in zip(tracks, timelines, strict=True)
        ]
        print_json(plans[0] if len(plans) == 1 else plans)
        return
    for track, timeline in zip(tracks, timelines, strict=True):
        _show(track, timeline, spoken=spoken)


def _show_ducks(
    tracks: "tuple[Recipe, ...]",
    library: "Library",
    engine: str | None,
    online: bool | None,
    *,
    as_json: bool,
) -> None:
    from undersong.cli.ducking import duck_json, prepared, show_duck

    sessions = [
        prepared(track, library, engine=engine, online=online, quiet=as_json) for track in tracks
    ]
    if as_json:
        plans = [duck_json(session) for session in sessions]
        print_json(plans[0] if len(plans) == 1 else plans)
        return
    for session in sessions:
        show_duck(session)


def _estimated(track: "Recipe", library: "Library") -> "Timeline":
    from undersong.timeline.arrange import arrange
    from undersong.timeline.estimate import estimate_takes

    return arrange(track, estimate_takes(track), _sound_lengths(track, library))


def _as_spoken(
    track: "Recipe", library: "Library", engine: str | None, online: bool | None
) -> "Timeline":
    from undersong.cli.screen import Progress
    from undersong.timeline.arrange import arrange
    from undersong.voices.narrate import narrate
    from undersong.voices.takes import TakeStore, default_cache

    progress = Progress()
    with progress.shown():
        narration = narrate(
            track,
            library,
            TakeStore(default_cache()),
            engine=engine,
            offline=online is False,
            online=online is True,
            tick=progress.stage("speaking", len(track.script.utterances)),
        )
    for note in (*narration.casting, *narration.notes):
        progress.note(note)
    facts = [take.facts for take in narration.takes]
    return arrange(track, facts, _sound_lengths(track, library))


def _sound_lengths(track: "Recipe", library: "Library") -> dict[str, int]:
    if not track.script.sounds:
        return {}
    from undersong.ambience.cue import open_cue

    return {name: open_cue(name, library, track.seed).length for name in track.script.sounds}


def _show(track: "Recipe", timeline: "Timeline", *, spoken: bool) -> None:
    from undersong.units import format_seconds, to_seconds

    how = "as spoken" if spoken else "estimated"
    length = format_seconds(to_seconds(timeline.length))
    said = sum(phrase.end - phrase.start for phrase in timeline.phrases)
    share = round(100 * said / timeline.length)
    title = f"{track.slug}: {track.title}, {length} ({how}), {share} % speech"
    rows = [
        (clock(start), kind, _span(start, end), what)
        for start, _order, kind, end, what in sorted(_events(timeline))
    ]
    out.print(table(title, ("at>", "what", "seconds>", ""), rows))


def _span(start: int, end: int) -> str:
    from undersong.units import SAMPLE_RATE

    return f"{(end - start) / SAMPLE_RATE:.2f}" if end > start else ""


def _events(timeline: "Timeline") -> list[tuple[int, int, str, int, str]]:
    """Return (start, order among equals, kind, end, text) of everything in the timeline."""
    rows: list[tuple[int, int, str, int, str]] = []
    rows += [(c.start, 0, "chapter", c.end, f"# {c.title}") for c in timeline.chapters]
    rows += [(s.start, 1, "scene", s.end, s.ambience) for s in timeline.scenes]
    rows += [(c.start, 2, "sound", c.start + c.length, c.sound) for c in timeline.cues]
    rows += [(p.start, 3, "phrase", p.end, p.text) for p in timeline.phrases]
    rows += [(g.start, 4, "pause", g.end, g.kind) for g in timeline.gaps if g.end > g.start]
    return rows
