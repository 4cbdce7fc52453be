"""Chapters: where a player's list of headings leads."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Final

from undersong.recipes.model import Heading
from undersong.timeline.course import Mark, happens
from undersong.timeline.model import Chapter
from undersong.timeline.place import Placed, speech_of
from undersong.units import Samples, to_samples

BREATH: Final = to_samples(Fraction(1, 2))
"""A chapter starts this many samples before its first word, so that a jump does not clip it."""


def chapters(title: str, placed: Sequence[Placed], length: int) -> tuple[Chapter, ...]:
    """Return chapters that tile [0, length), one per heading, or a single one called `title`.

    A chapter starts half a second before the first thing written in it that is heard or counted
    (speech, sound, breath, pause), but not before earlier speech has ended. The first starts
    at 0: under its own heading when nothing is said before that, else under the track's title.
    Headings that start together share a chapter, as in `Part: Section`.
    """
    starts = list(_starts(title, placed))
    merged = [
        (start, ": ".join(name for _, name in group))
        for start, group in groupby(starts, key=itemgetter(0))
        if start < length
    ]
    ends = [*(start for start, _ in merged), length][1:]
    return tuple(
        Chapter(title=name, start=Samples(start), end=Samples(end))
        for (start, name), end in zip(merged, ends, strict=True)
    )


def _starts(title: str, placed: Sequence[Placed]) -> Iterator[tuple[int, str]]:
    headings = [(k, name) for k, p in enumerate(placed) if (name := _heading(p)) is not None]
    said_before = not headings or any(speech_of(p) for p in placed[: headings[0][0]])
    if said_before:
        yield 0, title
    latest, opened = 0, None
    for n, (k, name) in enumerate(headings):
        first = next(m for m in range(k + 1, len(placed)) if happens(placed[m].part))
        if first != opened and (n or said_before):
            latest = max(latest, _start(placed, first))
        opened = first
        yield latest, name


def _start(placed: Sequence[Placed], first: int) -> int:
    """Return where a chapter starts in which the part at index `first` is the first to happen."""
    spoken = (p.start + said.take.speech for p in placed[:first] if (said := speech_of(p)))
    return max(placed[first].start - BREATH, max(spoken, default=0))


def _heading(p: Placed) -> str | None:
    return (
        p.part.cue.title if isinstance(p.part, Mark) and isinstance(p.part.cue, Heading) else None
    )
