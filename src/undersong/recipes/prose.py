"""Running text: words with their styles and places, and the marks between them."""

import re
from collections.abc import Callable, Generator, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.recipes.brackets import Piece, Reading, bracket_end
from undersong.recipes.marks import Placed, read_mark, read_sound, stands_alone
from undersong.recipes.spans import Style, read_spans

_SPECIAL: Final = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])|(?P<stars>\*+|_+)|(?P<paren>\()|(?P<sound>!\[(?=\s*[\"“„]))"
    r"|(?P<bracket>\[)|(?P<stray>\])|(?P<code>`+)|(?P<tag></?[A-Za-z][^<>]*>)"
)
_PARENS: Final = re.compile(r"\\.|[()\[]")
_STARS: Final = re.compile(r"\\.|\*+|_+|\[")

_DEEPEST: Final = 20
"""Spans and emphasis within each other; nobody means more."""

Scan = Generator["Said | Marked", None, int]
"""What a sign means; returns the offset after it."""


class Said(Struct, frozen=True, kw_only=True):
    """A stretch of text in one style; `at` is the offset of its first character."""

    text: str
    at: int
    style: Style


class Marked(Struct, frozen=True, kw_only=True):
    """A mark between words."""

    mark: Placed
    at: int


def read_prose(
    reading: Reading, text: str, start: int, end: int, style: Style
) -> tuple[Said | Marked, ...]:
    """Return what stands in [start, end) of `text`, in order, noting what is wrong with it."""
    scanner = _Scanner(reading, text, _pairs(text, start, end))
    return tuple(scanner.scan(start, end, style))


class _Scanner:
    """Scans one block from left to right; what spans and emphasis hold is scanned within."""

    def __init__(self, reading: Reading, text: str, pairs: dict[int, int]) -> None:
        self._reading = reading
        self._text = text
        self._pairs = pairs
        self._depth = 0
        self._unclosed_stars: set[tuple[str, int]] = set()
        self._rules: dict[str, Callable[[re.Match[str], int, Style], Scan]] = {
            "escape": self._escape,
            "stars": self._stars,
            "paren": self._paren,
            "sound": self._sound,
            "bracket": self._bracket,
            "stray": self._stray,
            "code": self._code,
            "tag": self._tag,
        }

    def scan(self, start: int, end: int, style: Style) -> Iterator[Said | Marked]:
        """Yield what stands in [start, end)."""
        self._depth += 1
        at = start
        while found := _SPECIAL.search(self._text, at, end):
            yield from self._said(at, found.start(), style)
            at = yield from self._rules[str(found.lastgroup)](found, end, style)
        yield from self._said(at, end, style)
        self._depth -= 1

    def _said(self, start: int, end: int, style: Style) -> Iterator[Said]:
        if start < end:
            yield Said(text=self._text[start:end], at=start, style=style)

    def _escape(self, found: re.Match[str], end: int, style: Style) -> Scan:  # noqa: ARG002 - a rule
        yield from self._said(found.start() + 1, found.end(), style)
        return found.end()

    def _stars(self, found: re.Match[str], end: int, style: Style) -> Scan:
        close = self._closing(found, end)
        if close is None:
            if self._meant(found, end):
                sign = found[0]
                legal = rf"{sign}word{sign}, or \{sign[0]} for the sign itself"
                self._reading.fault(
                    found.start(), "this emphasis is never closed", seen=sign, legal=legal
                )
            yield from self._said(found.start(), found.end(), style)
            return found.end()
        emphasis = "moderate" if len(found[0]) == 1 else "strong"
        yield from self._within(found.end(), close, replace(style, emphasis=emphasis))
        return close + len(found[0])

    def _meant(self, found: re.Match[str], end: int) -> bool:
        """Tell whether a sign stands before a word, as an opening one does."""
        before = self._text[found.start() - 1 : found.start()]
        after = self._text[found.end() : end][:1]
        return not before.isalnum() and (after.isalnum() or after == "(")

    def _closing(self, found: re.Match[str], end: int) -> int | None:
        """Return where the emphasis that begins here ends, or None."""
        text, need = self._text, len(found[0])
        before, after = text[found.start() - 1 : found.start()], text[found.end() : end][:1]
        if not after.strip() or (found[0][0] == "_" and before.isalnum()):
            return None
        if (found[0], end) in self._unclosed_stars:
            return None
        longer: int | None = None
        for run in self._runs(found, end):
            if len(run[0]) == need:
                return run.start()
            if len(run[0]) > need and longer is None:
                longer = run.end() - need
        if longer is None:
            self._unclosed_stars.add((found[0], end))  # nor will any later one be
        return longer

    def _runs(self, found: re.Match[str], end: int) -> Iterator[re.Match[str]]:
        """Yield the runs of the same sign that may close what `found` opens."""
        text, at, sign = self._text, found.end(), found[0][0]
        while run := _STARS.search(text, at, end):
            at = run.end()
            if run[0] == "[":
                at = (bracket_end(text, run.start(), end) or run.start()) + 1
            elif run[0][0] == sign and not text[run.start() - 1].isspace():
                inner = sign == "_" and text[run.end() : run.end() + 1].isalnum()
                if run.start() > found.end() and not inner:
                    yield run

    def _within(self, start: int, end: int, style: Style) -> Iterator[Said | Marked]:
        if self._depth < _DEEPEST:
            yield from self.scan(start, end, style)
        else:
            self._reading.fault(start, "marks are nested too deep")

    def _paren(self, found: re.Match[str], end: int, style: Style) -> Scan:
        text, start = self._text, found.start()
        close = self._pairs.get(start)
        if close is None or close + 1 >= end or text[close + 1] != "[":
            yield from self._said(start, start + 1, style)
            return start + 1
        stop = bracket_end(text, close + 1, end)
        if stop is None or stands_alone(text[close + 2 : stop]):
            yield from self._said(start, start + 1, style)
            return start + 1
        if not text[start + 1 : close].strip():
            self._reading.fault(start, "there are no words in these parentheses")
        inside = Piece(text=text[close + 2 : stop], at=close + 2)
        yield from self._within(start + 1, close, read_spans(self._reading, inside, style))
        return stop + 1

    def _sound(self, found: re.Match[str], end: int, style: Style) -> Scan:  # noqa: ARG002 - a rule
        start = found.start()
        stop = bracket_end(self._text, start + 1, end)
        if stop is None:
            return self._unclosed(found)
        inside = Piece(text=self._text[start + 2 : stop], at=start + 2).stripped()
        if cue := read_sound(self._reading, inside, start):
            yield Marked(mark=cue, at=start)
        return stop + 1

    def _bracket(self, found: re.Match[str], end: int, style: Style) -> Scan:  # noqa: ARG002 - a rule
        start = found.start()
        stop = bracket_end(self._text, start, end)
        if stop is None:
            return self._unclosed(found)
        inside = Piece(text=self._text[start + 1 : stop], at=start + 1)
        if self._text[stop + 1 : stop + 2] == "(" and not stands_alone(inside.text):
            self._reading.fault(
                start, "links cannot be spoken", seen=f"[{inside.text}](…)", legal="its text alone"
            )
            return self._pairs.get(stop + 1, stop) + 1
        if mark := read_mark(self._reading, inside, start):
            yield Marked(mark=mark, at=start)
        return stop + 1

    def _unclosed(self, found: re.Match[str]) -> int:
        self._reading.fault(
            found.start(),
            "this mark, or a quote in it, is never closed",
            seen=self._text[found.start() :],
            legal=r"[…]; write \[ for a bracket",
        )
        return found.end()

    def _stray(self, found: re.Match[str], end: int, style: Style) -> Scan:  # noqa: ARG002 - a rule
        legal = r"[…]; write \] for a bracket"
        self._reading.fault(found.start(), "this bracket closes nothing", legal=legal)
        yield from ()
        return found.end()

    def _code(self, found: re.Match[str], end: int, style: Style) -> Scan:  # noqa: ARG002 - a rule
        legal = r"plain words; write \` for the sign itself"
        self._reading.fault(found.start(), "code cannot be spoken", legal=legal)
        yield from ()
        return found.end()

    def _tag(self, found: re.Match[str], end: int, style: Style) -> Scan:  # noqa: ARG002 - a rule
        self._reading.fault(
            found.start(), "tags cannot be spoken", seen=found[0], legal="marks such as [2s]"
        )
        yield from ()
        return found.end()


def _pairs(text: str, start: int, end: int) -> dict[int, int]:
    """Return closing by opening parenthesis, those in marks left out."""
    found: dict[int, int] = {}
    opened: list[int] = []
    at = start
    while sign := _PARENS.search(text, at, end):
        at = sign.end()
        if sign[0] == "[":
            at = (bracket_end(text, sign.start(), end) or sign.start()) + 1
        elif sign[0] == "(":
            opened.append(sign.start())
        elif sign[0] == ")" and opened:
            found[opened.pop()] = sign.start()
    return found
