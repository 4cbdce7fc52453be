"""What espeak-ng is given for a request, and when it says each of its words.

espeak-ng tells the position of each word in its text, but not of all words, nor always the right
one (measured on 1.52): it joins short words (`in the` is one), gives the word after a joined pair
that has a pronunciation of its own the position after the pair's first letter (`while` in `for a
while`), and parts some words into several.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from undersong.voices.contract import Mark, SpokenWord
from undersong.voices.espeak_ipa import mnemonics

CLOSING: Final = ",.?!;:…"
LETTER_A: Final = "[['eI]]"
"""The name of the letter, which English voices take for the article beside other letters."""


class Token(Struct, frozen=True, kw_only=True):
    """A stretch without spaces, or one pronunciation, that says all or part of a word.

    Attributes:
        start: position in the phrase where espeak-ng may report it.
        size: letters in it, as a measure of how long it takes to say.
        word: index into the request's words.
    """

    start: int
    size: int
    word: int


class Phrase(Struct, frozen=True, kw_only=True):
    """Text for espeak-ng; `phonemes` tells that it holds pronunciations in double brackets."""

    text: str
    tokens: tuple[Token, ...]
    phonemes: bool


def phrase(words: Sequence[SpokenWord], language: str) -> Phrase:
    """Write the text for a voice of `language` (a primary subtag); empty when nothing is said."""
    parts = [(k, part) for k, word in enumerate(words) for part in _parts(word, language)]
    if language == "en":
        parts = [(k, _letter(parts, i, part)) for i, (k, part) in enumerate(parts)]
    text, tokens = "", []
    for k, part in parts:
        text += " " if text else ""
        start = len(text) + (2 if part.startswith("[[") else 0)
        tokens.append(Token(start=start, size=sum(map(str.isalpha, part)) or 1, word=k))
        text += part
    return Phrase(text=text, tokens=tuple(tokens), phonemes="[[" in text)


def _parts(word: SpokenWord, language: str) -> list[str]:
    bare = "".join(c if c.isprintable() and c not in "[]" else " " for c in word.text)
    sounds = mnemonics(word.ipa, language) if word.ipa and bare.strip() else None
    if sounds is None:
        return [part for part in bare.split() if any(map(str.isalnum, part)) or part in CLOSING]
    spoken = bare.rstrip()
    return [f"[[{sounds}]]{spoken[len(spoken.rstrip(CLOSING)) :]}"]


def _letter(parts: Sequence[tuple[int, str]], i: int, part: str) -> str:
    """Give the letter A its name beside another letter that stands alone: `ten A M`."""
    bare = part.rstrip(CLOSING)
    beside = [
        other.rstrip(CLOSING) for _, other in (*parts[max(i - 1, 0) : i], *parts[i + 1 : i + 2])
    ]
    lone = any(len(other) == 1 and other.isupper() and other != "I" for other in beside)
    return LETTER_A + part[len(bare) :] if bare == "A" and lone else part


def marks(
    said: Phrase, events: Sequence[tuple[int, int]], samples: int, rate_hz: int
) -> tuple[Mark, ...]:
    """Return a mark for every word of a phrase that is said, in order of time.

    Args:
        said: the phrase.
        events: (position, sample) of the words that espeak-ng told of, in order of time.
        samples: length of the sound.
        rate_hz: its rate.
    """
    onsets = _spread(said.tokens, _onsets(said.tokens, events), samples)
    starts: dict[int, int] = {}
    for token, onset in zip(said.tokens, onsets, strict=False):
        starts.setdefault(token.word, onset)
    ordered = [*starts.items(), (-1, samples)]
    return tuple(
        Mark(word=word, start_s=start / rate_hz, length_s=max(end - start, 0) / rate_hz)
        for (word, start), (_, end) in pairwise(ordered)
    )


def _onsets(tokens: Sequence[Token], events: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return the sample at which tokens start, by index, for those that espeak-ng told of."""
    places = {token.start: i for i, token in enumerate(tokens)}
    known: dict[int, int] = {}
    last, before = -1, None
    odd: list[int] = []
    for position, sample in events:
        place = places.get(position)
        if place is not None and place > last:
            _settle(known, odd, last, place)
            known[place], last, odd = sample, place, []
        elif before is not None and position == before + 1:
            odd.append(sample)
        before = position
    _settle(known, odd, last, len(tokens))
    return known


def _settle(known: dict[int, int], odd: list[int], last: int, following: int) -> None:
    """Events at wrong positions belong to the tokens right before the next one that is right."""
    known.update(zip(range(following - 1, last, -1), reversed(odd), strict=False))


def _spread(tokens: Sequence[Token], known: dict[int, int], samples: int) -> list[int]:
    """Return a sample for every token; joined ones share their time by their letters."""
    fixed = [*sorted({0: 0, **known}.items()), (len(tokens), samples)]
    onsets: list[int] = []
    for (first, start), (following, end) in pairwise(fixed):
        sizes = [token.size for token in tokens[first:following]]
        done = 0
        for size in sizes:
            onsets.append(start + (end - start) * done // sum(sizes))
            done += size
    return onsets
