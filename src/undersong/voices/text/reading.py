"""How a line is read: rules tried one after another at every place, the rest taken as written."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from undersong.voices.text.language import Language
from undersong.voices.text.letters import LETTER

WORD = re.compile(rf"{LETTER}+|.", re.DOTALL)


class Piece(NamedTuple):
    """Words to say for what stands at offset `at` of the line."""

    at: int
    text: str


Match = re.Match[str]
Pieces = tuple[Piece, ...]


class Rule(Struct, frozen=True):
    """A kind of writing that needs reading.

    `read` gives the pieces for the whole match, each at the offset of the part it speaks for, so
    that `5 min` is shared between its two words; or None when it is something else after all.
    """

    pattern: re.Pattern[str]
    read: Callable[[Match, Language], Pieces | None]


class Spoken(NamedTuple):
    """A stretch of a line as it will be said; `read` tells that a rule made it."""

    at: int
    text: str
    read: bool


def read_line(line: str, rules: Sequence[Rule], language: Language) -> Iterator[Spoken]:
    """Yield what to say for `line`, from left to right, at non-decreasing offsets."""
    found = [rule for rule in rules if rule.pattern.search(line)]  # of most lines, none
    position = 0
    while position < len(line):
        for rule in found:
            match = rule.pattern.match(line, position)
            pieces = rule.read(match, language) if match and match.end() > position else None
            if match and pieces is not None:
                yield from (Spoken(piece.at, piece.text, read=True) for piece in pieces)
                position = match.end()
                break
        else:
            plain = WORD.match(line, position)
            text = plain.group() if plain else ""
            yield Spoken(position, text, read=False)
            position += len(text)


def joined(stretches: Sequence[Spoken]) -> str:
    """Join stretches; words that a rule made stand free from letters around them."""
    text = ""
    made = False
    for _, part, read in stretches:
        touching = bool(text and part) and (read or (made and part[0].isalpha()))
        text += f" {part}" if touching and not text[-1].isspace() else part
        made = read
    return text


def choice(keys: Iterable[str]) -> str:
    """Return a regular expression for any of `keys`, longest first, any white space alike."""
    ordered = sorted(keys, key=len, reverse=True)
    return "|".join(re.escape(key).replace(r"\ ", r"\s") for key in ordered) or "(?!)"


def stop(match: Match) -> str:
    """Return the full stop that ends an abbreviation when it also ends the line, else ""."""
    ends = match.group().endswith(".") and not match.string[match.end() :].strip(" )]\"'")
    return "." if ends else ""
