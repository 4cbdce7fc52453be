"""How long speech will take, before anything is spoken."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final

from undersong.recipes.model import Recipe, Utterance, Word
from undersong.timeline.model import TakeFacts, WordTime
from undersong.units import SPEECH_LUFS, Samples, to_samples

CHARACTER: Final = Fraction(85, 1000)
CLAUSE: Final = Fraction(1, 2)
EDGE: Final = Fraction(24, 100)
"""Seconds per character, per comma inside an utterance, and per utterance: least squares over
the 262 utterances of the starter recipes as its voices speak them offline, residual 0.24 s."""

DIGIT: Final = 5
"""Characters that a digit amounts to when it is spelt out."""

RUN_IN: Final = Fraction(1, 20)
RELEASE: Final = Fraction(3, 20)


def estimate_takes(recipe: Recipe) -> tuple[TakeFacts, ...]:
    """Estimate the takes of all utterances, by index: for `plan` and for tests, not for mixing."""
    return tuple(_estimate(utterance) for utterance in recipe.script.utterances)


def _estimate(utterance: Utterance) -> TakeFacts:
    rate = Fraction(utterance.rate).limit_denominator(100)
    edge, lengths = EDGE / rate, [length / rate for length in _lengths(utterance.words)]
    edges = list(accumulate(lengths, initial=edge / 2))
    return TakeFacts(
        lead=to_samples(RUN_IN),
        speech=to_samples(edges[-1] + edge / 2),
        fading=Samples(0),
        tail=to_samples(RELEASE),
        level_lufs=SPEECH_LUFS,
        words=tuple(
            WordTime(start=to_samples(start), length=Samples(to_samples(end) - to_samples(start)))
            for start, end in pairwise(edges)
        ),
    )


def _lengths(words: tuple[Word, ...]) -> Iterator[Fraction]:
    for k, word in enumerate(words):
        said = word.text if word.sub is None else word.sub
        pause = CLAUSE if k + 1 < len(words) and said.endswith((",", ";", ":")) else Fraction(0)
        yield CHARACTER * _characters(said) + pause


def _characters(said: str) -> int:
    spelt = sum(DIGIT if letter.isdigit() else 1 for letter in said)
    return spelt + 1 if said else 0
