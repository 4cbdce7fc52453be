"""Scenes: which bed sounds from where to where, and how each gives way to the next."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from msgspec import Struct

from undersong.errors import Fault
from undersong.recipes.model import Position, Recipe, SceneChange
from undersong.timeline.course import Mark
from undersong.timeline.model import Scene
from undersong.timeline.place import Placed
from undersong.units import Samples, format_seconds, to_samples, to_seconds

SHORTEST_FADE: Final = Fraction(1, 20)
"""Seconds that every fade and crossfade lasts at least, so that no bed clicks (our choice)."""


class _Change(Struct, frozen=True, kw_only=True):
    """From `start` on the bed is `ambience`, or none, after `over` samples of crossfade."""

    ambience: str | None
    start: int
    over: int
    position: Position | None

    @property
    def settled(self) -> int:
        return self.start + self.over


def scenes(recipe: Recipe, placed: Sequence[Placed], length: int) -> tuple[Scene, ...]:
    """Return the scenes of a track of `length` samples.

    A crossfade starts at its mark. A change to the bed that sounds already is none. Call
    `scene_faults` first: crossfades that run into one another give no sensible scenes.
    """
    changes = _changes(recipe, placed)
    ends = [(after.settled, after.over) for after in changes[1:]]
    ends.append((length, _fade(recipe.fades.fade_out)))
    found = []
    for change, (end, fall) in zip(changes, ends, strict=True):
        if change.ambience is not None and end > change.start:
            found.append(
                Scene(
                    ambience=change.ambience,
                    start=Samples(change.start),
                    end=Samples(end),
                    fade_in=Samples(min(change.over, end - change.start)),
                    fade_out=Samples(min(fall, end - change.start)),
                )
            )
    return tuple(found)


def scene_faults(recipe: Recipe, placed: Sequence[Placed], length: int) -> Iterator[Fault]:
    """Yield a fault for every crossfade that the next one, or the end of the track, cuts short."""
    changes = _changes(recipe, placed)
    for change, after in pairwise(changes[1:]):
        if after.start < change.settled:
            yield _cut_short(recipe, change, after.start, "the next change of ambience")
    if len(changes) > 1 and length < changes[-1].settled:
        yield _cut_short(recipe, changes[-1], length, "the end of the track")


def _changes(recipe: Recipe, placed: Sequence[Placed]) -> list[_Change]:
    rise = _fade(recipe.fades.fade_in)
    found = [_Change(ambience=recipe.ambience, start=0, over=rise, position=None)]
    for p in placed:
        if isinstance(p.part, Mark) and isinstance(p.part.cue, SceneChange):
            change = _change(p.part.cue, p.start)
            if change.start == 0:  # nothing has sounded yet: this is the first bed
                found = [_Change(ambience=change.ambience, start=0, over=rise, position=None)]
            elif change.ambience != found[-1].ambience:
                found.append(change)
    return found


def _change(cue: SceneChange, start: int) -> _Change:
    return _Change(ambience=cue.ambience, start=start, over=_fade(cue.over), position=cue.position)


def _fade(seconds: Fraction) -> int:
    return to_samples(max(seconds, SHORTEST_FADE))


def _cut_short(recipe: Recipe, change: _Change, limit: int, what: str) -> Fault:
    there_is = format_seconds(to_seconds(limit - change.start))
    return Fault(
        file=recipe.path,
        line=change.position.line if change.position else None,
        column=change.position.column if change.position else None,
        message=f"this crossfade is not over when {what} comes, {there_is} later",
        seen=f"over {format_seconds(to_seconds(change.over))}",
        legal=f"over at most {there_is}, or more time before {what}",
    )
