"""From written words to words that any engine can say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from undersong.recipes.model import Word
from undersong.voices.contract import SpokenWord
from undersong.voices.text import amounts, moments, quantities, shorthand
from undersong.voices.text.alone import said_alone
from undersong.voices.text.language import Language
from undersong.voices.text.languages import language_for
from undersong.voices.text.letters import CLOSING, ELLIPSIS, cleaned, has_letter, sayable
from undersong.voices.text.reading import Rule, Spoken, joined, read_line

FIGURE = re.compile(r"\d")
"""What `figure_rules` cannot do without."""

LEADING = re.compile(rf"[{CLOSING}]?\s*")


def spoken_words(
    words: Sequence[Word], language: str, lexicon: Mapping[str, str]
) -> tuple[SpokenWord, ...]:
    """Return what to say for each written word: as many as there are words, never an error.

    A word's `sub` and `ipa` win over everything, then the lexicon (whole words or several, in any
    case), then the reading of figures and signs in `language`. Words that are read together share
    what is said: `5 min` is `five` and `minutes`. A word that says nothing, such as a dash or
    the rest of a marked span, has an empty text; its closing punctuation goes to the word before.
    Where there is nothing else to say, common signs speak: a lone `©` is `copyright`.

    The last word that says anything always ends in punctuation, because that makes the melody: its
    own, or else a comma. An utterance without a full stop is mostly one that goes on after a
    pause, and a comma keeps the voice up where a full stop would let it fall (espeak-ng falls
    from 222 to 145 Hz for a full stop, to 199 Hz for a comma: docs/craft.md).
    """
    table = language_for(language)
    own = _own_rule(tuple(lexicon.items()), table)
    texts = [""] * len(words)
    for start, stop in _runs(words):
        plain = [cleaned(word.text) for word in words[start:stop]]
        texts[start:stop] = _read(plain, table, own)
    _add_marked(texts, words, table)
    if not any(map(has_letter, texts)):
        texts = [said_alone(word.text, table) for word in words]
    return tuple(
        SpokenWord(text=text, ipa=(word.ipa or None) if text else None)
        for text, word in zip(_settled(texts), words, strict=True)
    )


def figure_rules(language: Language) -> tuple[Rule, ...]:
    """Return the rules of which none holds where there is no figure."""
    return (
        *moments.rules(language),
        *amounts.rules(language),
        *quantities.rules(language),
    )


@lru_cache(maxsize=64)
def _rules(language: Language, *, figures: bool) -> tuple[Rule, ...]:
    """Return the rules for lines with figures or without: most scripts have none anywhere."""
    return (
        *shorthand.first_rules(language),
        *(figure_rules(language) if figures else ()),
        *shorthand.last_rules(language),
    )


@lru_cache(maxsize=64)
def _own_rule(lexicon: tuple[tuple[str, str], ...], language: Language) -> Rule:
    own = {cleaned(key).lower(): _said(value, language) for key, value in lexicon if cleaned(key)}
    return shorthand.lexicon_rule(own)


def _runs(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield half-open ranges of words without marks: each is read as one line."""
    start = 0
    for i, word in enumerate(words):
        if word.sub is not None or word.ipa is not None:
            if start < i:
                yield start, i
            start = i + 1
    if start < len(words):
        yield start, len(words)


def _read(words: Sequence[str], language: Language, *own: Rule) -> list[str]:
    """Read words as one line and share out what is said, one text per word; `own` rules win."""
    shares: list[list[Spoken]] = [[] for _ in words]
    ends = []
    length = 0
    for word in words:
        length += len(word) + 1
        ends.append(length)
    slot = 0
    line = " ".join(words)
    rules = _rules(language, figures=FIGURE.search(line) is not None)
    for stretch in read_line(line, (*own, *rules), language):
        while stretch.at >= ends[slot]:
            slot += 1
        shares[slot].append(stretch)
    return [sayable(joined(share)) for share in shares]


def _said(text: str, language: Language) -> str:
    return sayable(" ".join(_read(cleaned(text).split(), language)))


def _add_marked(texts: list[str], words: Sequence[Word], language: Language) -> None:
    """Fill in the words with a `sub` or an `ipa`; the first of a span says all of it."""
    first: int | None = None
    for i, word in enumerate(words):
        if word.sub is None and word.ipa is None:
            continue
        written = _said(word.text, language)
        closing = written[-1:] if written[-1:] in CLOSING else ""
        if word.sub is not None:
            texts[i] = sayable(_said(word.sub, language) + closing)
        elif word.ipa == "" and first is not None:
            texts[first] = sayable(f"{texts[first].rstrip(CLOSING)} {written}")
        else:
            texts[i] = written
        first = i if word.ipa else first


def _settled(texts: Sequence[str]) -> list[str]:
    """Move punctuation to the words that it closes, and close the last one."""
    settled = list(texts)
    last = -1
    for i, text in enumerate(texts):
        lead = LEADING.match(text)
        mark = lead.group().strip() if lead else ""
        speaks = has_letter(text)
        if (
            last >= 0
            and settled[last][-1] not in CLOSING
            and (mark in {",", ELLIPSIS} or not speaks)
        ):
            settled[last] += mark
        settled[i] = text[lead.end() :] if lead and speaks else ""
        last = i if speaks else last
    if last >= 0 and settled[last][-1] not in CLOSING:
        settled[last] += ","
    return settled
