"""What stands in square brackets: its parts, each with its place, and their values."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from undersong.errors import Fault, nearest
from undersong.recipes.model import Position
from undersong.recipes.names import Names
from undersong.recipes.source import Source
from undersong.recipes.values import WrongValueError

QUOTED: Final = r'"[^"]*"|“[^”]*”|„[^“”]*[“”]'
"""Quotes that editors make; a bracket within them closes nothing."""

_QUOTES: Final = {'"': '"', "“": "”", "„": "“”", "'": "'", "‘": "’"}  # noqa: RUF001 - as typed
_BEFORE_CLOSE: Final = re.compile(rf"(?:{QUOTED}|[^\[\]])*")
_KEYED: Final = re.compile(r"([A-Za-z]+)(?:\s*[:=]\s*|\s+|$)(.*)", re.DOTALL)


class Reading(Struct, kw_only=True):
    """A script being read: where it stands, what it may name, and the faults found so far."""

    source: Source
    names: Names
    language: str
    faults: list[Fault] = field(default_factory=list)

    def fault(
        self,
        offset: int,
        message: str,
        *,
        seen: str | None = None,
        legal: str | None = None,
        near: str | None = None,
    ) -> None:
        """Note a fault."""
        self.faults.append(self.source.fault(offset, message, seen=seen, legal=legal, nearest=near))

    def wrong(self, offset: int, seen: str, error: WrongValueError) -> None:
        """Note a value that could not be read."""
        self.fault(offset, error.message, seen=seen, legal=error.legal, near=error.near)

    def position(self, offset: int) -> Position:
        """Return line and column of an offset."""
        return self.source.position(offset)


class Piece(Struct, frozen=True, kw_only=True):
    """Some text and the offset of its first character."""

    text: str
    at: int

    def stripped(self) -> "Piece":
        """Return the piece without white space around it."""
        bare = self.text.strip()
        return Piece(text=bare, at=self.at + self.text.find(bare))

    def split(self, separator: str) -> Iterator["Piece"]:
        """Yield the stripped parts between separators that stand outside quotes."""
        parts = re.finditer(rf"(?:{QUOTED}|[^{separator}])+", self.text)
        for part in parts:
            yield Piece(text=part[0], at=self.at + part.start()).stripped()


def bracket_end(text: str, start: int, end: int) -> int | None:
    """Return the offset of the `]` that closes the `[` at `start`, or None before `end`."""
    stop = _matched(_BEFORE_CLOSE, text, start + 1, end)
    return stop if stop < end and text[stop] == "]" else None


def _matched(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    found = pattern.match(text, start, end)
    return found.end() if found else start


def unquoted(text: str) -> str:
    """Return a value without the quotes around it.

    Raises:
        WrongValueError: a quote is not closed, or nothing is inside.
    """
    closers = _QUOTES.get(text[:1])
    if closers is None:
        bare = text
    elif len(text) > 1 and text[-1] in closers:
        bare = text[1:-1]
    else:
        message = "this quote is never closed"
        raise WrongValueError(message)
    if not bare.strip():
        message = "there is no value here"
        raise WrongValueError(message)
    return " ".join(bare.split())


def keyed(
    reading: Reading, parts: Sequence[Piece], readers: Mapping[str, Callable[[str], Any]]
) -> dict[str, Any] | None:
    """Return the values of `key value` parts, or None after noting what is wrong with them.

    Args:
        reading: where faults are noted.
        parts: such as `in 4s` or `times 5`.
        readers: by key; each returns what its value means or raises `WrongValueError`.
    """
    found: dict[str, Any] = {}
    before = len(reading.faults)
    for part in parts:
        match = _KEYED.fullmatch(part.text)
        key = match[1].lower() if match else part.text
        if match is None or key not in readers:
            near = nearest(key, readers)
            legal = ", ".join(readers)
            reading.fault(part.at, "unknown part of a mark", seen=part.text, legal=legal, near=near)
        elif key in found:
            reading.fault(part.at, f"`{key}` is here twice")
        else:
            found[key] = _value(reading, part, match, readers[key])
    return found if len(reading.faults) == before else None


def _value(
    reading: Reading, part: Piece, match: re.Match[str], reader: Callable[[str], Any]
) -> object:
    try:
        return reader(unquoted(match[2]))
    except WrongValueError as error:
        reading.wrong(part.at + (match.start(2) if match[2] else 0), match[2] or part.text, error)
    return None
