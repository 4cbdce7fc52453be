"""Markdown's outline: headings, paragraphs, list items, rules, quotes and comments.

Everything that is not said (comments, list markers, quote signs) is blanked, so that every
character keeps its offset in the file.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from undersong.recipes.brackets import Reading
from undersong.recipes.model import PauseKind

_DROPPED: Final = "\x00"
"""Stands for a dropped character until lines are sorted; sources hold no control characters."""

_COMMENT: Final = re.compile(r"(?<!\\)<!--(?:.*?(-->)|.*)", re.DOTALL)
_QUOTE: Final = re.compile(r"\s*((?:> ?)+)")
_HEADING: Final = re.compile(r"\s*#{1,6}(?=\s|$)")
_HEADING_END: Final = re.compile(r"(?:^|\s)#+$")
_RULE: Final = re.compile(r"\s*([-*_])(?:[ \t]*\1){2,}\s*")

# a number that another one follows is a countdown ("3. 2. 1."), which is said
_ITEM: Final = re.compile(r"\s*(?:[-*+]|(\d{1,3})[.)](?![ \t]+\d+[.)](?:\s|$)))[ \t]+(?=\S)")

_FOREIGN: Final = (
    (re.compile(r"\s*#{1,6}(?=[^\s#])"), "a heading needs a space after `#`"),
    (re.compile(r"\s*#{7,}"), "a heading has one to six `#`"),
    (re.compile(r"\s*={3,}\s*$"), "an underlined heading; write `# Title`"),
    (re.compile(r"\s*(?:```|~~~).*"), "code cannot be spoken"),
    (re.compile(r"\s*\|"), "tables cannot be spoken"),
)
"""Lines of Markdown that mean nothing in a script."""


class Block(Struct, frozen=True, kw_only=True):
    """A stretch [start, end) of the blanked text.

    Attributes:
        gap: the pause that the layout implies before it.
    """

    kind: Literal["heading", "text", "rule"]
    start: int
    end: int
    gap: PauseKind


class Outline(Struct, frozen=True, kw_only=True):
    """A script's blocks, and its text with everything blanked that is not said."""

    text: str
    blocks: tuple[Block, ...]


def outline(reading: Reading, start: int) -> Outline:
    """Return the outline of a source from offset `start` on, noting what is foreign to it."""
    sorter = _Sorter(reading, _without_comments(reading, start))
    blocks = tuple(sorter.blocks(start))
    return Outline(text="".join(sorter.signs).replace(_DROPPED, " "), blocks=blocks)


def _without_comments(reading: Reading, start: int) -> str:
    """Return the whole text with every character of a comment dropped, line ends included."""
    text = reading.source.text
    found = list(_COMMENT.finditer(text, start))
    for comment in found:
        if comment[1] is None:
            reading.fault(comment.start(), "this comment is never closed", legal="<!-- … -->")
        text = text[: comment.start()] + _DROPPED * len(comment[0]) + text[comment.end() :]
    return text


class _Sorter:
    """Goes through the lines once and says where blocks begin and end."""

    def __init__(self, reading: Reading, text: str) -> None:
        self.signs = list(text)
        self._reading = reading
        self._text = text
        self._open: int | None = None  # start of the text block that is growing
        self._end = 0
        self._gap: PauseKind = "paragraph"
        self._quote = 0  # depth of `>`
        self._number = 0  # of the last item of a numbered list

    def blocks(self, start: int) -> Iterator[Block]:
        """Yield blocks in order; afterwards `signs` is blanked."""
        at = start
        for line in self._text[start:].split("\n"):
            if line.replace(_DROPPED, "").strip():
                yield from self._line(line.replace(_DROPPED, " "), at)
            elif _DROPPED not in line:
                yield from self._close("paragraph")
            at += len(line) + 1
        yield from self._close("paragraph")

    def _line(self, line: str, at: int) -> Iterator[Block]:
        quote = _QUOTE.match(line)
        depth = quote[1].count(">") if quote else 0
        if depth != self._quote:
            yield from self._close("paragraph")
            self._quote = depth
        offset = at + self._blank(at, quote)
        rest = line[offset - at :]
        if _RULE.fullmatch(rest) or _HEADING.match(rest):
            yield from self._close("section")
            yield self._single(rest, offset)
        elif rest.strip():
            yield from self._text_line(rest, offset)

    def _single(self, rest: str, offset: int) -> Block:
        """Return a rule or a heading, which end with their line."""
        self._number = 0
        sign = offset + len(rest) - len(rest.lstrip())
        heading = _HEADING.match(rest)
        if heading is None:
            return Block(kind="rule", start=sign, end=offset + len(rest), gap="section")
        title = _HEADING_END.sub("", rest[heading.end() :].strip()).strip()
        if not title:
            self._reading.fault(sign, "this heading has no title", legal="# Title")
            return Block(kind="rule", start=sign, end=sign, gap="section")
        start = offset + rest.index(title, heading.end())
        return Block(kind="heading", start=start, end=start + len(title), gap="section")

    def _text_line(self, rest: str, offset: int) -> Iterator[Block]:
        item = self._item(rest)
        if item:
            yield from self._close("sentence" if self._open is not None else self._gap)
            self._blank(offset, item)
        else:
            self._foreign(rest, offset)
            self._number = self._number if self._open is not None else 0
        if self._open is None:
            self._open = offset
        self._end = offset + len(rest)

    def _item(self, rest: str) -> re.Match[str] | None:
        """Return the marker of a list item; numbers count up from 1, others are said."""
        item = _ITEM.match(rest)
        number = int(item[1]) if item and item[1] else None
        if number is not None:
            if number not in {1, self._number + 1}:
                return None
            self._number = number
        return item

    def _foreign(self, rest: str, offset: int) -> None:
        for pattern, message in _FOREIGN:
            if found := pattern.match(rest):
                sign = offset + len(rest) - len(rest.lstrip())
                self._reading.fault(sign, message, seen=rest)
                self._blank(offset, found)

    def _close(self, gap: PauseKind) -> Iterator[Block]:
        """End the text block that is growing; `gap` comes before what follows."""
        if self._open is not None:
            yield Block(kind="text", start=self._open, end=self._end, gap=self._gap)
        self._open = None
        self._gap = gap

    def _blank(self, at: int, found: re.Match[str] | None) -> int:
        """Blank what was found at the start of a line and return its length."""
        length = found.end() if found else 0
        self.signs[at : at + length] = " " * length
        return length
