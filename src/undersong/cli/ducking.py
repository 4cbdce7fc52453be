"""What `undersong plan --duck` prints: every move of the bed, and why."""

from typing import TYPE_CHECKING, Any

from undersong.cli.screen import Progress, out
from undersong.cli.tables import table

if TYPE_CHECKING:
    from undersong.mix.model import MixPlan
    from undersong.recipes.library import Library
    from undersong.recipes.model import Recipe
    from undersong.studio import Session
    from undersong.timeline.model import Timeline


def prepared(
    track: "Recipe",
    library: "Library",
    *,
    engine: str | None,
    online: bool | None,
    quiet: bool,
) -> "Session":
    """Speak a track, listen to its beds and plan its mix; nothing is mixed."""
    from undersong.prepare import prepare
    from undersong.studio import Studio
    from undersong.voices.takes import default_cache

    progress = Progress(quiet=quiet)
    studio = Studio(
        library=library,
        cache=default_cache(),
        watch=progress,
        engine=engine,
        offline=online is False,
        online=online is True,
    )
    with progress.shown():
        return prepare(track, studio)


def duck_json(session: "Session") -> dict[str, Any]:
    """Return the plan of a mix as plain values."""
    return {"slug": session.recipe.slug, **session.plan.as_json()}


def show_duck(session: "Session") -> None:
    """Print the beds, the moves of the duck in order, and how every phrase and cue stands."""
    track, plan, timeline = session.recipe, session.plan, session.timeline
    out.print(table(f"{track.slug}: {track.title}", _BEDS, _beds(plan)))
    out.print()
    out.print(table("Moves", _MOVES, _moves(plan)))
    out.print()
    asked = f"Phrases, asked for {track.difference_lu:g} LU above the bed"
    out.print(table(asked, _PHRASES, _phrases(plan, timeline)))
    if plan.cues:
        out.print()
        out.print(table("Sounds", _CUES, _cues(plan)))


_BEDS = ("from>", "to>", "bed", "LUFS as it comes>", "gain dB>")
_MOVES = ("at>", "bed dB>", "why")
_PHRASES = ("at>", "speech LUFS>", "bed LUFS>", "duck dB>", "above LU>", "why", "")
_CUES = ("at>", "sound", "LUFS as it comes>", "gain dB>", "above LU>")

_SHOWN = 40
"""Characters of a phrase."""


def _beds(plan: "MixPlan") -> list[tuple[str, ...]]:
    return [
        (clock(bed.start), clock(bed.end), bed.ambience, f"{bed.bed_lufs:.1f}", _db(bed.gain_db))
        for bed in plan.beds
    ]


def _moves(plan: "MixPlan") -> list[tuple[str, ...]]:
    """Return the knots of script and duck together, in order."""
    knots = [(knot.at, _db(knot.gain_db), knot.reason) for knot in plan.moves]
    knots += [(knot.at, f"[{_db(knot.gain_db)}]", knot.reason) for knot in plan.levels]
    return [(clock(at), gain, reason) for at, gain, reason in sorted(knots)]


def _phrases(plan: "MixPlan", timeline: "Timeline") -> list[tuple[str, ...]]:
    return [
        (
            clock(phrase.start),
            f"{duck.level_lufs:.1f}",
            f"{duck.bed_lufs:.1f}" if duck.difference_lu is not None else "none",
            _db(duck.depth_db),
            "" if duck.difference_lu is None else f"{duck.difference_lu:.1f}",
            duck.reason,
            phrase.text if len(phrase.text) <= _SHOWN else f"{phrase.text[: _SHOWN - 1]}…",
        )
        for phrase, duck in zip(timeline.phrases, plan.phrases, strict=True)
    ]


def _cues(plan: "MixPlan") -> list[tuple[str, ...]]:
    return [
        (
            clock(cue.start),
            cue.sound,
            f"{cue.level_lufs:.1f}",
            _db(cue.gain_db),
            "" if cue.difference_lu is None else f"{cue.difference_lu:.1f}",
        )
        for cue in plan.cues
    ]


def _db(gain: float) -> str:
    return f"{gain:+.1f}" if round(gain, 1) else "0.0"


def clock(at: int) -> str:
    """Write a position as minutes and hundredths of seconds, aligned."""
    from undersong.units import SAMPLE_RATE

    minutes, hundredths = divmod(round(100 * at / SAMPLE_RATE), 6000)
    return f"{minutes}:{hundredths / 100:05.2f}"
