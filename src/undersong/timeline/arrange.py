"""Recipe and take lengths in, timeline out: every sample position, decided before any mixing."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Final

from undersong.errors import Fault, FaultsError
from undersong.recipes.model import Position, Recipe, SoundCue
from undersong.timeline.captions import captions, words
from undersong.timeline.chapters import chapters
from undersong.timeline.course import Exact, Mark, Part, Stretch, course
from undersong.timeline.elastic import Rest, rest, share
from undersong.timeline.levels import level_faults, levels
from undersong.timeline.model import Lengths, PlacedCue, TakeFacts, Timeline
from undersong.timeline.place import Placed, gaps, phrases, place
from undersong.timeline.scenes import scene_faults, scenes
from undersong.units import SAMPLE_RATE, Samples, format_seconds, to_samples, to_seconds

TENTH: Final = Fraction(1, 10)
MILLI: Final = Fraction(1, 1000)


def arrange(recipe: Recipe, takes: Sequence[TakeFacts], sounds: Mapping[str, int]) -> Timeline:
    """Decide when everything in a track happens.

    Explicit pauses and breath phases are exact to the sample and elastic pauses share the rest of
    `length`, if one is asked for. The same input always gives the same timeline.

    Args:
        recipe: what was written.
        takes: facts of all takes by utterance index, measured or estimated.
        sounds: length in samples of every sound that the script names.

    Raises:
        FaultsError: words that do not fit their breath, a length that cannot be met (it says the
            shortest and longest possible), crossfades or levels that run into one another.
    """
    parts = course(recipe, takes, sounds)
    rests, bare = _rests(parts)
    _refuse([*_breath_faults(recipe, parts), *_length_faults(recipe, rests, bare)])
    placed = place(parts, _lengths(recipe, rests, bare))
    length = placed[-1].end
    _refuse([*scene_faults(recipe, placed, length), *level_faults(recipe, placed)])
    return _timeline(recipe, takes, sounds, placed)


def possible_lengths(
    recipe: Recipe, takes: Sequence[TakeFacts], sounds: Mapping[str, int]
) -> Lengths:
    """Return what a track may last, whatever `length` is asked for; arguments as of `arrange`."""
    return _lengths_of(*_rests(course(recipe, takes, sounds)))


def _rests(parts: Sequence[Part]) -> tuple[list[Rest], int]:
    """Return the elastic pauses, and what all else lasts, in samples."""
    rests = [rest(part.bounds) for part in parts if isinstance(part, Stretch)]
    return rests, place(parts, [0] * len(rests))[-1].end


def _lengths_of(rests: Sequence[Rest], bare: int) -> Lengths:
    return Lengths(
        shortest=Samples(bare + sum(r.floor for r in rests)),
        natural=Samples(bare + sum(_natural(rests))),
        longest=Samples(bare + sum(r.cap for r in rests)),
    )


def _natural(rests: Sequence[Rest]) -> tuple[int, ...]:
    return tuple(to_samples(r.natural / SAMPLE_RATE) for r in rests)


def _timeline(
    recipe: Recipe,
    takes: Sequence[TakeFacts],
    sounds: Mapping[str, int],
    placed: Sequence[Placed],
) -> Timeline:
    length = placed[-1].end
    said = phrases(placed)
    utterances = recipe.script.utterances
    spoken = [word for p in said for word in words(p, utterances[p.utterance], takes[p.utterance])]
    return Timeline(
        length=length,
        seed=recipe.seed,
        phrases=said,
        gaps=gaps(placed),
        scenes=scenes(recipe, placed, length),
        cues=tuple(_cues(placed, sounds)),
        chapters=chapters(recipe.title, placed, length),
        captions=captions(spoken, length),
        levels=levels(placed),
    )


def _cues(placed: Sequence[Placed], sounds: Mapping[str, int]) -> Iterator[PlacedCue]:
    """Yield the sounds; one that outlasts the track is faded with it by the mixer."""
    for p in placed:
        if isinstance(p.part, Mark) and isinstance(p.part.cue, SoundCue):
            cue = p.part.cue
            yield PlacedCue(
                sound=cue.sound,
                start=p.start,
                length=Samples(sounds[cue.sound]),
                gain_db=cue.gain_db,
            )


def _lengths(recipe: Recipe, rests: Sequence[Rest], bare: int) -> tuple[int, ...]:
    if recipe.length is None:
        return _natural(rests)
    return share(rests, to_samples(recipe.length) - bare)


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise FaultsError(dict.fromkeys(faults))


def _breath_faults(recipe: Recipe, parts: Sequence[Part]) -> Iterator[Fault]:
    for part in parts:
        if isinstance(part, Exact) and part.speech is not None:
            lasts = to_seconds(part.speech.take.speech)
            if lasts >= part.seconds:
                yield _fault(
                    recipe,
                    part.speech.utterance.position,
                    f"what is said here lasts {_seconds(lasts)} and does not fit its "
                    f"`{part.kind}` of {_seconds(part.seconds)}",
                    seen=part.speech.utterance.text,
                    legal=f"a phase of at least {_seconds(_up(lasts + MILLI))}, or fewer words",
                )


def _length_faults(recipe: Recipe, rests: Sequence[Rest], bare: int) -> Iterator[Fault]:
    if recipe.length is None:
        return
    asked, possible = to_samples(recipe.length), _lengths_of(rests, bare)
    if asked < possible.shortest:
        message = "this length is too short for the speech and the exact times of the script"
    elif asked > possible.longest:
        message = "this length is too long: the elastic pauses cannot stretch so far"
    else:
        return
    yield _fault(
        recipe,
        recipe.lines.get("length"),
        message,
        seen=format_seconds(recipe.length),
        legal=_range(possible.shortest, possible.longest),
    )


def _range(shortest: int, longest: int) -> str:
    """Write the possible lengths so that each, typed as written, is possible."""
    low, high = to_seconds(shortest), to_seconds(longest)
    for step in (TENTH, MILLI):
        first, last = _up(low, step), floor(high / step) * step
        if first <= last:
            return f"{format_seconds(first)} (shortest) to {format_seconds(last)} (longest)"
    return f"no `length` at all: nothing can stretch, so it lasts {format_seconds(low)}"


def _up(seconds: Fraction, step: Fraction = TENTH) -> Fraction:
    return ceil(seconds / step) * step


def _seconds(seconds: Fraction) -> str:
    return f"{float(seconds):.4g} s"


def _fault(
    recipe: Recipe, position: Position | None, message: str, *, seen: str, legal: str
) -> Fault:
    return Fault(
        file=recipe.path,
        line=position.line if position else None,
        column=position.column if position else None,
        message=message,
        seen=seen,
        legal=legal,
    )
