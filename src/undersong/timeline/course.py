"""A script as a course of parts, each with what is known of its time.

Speech is measured, pauses and breaths are exact, elastic pauses may stretch, marks take no time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from undersong.recipes.model import (
    BedLevel,
    BreathPhase,
    Cue,
    Elastic,
    ElasticPause,
    Heading,
    Pause,
    Position,
    Recipe,
    SceneChange,
    SoundCue,
    Utterance,
)
from undersong.timeline.model import TakeFacts
from undersong.units import to_seconds

JOIN: Final = Fraction(12, 100)
"""Seconds between utterances that nothing parts, as where the language changes in mid-sentence:
about a fluent speaker's word boundary (our choice)."""

IMPLICIT: Final = frozenset({"comma", "sentence", "paragraph", "section"})
"""Elastic pauses that punctuation and layout imply; `pause` and `long` were asked for."""


class Speech(Struct, frozen=True, kw_only=True):
    """An utterance and its take: lasts as long as its speech."""

    utterance: Utterance
    take: TakeFacts


class Exact(Struct, frozen=True, kw_only=True):
    """A time of exactly `seconds`; what is said in it starts with it.

    Attributes:
        kind: as in `Gap.kind`.
        position: in the recipe file; None for pre-roll, post-roll and joins.
    """

    kind: str
    seconds: Fraction
    position: Position | None
    speech: Speech | None = None


class Stretch(Struct, frozen=True, kw_only=True):
    """An elastic pause, its bounds in seconds and already times its weight."""

    kind: str
    bounds: Elastic
    position: Position


class Mark(Struct, frozen=True, kw_only=True):
    """Something that begins here and takes no time."""

    cue: Heading | SceneChange | BedLevel | SoundCue


Part = Speech | Exact | Stretch | Mark


def course(
    recipe: Recipe, takes: Sequence[TakeFacts], sounds: Mapping[str, int]
) -> tuple[Part, ...]:
    """Return all parts of a track, pre-roll and post-roll included, in order.

    Elastic pauses that layout implies before the first and after the last thing that happens are
    left out: that is what pre-roll and post-roll are for. Pre-roll and post-roll are never
    shorter than the run-in of the first take and the release of the last.

    Args:
        recipe: what was written.
        takes: by utterance index, one for each.
        sounds: length in samples of every sound that the script names.
    """
    parts = [part for cue in recipe.script.cues for part in _parts(cue, recipe, takes, sounds)]
    inner = tuple(_joined(_trimmed(parts)))
    first, last = _edge(inner), _edge(reversed(inner))
    before = max(recipe.fades.before, to_seconds(first.take.lead) if first else Fraction(0))
    after = max(recipe.fades.after, to_seconds(last.take.tail) if last else Fraction(0))
    return (
        Exact(kind="before", seconds=before, position=None),
        *inner,
        Exact(kind="after", seconds=after, position=None),
    )


def _parts(
    cue: Cue, recipe: Recipe, takes: Sequence[TakeFacts], sounds: Mapping[str, int]
) -> tuple[Part, ...]:
    match cue:
        case Utterance():
            return (Speech(utterance=cue, take=takes[cue.index]),)
        case Pause():
            return (Exact(kind="explicit", seconds=cue.seconds, position=cue.position),)
        case ElasticPause():
            return (_stretch(cue, recipe),)
        case BreathPhase():
            return (_phase(cue, takes),)
        case SoundCue():
            return (Mark(cue=cue), *_wait(cue, sounds))
        case Heading() | SceneChange() | BedLevel():
            return (Mark(cue=cue),)


def _stretch(cue: ElasticPause, recipe: Recipe) -> Stretch:
    own = recipe.pace.elastic(cue.kind)
    bounds = Elastic(
        floor=own.floor * cue.weight, natural=own.natural * cue.weight, cap=own.cap * cue.weight
    )
    return Stretch(kind=cue.kind, bounds=bounds, position=cue.position)


def _phase(cue: BreathPhase, takes: Sequence[TakeFacts]) -> Exact:
    said = cue.utterance
    speech = Speech(utterance=said, take=takes[said.index]) if said else None
    return Exact(
        kind=f"breath {cue.name}", seconds=cue.seconds, position=cue.position, speech=speech
    )


def _wait(cue: SoundCue, sounds: Mapping[str, int]) -> tuple[Exact, ...]:
    hold = to_seconds(sounds[cue.sound]) if cue.hold is None else cue.hold
    return (Exact(kind="cue", seconds=hold, position=cue.position),) if hold else ()


def _trimmed(parts: Sequence[Part]) -> Sequence[Part]:
    happening = [k for k, part in enumerate(parts) if happens(part)]
    if not happening:
        return [part for part in parts if isinstance(part, Mark)]
    first, last = happening[0], happening[-1]
    return [p for k, p in enumerate(parts) if first <= k <= last or isinstance(p, Mark)]


def happens(part: Part) -> bool:
    """Tell what the maker put there (speech, times, sounds) from what layout implies."""
    match part:
        case Stretch():
            return part.kind not in IMPLICIT
        case Mark():
            return isinstance(part.cue, SoundCue)
        case Speech() | Exact():
            return True


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    touching = False  # the last part that takes time was speech
    for part in parts:
        if touching and (isinstance(part, Speech) or (isinstance(part, Exact) and part.speech)):
            yield Exact(kind="join", seconds=JOIN, position=None)
        yield part
        if not isinstance(part, Mark):
            touching = isinstance(part, Speech)


def _edge(parts: Iterable[Part]) -> Speech | None:
    """Return the first part that takes time, if something is said in it."""
    for part in parts:
        match part:
            case Speech():
                return part
            case Exact():
                return part.speech
            case Stretch():
                return None
            case Mark():
                continue
    return None
