"""From Markdown to the course of a track: what is said, and every pause, breath and cue between."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from undersong.errors import Fault
from undersong.recipes.assembly import Assembly
from undersong.recipes.blocks import Block, outline
from undersong.recipes.brackets import Reading
from undersong.recipes.model import BedLevel, Cue, Heading, Pace, SceneChange, Script
from undersong.recipes.names import Names
from undersong.recipes.prose import Marked, read_prose
from undersong.recipes.sentences import clauses, ends_sentence, sentences
from undersong.recipes.source import Source
from undersong.recipes.spans import Manner, Style
from undersong.recipes.words import Token, read_words

LONGEST_WORD: Final = 500
"""Characters; sentences of scripts without spaces count as one word."""

_CLAUSE: Final = {True: Fraction(1), False: Fraction(1, 3)}
"""Weight of the `comma` pause between clauses, by whether the pace has commas of its own. Where
it has none, a `comma` lasts as long as a sentence's pause; a third of that is half a second."""

_SEAM: Final = {True: Fraction(1, 4), False: Fraction(1, 10)}
"""The same within a clause, where rate, language or voice change or a cue stands: 0.1-0.2 s."""


def read_script(
    source: Source, start: int, *, language: str, pace: Pace, names: Names
) -> tuple[Script, tuple[Fault, ...]]:
    """Return the script that begins at offset `start`, and every fault of it.

    Args:
        source: the whole file, so that places are places in the file.
        start: offset after the front matter.
        language: BCP 47 tag of what is not marked otherwise.
        pace: tells whether sentences are parted at commas.
        names: what marks may name.
    """
    reading = Reading(source=source, names=names, language=language)
    reader = _Reader(reading, apart=pace.comma is not None)
    outlined = outline(reading, start)
    for block in outlined.blocks:
        reader.read(outlined.text, block)
    script = Script(cues=reader.assembly.finish())
    _check(reading, script, start)
    return script, tuple(reading.faults)


class _Reader:
    """Reads block after block into an assembly."""

    def __init__(self, reading: Reading, *, apart: bool) -> None:
        self.assembly = Assembly(language=reading.language)
        self._reading = reading
        self._apart = apart

    def read(self, text: str, block: Block) -> None:
        """Read one block of the blanked text."""
        self.assembly.imply(block.gap)
        if block.kind == "rule":
            return
        style = Style(manner=Manner(language=self._reading.language))
        prose = read_prose(self._reading, text, block.start, block.end, style)
        items = read_words(self._reading, prose)
        if block.kind == "heading":
            self._heading(block, items)
        else:
            self._text(items)

    def _heading(self, block: Block, items: Sequence[Token | Marked]) -> None:
        for item in items:
            if isinstance(item, Marked):
                legal = "plain text; a mark stands on the line below"
                self._reading.fault(item.at, "a heading holds no marks", legal=legal)
        title = " ".join(item.word.text for item in items if isinstance(item, Token))
        place = self._reading.position(block.start)
        self.assembly.place(Heading(title=title, position=place))

    def _expect_word(self, token: Token) -> None:
        if len(token.word.text) > LONGEST_WORD:
            seen = f"{token.word.text[:20]}…"
            legal = f"words of up to {LONGEST_WORD} characters"
            at = token.end - len(token.word.text)
            message = "no voice says a word of this length"
            self._reading.fault(at, message, seen=seen, legal=legal)

    def _text(self, items: Sequence[Token | Marked]) -> None:
        waiting: list[Token] = []
        for k, item in enumerate(items):
            if isinstance(item, Token):
                waiting.append(item)
                self._expect_word(item)
                continue
            after = next((t for t in items[k:] if isinstance(t, Token)), None)
            self._stretch(waiting)
            self._part(waiting, after)
            if after is not None and after.bound:
                message = "this mark stands within a substitute or pronunciation"
                self._reading.fault(item.at, message)
            waiting = []
            self.assembly.place(item.mark)
        self._stretch(waiting)

    def _part(self, before: Sequence[Token], after: Token | None) -> None:
        """Imply a pause between words and the mark that follows them."""
        if not before:
            return
        word = before[-1].word.text
        if after is None or ends_sentence(word, after.word.text, self._reading.language):
            self.assembly.imply("sentence")
        else:
            self.assembly.imply("comma", _SEAM[self._apart])

    def _stretch(self, tokens: Sequence[Token]) -> None:
        """Say a stretch of text between marks."""
        words = [token.word.text for token in tokens]
        cuts = [k for k in sentences(words, self._reading.language) if not tokens[k].bound]
        for start, end in pairwise((0, *cuts, len(tokens)) if tokens else ()):
            if start:
                self.assembly.imply("sentence")
            self._sentence(tokens[start:end])

    def _sentence(self, tokens: Sequence[Token]) -> None:
        for k, run in enumerate(_by_manner(tokens)):
            if k:
                self.assembly.imply("comma", _SEAM[self._apart])
            bound = frozenset(j for j, token in enumerate(run) if token.bound)
            words = [token.word.text for token in run]
            cuts = clauses(words, bound, at_signs=self._apart)
            for start, end in pairwise((0, *cuts, len(run))):
                if start:
                    self.assembly.imply("comma", _CLAUSE[self._apart])
                self._phrase(run[start:end])

    def _phrase(self, tokens: Sequence[Token]) -> None:
        end = self._reading.position(tokens[-1].end)
        self.assembly.say([token.word for token in tokens], tokens[0].manner, end)


def _by_manner(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the runs of words that rate, language and voice hold together."""
    changes = [k for k in range(1, len(tokens)) if tokens[k].manner != tokens[k - 1].manner]
    for start, end in pairwise((0, *changes, len(tokens))):
        yield tokens[start:end]


def _check(reading: Reading, script: Script, start: int) -> None:
    """Note what is wrong with a script as a whole, unless another fault may be the cause."""
    if not reading.faults and not script.cues:
        reading.fault(start, "the script is empty", legal="words to say, below the front matter")
    elif not reading.faults and not script.utterances:
        message = "nothing is said in this script"
        reading.fault(_first_sign(reading.source, start), message, legal="at least one word")
    faulty = [fault.line or 0 for fault in reading.faults]
    for heading, following, last_line in _chapters(script.cues):
        place = heading.position
        if following or any(place.line <= line <= last_line for line in faulty):
            continue
        at = reading.source.starts[place.line - 1] + place.column - 1
        reading.fault(at, "nothing comes after this heading", seen=heading.title)


def _chapters(cues: Sequence[Cue]) -> Iterator[tuple[Heading, bool, float]]:
    """Yield every heading, whether anything takes time before the next one, and the next line."""
    at = [k for k, cue in enumerate(cues) if isinstance(cue, Heading)]
    for start, end in pairwise((*at, len(cues))):
        heading = cues[start]
        if isinstance(heading, Heading):
            happens = any(
                not isinstance(cue, SceneChange | BedLevel) for cue in cues[start + 1 : end]
            )
            yield heading, happens, cues[end].position.line if end < len(cues) else math.inf


def _first_sign(source: Source, start: int) -> int:
    stretch = source.text[start:]
    return start + len(stretch) - len(stretch.lstrip())
