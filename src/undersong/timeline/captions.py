"""Captions on our own clock: a script's words, grouped for reading along.

Limits as usual in subtitling: two lines of 42 characters, 1 to 6 s, at least 40 ms apart (one
frame); a caption does not span a pause of more than 0.7 s.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import inf
from typing import Final

from undersong.recipes.model import Utterance
from undersong.timeline.model import Caption, CaptionWord, Phrase, TakeFacts
from undersong.units import Samples, to_samples

LINE: Final = 42
LINES: Final = 2
_WIDEST: Final = LINES * (LINE + 1) - 1
"""Characters of two full lines and what parts them."""
PAUSE: Final = to_samples(Fraction(7, 10))
LONGEST: Final = to_samples(Fraction(6))
SHORTEST: Final = to_samples(Fraction(1))
APART: Final = to_samples(Fraction(4, 100))

TOO_WIDE: Final = 1e4
"""Cost of a caption that needs a third line; also of each second beyond the longest."""
RUSHED: Final = 40.0
"""Cost of a caption that must vanish after no time at all; less the nearer it comes to 1 s."""
BREAKS: Final = {"sentence": 0.0, "clause": 4.0, "word": 10.0}
"""Cost of ending a caption after such a word; a sentence that ends inside one costs a `clause`."""
ENDINGS: Final = {
    "sentence": (".", "!", "?", "\N{HORIZONTAL ELLIPSIS}"),
    "clause": (",", ";", ":", "\N{EM DASH}", "\N{EN DASH}"),
}
CLOSING: Final = "\"')]\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\u00bb"
"""What may stand after the mark that ends a sentence or a clause."""
FULL: Final = 4.0
"""Cost of a full caption; it grows as the square of the length, so equal shares win."""


def words(phrase: Phrase, utterance: Utterance, take: TakeFacts) -> tuple[CaptionWord, ...]:
    """Return the written words of a phrase with their places in the track.

    Times stay within the phrase and never run backwards, whatever an engine says.
    """
    found = []
    latest: int = phrase.start
    for word, time in zip(utterance.words, take.words, strict=True):
        start = min(max(phrase.start + time.start, latest), phrase.end - 1)
        latest = min(max(start + time.length, start), phrase.end)
        found.append(CaptionWord(text=word.text, start=Samples(start), end=Samples(latest)))
    return tuple(found)


def captions(spoken: Sequence[CaptionWord], length: int) -> tuple[Caption, ...]:
    """Group words into captions, all in order and none left out.

    Captions break at pauses, then where sentences and clauses end, into shares as equal as can
    be. Each is held for at least a second where the next one leaves room, and they never overlap.

    Args:
        spoken: words in order of time.
        length: of the track, which no caption outlasts.
    """
    groups = [group for run in _runs(spoken) for group in _groups(run)]
    limits = [*(group[0].start - APART for group in groups), length][1:]
    return tuple(_caption(group, limit) for group, limit in zip(groups, limits, strict=True))


def _caption(group: Sequence[CaptionWord], limit: int) -> Caption:
    start = group[0].start
    end = min(max(group[-1].end, start + SHORTEST), limit)
    return Caption(start=start, end=Samples(max(end, start + 1)), words=tuple(group))


def _runs(spoken: Iterable[CaptionWord]) -> Iterator[list[CaptionWord]]:
    """Split where nobody speaks for longer than a caption may span."""
    run: list[CaptionWord] = []
    for word in spoken:
        if run and word.start - run[-1].end > PAUSE:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _groups(run: Sequence[CaptionWord]) -> list[Sequence[CaptionWord]]:
    """Cut a run where the costs of its captions add up to least (dynamic programming)."""
    cost_of = _Costs(run)
    best = [0.0] + [inf] * len(run)
    cut = [0] * (len(run) + 1)
    for end in range(1, len(run) + 1):
        for start in reversed(range(end)):
            cost = cost_of(start, end)
            if best[start] + cost < best[end]:
                best[end], cut[end] = best[start] + cost, start
            if cost >= TOO_WIDE and best[end] < inf:
                break  # more words only make it worse
    edges = [len(run)]
    while edges[-1]:
        edges.append(cut[edges[-1]])
    return [run[a:b] for a, b in pairwise(reversed(edges))]


class _Costs:
    """How unwelcome words [start, end) of a run are as one caption."""

    def __init__(self, run: Sequence[CaptionWord]) -> None:
        """Look at every word once."""
        self._run = run
        self._widths = [len(word.text) for word in run]
        self._chars = [0, *accumulate(width + 1 for width in self._widths)]
        self._endings = [_ending(word.text) for word in run]
        self._sentences = [0, *accumulate(ending == "sentence" for ending in self._endings)]

    def __call__(self, start: int, end: int) -> float:
        run, last = self._run, end - 1
        begins = run[start].start
        chars = self._chars[end] - self._chars[start] - 1
        cost = FULL * (chars / (LINES * LINE)) ** 2
        cost += BREAKS["clause"] * (self._sentences[last] - self._sentences[start])
        if start < last:
            cost += TOO_WIDE * (not self._fits(start, end, chars))
            cost += TOO_WIDE * max(0, run[last].end - begins - LONGEST) / LONGEST
        if end < len(run):
            room = run[end].start - begins - APART
            if min(room, run[-1].end - run[end].start) < APART:
                return inf  # it, or what is left, would vanish as it appears
            cost += BREAKS[self._endings[last]] + RUSHED * max(0, SHORTEST - room) / SHORTEST
        return cost

    def _fits(self, start: int, end: int, chars: int) -> bool:
        """Tell whether words fit two lines; a word wider than a line does not."""
        if chars <= LINE or chars > _WIDEST:
            return chars <= LINE
        lines, used = 1, 0
        for width in self._widths[start:end]:
            used += width + (used > 0)
            if used > LINE:
                lines, used = lines + 1 + (width > LINE), width
        return lines <= LINES


def _ending(text: str) -> str:
    bare = text.rstrip(CLOSING)
    for name, marks in ENDINGS.items():
        if bare.endswith(marks):
            return name
    return "word"
