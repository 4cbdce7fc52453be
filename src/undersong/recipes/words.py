"""Words of running text: as written, with their places, and how each wants to be said."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.recipes.brackets import Reading
from undersong.recipes.model import Word
from undersong.recipes.prose import Marked, Said
from undersong.recipes.spans import Manner, Spoken

_RUN: Final = re.compile(r"\s+|\S+")

# words end, without a space, after signs of scripts that need none and after dashes and dots
_BREAK: Final = re.compile(
    r"(?<=[。！？｡；，：—…])(?=[\w“‘「『《(¿¡])|(?<=\.\.\.)(?=\w)|(?<=\w--)(?=\w)"  # noqa: RUF001 - full-width signs are meant
)

_SAID_SIGNS: Final = frozenset("&+=%@#$€£¥°§¶×÷±≈≠≤≥√∞∑‰½¼¾©®™")  # noqa: RUF001 - the sign of multiplication
"""Signs that have a name when they stand alone."""


class Token(Struct, frozen=True, kw_only=True):
    """A word in its place.

    Attributes:
        end: offset after its last character.
        bound: goes on with a substitute or pronunciation of the word before: never parted from it.
    """

    word: Word
    manner: Manner
    end: int
    bound: bool = False


def read_words(reading: Reading, items: Sequence[Said | Marked]) -> list[Token | Marked]:
    """Return words and marks in order. Signs that nobody says go with the word before them."""
    weaver = _Weaver(reading)
    for item in items:
        if isinstance(item, Marked):
            weaver.mark(item)
        else:
            weaver.text(item)
    return weaver.finish()


class _Weaver:
    """Puts stretches of text together until a space ends the word."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._found: list[Token | Marked] = []
        self._draft: list[Said] = []
        self._leading: list[Said] = []  # signs before the first word
        self._begun: set[int] = set()  # spans whose first word is behind us

    def text(self, said: Said) -> None:
        """Take a stretch of text."""
        for run in _RUN.finditer(said.text):
            if run[0].isspace():
                self._end_word()
                continue
            cuts = [0, *(m.start() for m in _BREAK.finditer(run[0])), len(run[0])]
            for start, end in pairwise(cuts):
                if start:
                    self._end_word()
                at = said.at + run.start() + start
                self._draft.append(Said(text=run[0][start:end], at=at, style=said.style))

    def mark(self, marked: Marked) -> None:
        """Take a mark."""
        self._end_word()
        self._found.append(marked)

    def finish(self) -> list[Token | Marked]:
        """Return everything taken."""
        self._end_word()
        if self._leading:
            seen = " ".join(part.text for part in self._leading)
            legal = "words, or [pause] for a pause"
            self._reading.fault(
                self._leading[0].at, "no voice can say this", seen=seen, legal=legal
            )
        return self._found

    def _end_word(self) -> None:
        parts, self._draft = self._draft, []
        if not parts:
            return
        if any(_is_said(part) for part in parts):
            self._found.append(self._token([*self._leading, *parts], len(self._leading)))
            self._leading = []
        elif any(isinstance(item, Token) for item in self._found):
            self._append_signs(parts)
        else:
            self._leading += parts

    def _append_signs(self, parts: Sequence[Said]) -> None:
        k = max(k for k, item in enumerate(self._found) if isinstance(item, Token))
        token = self._found[k]
        if isinstance(token, Token):
            signs = "".join(part.text for part in parts)
            touching = token.end == parts[0].at
            text = token.word.text + ("" if touching else " ") + signs
            end = parts[-1].at + len(parts[-1].text)
            self._found[k] = replace(token, word=replace(token.word, text=text), end=end)

    def _token(self, parts: Sequence[Said], leading: int) -> Token:
        said = [part for part in parts if _is_said(part)]
        style = said[0].style
        odd = [p for p in said if (p.style.spoken, p.style.manner) != (style.spoken, style.manner)]
        if odd:
            message = "a mark covers only a part of this word"
            self._reading.fault(odd[0].at, message, seen="".join(part.text for part in parts))
        signs = " ".join(part.text for part in parts[:leading])
        text = "".join(part.text for part in parts[leading:])
        spoken, bound = self._spoken(style.spoken)
        word = Word(
            text=f"{signs} {text}" if signs else text,
            position=self._reading.position(parts[0].at),
            sub=spoken.sub if spoken else None,
            ipa=spoken.ipa if spoken else None,
            emphasis=next((p.style.emphasis for p in said if p.style.emphasis), None),
        )
        end = parts[-1].at + len(parts[-1].text)
        return Token(word=word, manner=style.manner, end=end, bound=bound)

    def _spoken(self, spoken: Spoken | None) -> tuple[Spoken | None, bool]:
        """Return what a word says of its span: all of it on the first word, then nothing."""
        if spoken is None or spoken.at not in self._begun:
            self._begun |= {spoken.at} if spoken else set()
            return spoken, False
        return (
            replace(
                spoken,
                sub=None if spoken.sub is None else "",
                ipa=None if spoken.ipa is None else "",
            ),
            True,
        )


def _is_said(part: Said) -> bool:
    """Tell whether a voice can say a part: letters, digits, named signs, or what a mark gives."""
    if part.style.spoken is not None:
        return True
    return any(sign.isalnum() or sign in _SAID_SIGNS for sign in part.text)
