"""Characters: what a written word may hold, and the few of them that engines are given.

`cleaned` makes one spelling of what Unicode spells in many ways and keeps everything that means
something. `sayable` then lets through letters, combining marks, apostrophes inside words, spaces
and closing punctuation, and nothing else.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

APOSTROPHES: Final = (
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"
    "\N{MODIFIER LETTER TURNED COMMA}\N{PRIME}\N{ACUTE ACCENT}`"
)
HYPHENS: Final = "\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{SMALL HYPHEN-MINUS}\N{FULLWIDTH HYPHEN-MINUS}"
DASHES: Final = (
    "\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}\N{TWO-EM DASH}\N{THREE-EM DASH}"
)
STOPS: Final = {
    "\N{IDEOGRAPHIC FULL STOP}": ".",
    "\N{DEVANAGARI DANDA}": ".",
    "\N{DEVANAGARI DOUBLE DANDA}": ".",
    "\N{ARABIC FULL STOP}": ".",
    "\N{ARMENIAN FULL STOP}": ".",
    "\N{ETHIOPIC FULL STOP}": ".",
    "\N{IDEOGRAPHIC COMMA}": ",",
    "\N{ARABIC COMMA}": ",",
    "\N{ARABIC SEMICOLON}": ";",
    "\N{ARABIC QUESTION MARK}": "?",
    "\N{INTERROBANG}": "?",
    "\N{BULLET}": ",",
    "\N{MIDLINE HORIZONTAL ELLIPSIS}": "\N{HORIZONTAL ELLIPSIS}",
}
DASH: Final = "\N{EN DASH}"
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"

ONE_SPELLING: Final = str.maketrans(
    dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(HYPHENS, "-") | dict.fromkeys(DASHES, DASH)
    | STOPS
)  # fmt: skip
KEPT: Final = frozenset(
    "\N{MASCULINE ORDINAL INDICATOR}\N{FEMININE ORDINAL INDICATOR}\N{SUPERSCRIPT TWO}"
    "\N{SUPERSCRIPT THREE}\N{HORIZONTAL ELLIPSIS}"
)
"""Characters whose compatibility spelling would lose what they mean."""

MARKS: Final = "\N{TRADE MARK SIGN}\N{SERVICE MARK}\N{COPYRIGHT SIGN}\N{REGISTERED SIGN}"

FRACTION_SLASH: Final = "\N{FRACTION SLASH}"
SPACE_FOR: Final = {"*": "", '"': ""}  # signs that may stand inside a word without parting it
CLOSING: Final = ",.?!;:" + ELLIPSIS
LETTER: Final = r"[^\W\d_\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}]"
"""A letter of any script, for regular expressions, in which raised figures count as letters."""

_CHUNK = re.compile(rf"[{CLOSING}\s]*[{CLOSING}][{CLOSING}\s]*|\s+")
_PAUSE = re.compile(rf"\s*(?:{DASH}|--)[\s{DASH}-]*|(?:(?<=\s)|^)-+(?=\s|$)")
_NARROW = re.compile(rf"(?<={LETTER})\.(?={LETTER})")


@lru_cache(maxsize=4096)
def cleaned(text: str) -> str:
    """Return `text` with one spelling for what can be spelled in many ways.

    Compatibility forms become plain ones (full width, ligatures, circled figures), figures of all
    scripts 0 to 9, all apostrophes ' and all dashes an en dash; a half sign becomes 1, fraction
    slash, 2. Soft hyphens, zero-width and control characters go; white space is single spaces.
    """
    plain = "".join(map(_plain, _split_fractions(text.translate(ONE_SPELLING))))
    return " ".join(unicodedata.normalize("NFC", plain.translate(ONE_SPELLING)).split())


@lru_cache(maxsize=4096)
def sayable(text: str) -> str:
    """Return what engines may be given of `text`.

    Hyphens become spaces, dashes commas; of several closing marks the one that matters to the
    voice stays, directly behind a letter. Without any letter, only such a mark may remain.
    """
    bare = _PAUSE.sub(", ", _NARROW.sub(" ", text))
    return _CHUNK.sub(lambda chunk: _one_mark(chunk.group()), _let_through(bare)).strip()


def has_letter(text: str) -> bool:
    """Whether there is anything to say in `text`."""
    return any(map(str.isalpha, text))


def _split_fractions(text: str) -> str:
    parts = []
    for i, char in enumerate(text):
        if unicodedata.decomposition(char).startswith("<fraction>"):
            parts.append(" " if i and text[i - 1].isdecimal() else "")
        parts.append(char)
    return "".join(parts)


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char in KEPT:
        return char
    if char in MARKS:
        return ""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    kind = unicodedata.category(char)
    if kind in {"Cf", "Me", "Cn", "Co", "Cs"} or _is_selector(char):
        return ""
    if kind == "Cc":
        return " "
    return unicodedata.normalize("NFKC", char)


def _is_selector(char: str) -> bool:
    """Variation selectors are combining marks by category, but nothing to be said."""
    return "VARIATION SELECTOR" in unicodedata.name(char, "")


def _let_through(text: str) -> str:
    kept = " "
    for i, char in enumerate(text):
        spoken = kept[-1].isalpha() or _is_mark(kept[-1])
        if _is_mark(char):
            kept += char if spoken else ""
        elif char == "'":
            kept += char if spoken and text[i + 1 : i + 2].isalpha() else ""
        elif char.isalpha() and char not in KEPT:
            kept += char
        else:
            kept += char if char in CLOSING else SPACE_FOR.get(char, " ")
    return kept


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Mc"}


def _one_mark(chunk: str) -> str:
    marks = "".join(chunk.split())
    if not marks:
        return " "
    for mark in "?!":
        if mark in marks:
            return f"{mark} "
    return f"{ELLIPSIS if ELLIPSIS in marks or '..' in marks else marks[-1]} "
