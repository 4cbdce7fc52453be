# ruff: noqa: RUF001, RUF002 - IPA is made of letters that look like others
"""When each written word is said, from how long a model let each phoneme last.

A phoneme string does not tell where words begin: espeak-ng joins short ones ("in the" is ɪnðə).
So every word is also pronounced alone, and the two streams are matched at the least cost.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.voices.contract import Mark
from undersong.voices.phonemes import SILENT

STRESS: Final = frozenset("ˈˌ")
LONG: Final = frozenset("ːˑ")
VOWELS: Final = frozenset("aeiouyæøœɐɑɒɔɘəɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻᵊAIOQWY")

GAP: Final = 5
OTHER: Final = 6
KIN: Final = 3
"""Costs in fifths: of a phoneme without partner, of a vowel against a consonant, of two of a kind.
A vowel that is reduced in running speech is nearer to itself than to nothing."""


class Lasting(Struct, frozen=True, kw_only=True):
    """A symbol given to a model, and how long it let it last, in samples."""

    symbol: str
    samples: int


class Heard(Struct, frozen=True, kw_only=True):
    """A sound at its place, in samples from the take's start."""

    symbol: str
    start: int
    end: int


def heard_in(lasting: Iterable[Lasting], start: int) -> list[Heard]:
    """Return the sounds among symbols that begin at sample `start`.

    Symbols that are "" are padding. A stress mark belongs to the sound after it, a length mark to
    the one before it; pauses and punctuation belong to nobody.
    """
    sounds: list[Heard] = []
    position, begun = start, None
    for each in lasting:
        end = position + each.samples
        if each.symbol in STRESS:
            begun = position if begun is None else begun
        elif each.symbol in LONG and sounds:
            sounds[-1] = Heard(symbol=sounds[-1].symbol, start=sounds[-1].start, end=end)
        elif each.symbol and each.symbol not in SILENT:
            first = position if begun is None else begun
            sounds.append(Heard(symbol=each.symbol, start=first, end=end))
            begun = None
        elif each.symbol:
            begun = None
        position = end
    return sounds


def word_marks(
    heard: Sequence[Heard], alone: Sequence[tuple[int, str]], rate_hz: int
) -> tuple[Mark, ...]:
    """Return a mark for every word of which something was heard, in order of time.

    Args:
        heard: sounds in order of time.
        alone: (word, its pronunciation alone) in order of speaking.
        rate_hz: of the samples.
    """
    own = [(word, symbol) for word, ipa in alone for symbol in ipa if symbol not in SILENT]
    spans: dict[int, tuple[int, int]] = {}
    for i, j in _partners([symbol for _, symbol in own], [each.symbol[0] for each in heard]):
        word, sound = own[i][0], heard[j]
        first, last = spans.get(word, (sound.start, sound.end))
        spans[word] = (min(first, sound.start), max(last, sound.end))
    ordered = sorted(spans.items(), key=lambda item: item[1])
    return tuple(
        Mark(word=word, start_s=start / rate_hz, length_s=(end - start) / rate_hz)
        for word, (start, end) in ordered
    )


def _partners(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of the cheapest alignment, in order (Wagner and Fischer, 1974)."""
    against = _against(ours, theirs)
    costs = _costs(against)
    i, j = len(ours), len(theirs)
    pairs: list[tuple[int, int]] = []
    while i and j:
        if costs[i, j] == costs[i - 1, j - 1] + against[i - 1, j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif costs[i, j] == costs[i - 1, j] + GAP:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _against(ours: Sequence[str], theirs: Sequence[str]) -> npt.NDArray[np.int64]:
    a = np.array([ord(symbol) for symbol in ours], np.int64)[:, np.newaxis]
    b = np.array([ord(symbol) for symbol in theirs], np.int64)[np.newaxis, :]
    vowels = np.array([ord(symbol) for symbol in sorted(VOWELS)], np.int64)
    kin = np.isin(a, vowels) == np.isin(b, vowels)
    found: npt.NDArray[np.int64] = np.where(a == b, 0, np.where(kin, KIN, OTHER))
    return found


def _costs(against: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Fill the table row by row; gaps along a row are a running minimum."""
    rows, columns = against.shape
    steps = GAP * np.arange(columns + 1)
    costs = np.empty((rows + 1, columns + 1), np.int64)
    costs[0] = steps
    for i in range(rows):
        best = costs[i] + GAP
        best[1:] = np.minimum(best[1:], costs[i, :-1] + against[i])
        costs[i + 1] = np.minimum.accumulate(best - steps) + steps
    return costs
