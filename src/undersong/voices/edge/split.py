"""A phrase in pieces that the service takes whole, cut where a speaker would breathe."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

PIECE_BYTES: Final = 4096
"""What edge-tts 7.3 sends in one request, in bytes of escaped UTF-8. Beyond it, edge-tts cuts
sentences in half, and text without spaces not at all."""

_CLOSERS: Final = "[\"'\u2019\u201d\u00bb)\\]\u300d\u300f\uff09\u3011]*"
_FULL_STOPS: Final = "\u3002\uff01\uff1f\uff61\uff0e\u0964\u0965\u1362\u1367\u104b\u17d4"
_BREAKS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # The end of a sentence; without a space behind it where the script has none.
        rf"(?:[.!?\u2026\u061f\u06d4]+{_CLOSERS}(?=\s)|[{_FULL_STOPS}]+{_CLOSERS})",
        # The end of a clause.
        rf"[,;:\u2013\u2014\u060c\u061b]+{_CLOSERS}(?=\s)|[\u3001\uff0c\uff1b\uff1a\u104a]",
        r"(?=\s)",
    )
)
"""Where a text may be cut, the best kind of place first."""

_JOINERS: Final = "\u200c\u200d"


def size(text: str) -> int:
    """Return how many bytes a text has in a request."""
    return len(escape(text).encode())


def pieces(text: str, limit: int = PIECE_BYTES) -> tuple[str, ...]:
    """Cut a text into pieces of at most `limit` bytes; joined by what was cut, they are the text.

    Each piece ends at the last sentence that fits; failing that at a clause, at a space, at a
    letter. Only white space at the cuts is left out.
    """
    found = []
    rest = text.strip()
    while size(rest) > limit:
        at = _last_cut(rest[: _fitting(rest, limit)], rest)
        found.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return (*found, rest)


def _fitting(text: str, limit: int) -> int:
    """Return how many characters at the start of a text fit into `limit` bytes, at least 1."""
    used = 0
    for index, char in enumerate(text):
        used += size(char)
        if used > limit:
            return max(1, index)
    return len(text)


def _last_cut(head: str, text: str) -> int:
    """Return where to cut `text`, which begins with `head`, at the latest at its end."""
    for pattern in _BREAKS:
        ends = [end for end in _ends(pattern, text, len(head)) if head[:end].strip()]
        if ends:
            return ends[-1]
    at = len(head)
    while at > 1 and _belongs_to_the_last(text, at):
        at -= 1
    return at


def _ends(pattern: re.Pattern[str], text: str, limit: int) -> Iterator[int]:
    """Yield the ends of all matches up to `limit`; the text itself may go on after it."""
    return (match.end() for match in pattern.finditer(text, 0, limit + 1) if match.end() <= limit)


def _belongs_to_the_last(text: str, at: int) -> bool:
    """Whether the character at `at` is an accent or vowel sign of the one before it."""
    joined = text[at] in _JOINERS or text[at - 1] in _JOINERS
    return joined or unicodedata.category(text[at]).startswith("M")
