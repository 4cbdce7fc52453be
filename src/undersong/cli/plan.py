"""`undersong plan`: where everything falls, as a table, before anything is mixed."""

from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from undersong.cli.ducking import clock
from undersong.cli.screen import out, print_json
from undersong.cli.speaking import ENGINE, ONLINE
from undersong.cli.tables import table

if TYPE_CHECKING:
    from undersong.recipes.library import Library
    from undersong.recipes.model import Recipe
    from undersong.timeline.model import Lengths, TakeFacts, Timeline


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

    Without --spoken the lengths of phrases are estimated from their text. Below the table stand
    the natural length and those that a `length` may ask for.
    """
    from undersong.cli.tracks import load_tracks

    library, tracks = load_tracks(recipe, variant)
    asked = _Asked(spoken, engine, online)
    if duck:
        _show_ducks(tracks, library, asked, as_json=as_json)
        return
    plans = [_planned(track, library, asked) for track in tracks]
    if as_json:
        told = [_as_json(each, estimated=not spoken) for each in plans]
        print_json(told[0] if len(told) == 1 else told)
        return
    for each in plans:
        _show(each, spoken=spoken)


def _show_ducks(
    tracks: "tuple[Recipe, ...]", library: "Library", asked: "_Asked", *, as_json: bool
) -> None:
    from undersong.cli.ducking import duck_json, prepared, show_duck

    sessions = [
        prepared(track, library, engine=asked.engine, online=asked.online, quiet=as_json)
        for track in tracks
    ]
    if as_json:
        plans = [duck_json(session) for session in sessions]
        print_json(plans[0] if len(plans) == 1 else plans)
        return
    for session in sessions:
        show_duck(session)


class _Asked(NamedTuple):
    """Whether to speak first, and who may."""

    spoken: bool
    engine: str | None
    online: bool | None


class _Plan(NamedTuple):
    """A track, where everything falls in it, and what it might last."""

    track: "Recipe"
    timeline: "Timeline"
    lengths: "Lengths"


def _planned(track: "Recipe", library: "Library", asked: _Asked) -> _Plan:
    from undersong.timeline.arrange import arrange, possible_lengths
    from undersong.timeline.estimate import estimate_takes

    takes = _spoken(track, library, asked) if asked.spoken else estimate_takes(track)
    sounds = _sound_lengths(track, library)
    timeline = arrange(track, takes, sounds)
    return _Plan(track, timeline, possible_lengths(track, takes, sounds))


def _as_json(plan: _Plan, *, estimated: bool) -> dict[str, Any]:
    from undersong.files import plain

    slug = plan.track.slug
    lengths = plain(plan.lengths)
    return {"slug": slug, "estimated": estimated, **lengths, **plan.timeline.as_json()}


def _spoken(track: "Recipe", library: "Library", asked: _Asked) -> "tuple[TakeFacts, ...]":
    from undersong.cli.screen import Progress
    from undersong.voices.narrate import narrate
    from undersong.voices.takes import TakeStore, default_cache

    progress = Progress()
    with progress.shown():
        narration = narrate(
            track,
            library,
            TakeStore(default_cache()),
            engine=asked.engine,
            offline=asked.online is False,
            online=asked.online is True,
            tick=progress.stage("speaking", len(track.script.utterances)),
        )
    for note in (*narration.casting, *narration.notes):
        progress.note(note)
    return tuple(take.facts for take in narration.takes)


def _sound_lengths(track: "Recipe", library: "Library") -> dict[str, int]:
    if not track.script.sounds:
        return {}
    from undersong.ambience.cue import open_cue

    return {name: open_cue(name, library, track.seed).length for name in track.script.sounds}


def _show(plan: _Plan, *, spoken: bool) -> None:
    track, timeline, lengths = plan
    how = "as spoken" if spoken else "estimated"
    length = _length(timeline.length)
    said = sum(phrase.end - phrase.start for phrase in timeline.phrases)
    share = round(100 * said / timeline.length)
    title = f"{track.slug}: {track.title}, {length} ({how}), {share} % speech"
    rows = [
        (clock(start), kind, _span(start, end), what)
        for start, _order, kind, end, what in sorted(_events(timeline))
    ]
    out.print(table(title, ("at>", "what", "seconds>", ""), rows))
    out.print(
        f"\nnatural length {_length(lengths.natural)}, shortest possible "
        f"{_length(lengths.shortest)}, longest {_length(lengths.longest)}"
    )


def _length(samples: int) -> str:
    """Write a length to the tenth of a second."""
    from fractions import Fraction

    from undersong.units import SAMPLE_RATE, format_seconds

    return format_seconds(Fraction(round(10 * samples / SAMPLE_RATE), 10))


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
