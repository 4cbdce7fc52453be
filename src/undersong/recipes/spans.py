"""Marks that follow text in parentheses: `(Qi)[sub:"chee"]`, `(slowly)[rate:"slow"; lang:"en-GB"]`.

Some say how words are said (substitute, pronunciation, emphasis); others rule a whole utterance
(rate, language, voice), which such a span then is.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.errors import nearest
from undersong.recipes.brackets import Piece, Reading, unquoted
from undersong.recipes.marks import SPANS, STANDING
from undersong.recipes.values import (
    WrongValueError,
    read_language,
    read_name,
    read_number,
)

EMPHASES: Final = ("strong", "moderate", "reduced", "none")

RATES: Final[Mapping[str, float]] = {
    "x-slow": 0.6,
    "slow": 0.8,
    "medium": 1.0,
    "fast": 1.2,
    "x-fast": 1.4,
}
"""Speech Markdown's names of speeds, relative to the voice's own."""

_NAMED: Final = re.compile(r"([A-Za-z][\w-]*)\s*(?::\s*(.*))?", re.DOTALL)
_IPA: Final = re.compile(r"/([^/]*)/")


class Manner(Struct, frozen=True, kw_only=True):
    """What holds for a whole utterance."""

    language: str
    rate: float = 1.0
    voice: str | None = None


class Spoken(Struct, frozen=True, kw_only=True):
    """What is said in place of a marked span; `at` tells spans apart.

    Attributes:
        sub: other words, or None.
        ipa: pronunciation, or None.
    """

    at: int
    sub: str | None = None
    ipa: str | None = None


class Style(Struct, frozen=True, kw_only=True):
    """How a stretch of text is said."""

    manner: Manner
    spoken: Spoken | None = None
    emphasis: str | None = None


def read_spans(reading: Reading, inside: Piece, style: Style) -> Style:
    """Return the style that a mark gives to its text, after noting what is wrong with it.

    Args:
        reading: where faults are noted.
        inside: what stands between the brackets.
        style: of the text around.
    """
    if style.spoken is not None:
        message = "these words are within a substitute or pronunciation already"
        reading.fault(inside.at - 1, message, seen=f"[{inside.text}]")
        return style
    given: set[str] = set()
    for part in inside.split(";"):
        style = _read_span(reading, part, style, given)
    if not inside.text.strip():
        reading.fault(inside.at - 1, "an empty mark", legal=_KNOWN)
    return style


def _read_span(reading: Reading, part: Piece, style: Style, given: set[str]) -> Style:
    ipa = _IPA.fullmatch(part.text)
    named = _NAMED.fullmatch(part.text)
    name = "ipa" if ipa else named[1].lower() if named else ""
    if name not in _READERS:
        near = nearest(name, (*SPANS, *STANDING))
        seen = f"[{part.text}]"
        reading.fault(part.at, "unknown mark", seen=seen, legal=_KNOWN, near=near)
        return style
    if name in given:
        reading.fault(part.at, f"`{name}` is here twice")
        return style
    given.add(name)
    value = ipa[1] if ipa else (named and named[2]) or ""
    try:
        return _READERS[name](reading, style, _value(name, value), part.at)
    except WrongValueError as error:
        reading.wrong(part.at, part.text, error)
        return style


def _value(name: str, text: str) -> str:
    if name == "emphasis" and not text:
        return "moderate"  # Speech Markdown's meaning of a bare `[emphasis]`
    return unquoted(text)


def _sub(reading: Reading, style: Style, value: str, at: int) -> Style:  # noqa: ARG001 - as the others
    if not any(sign.isalnum() for sign in value):
        message = "this substitute has no words"
        raise WrongValueError(message)
    return _spoken(style, Spoken(at=at, sub=value))


def _ipa(reading: Reading, style: Style, value: str, at: int) -> Style:  # noqa: ARG001 - as the others
    return _spoken(style, Spoken(at=at, ipa=value.strip("/")))


def _spoken(style: Style, spoken: Spoken) -> Style:
    if style.spoken is not None:
        message = "words have a substitute or a pronunciation, not both"
        raise WrongValueError(message)
    return replace(style, spoken=spoken)


def _rate(reading: Reading, style: Style, value: str, at: int) -> Style:  # noqa: ARG001 - as the others
    legal = f"{', '.join(RATES)}, or 50% to 200%"
    try:
        rate = RATES.get(value.lower()) or _percent(value) / 100
    except WrongValueError as error:
        near = nearest(value.lower(), RATES)
        raise WrongValueError(error.message, legal=legal, near=near) from None
    return replace(style, manner=replace(style.manner, rate=rate))


def _percent(value: str) -> float:
    if not value.endswith("%"):
        message = "this is not a rate"
        raise WrongValueError(message)
    return read_number(value, 50, 200, "%", what="a rate")


def _emphasis(reading: Reading, style: Style, value: str, at: int) -> Style:  # noqa: ARG001 - as the others
    return replace(style, emphasis=read_name(value.lower(), "emphasis", EMPHASES))


def _lang(reading: Reading, style: Style, value: str, at: int) -> Style:  # noqa: ARG001 - as the others
    return replace(style, manner=replace(style.manner, language=read_language(value)))


def _voice(reading: Reading, style: Style, value: str, at: int) -> Style:  # noqa: ARG001 - as the others
    voice = read_name(value, "voice", reading.names.voices)
    return replace(style, manner=replace(style.manner, voice=voice))


_READERS: Final[Mapping[str, Callable[[Reading, Style, str, int], Style]]] = {
    "sub": _sub,
    "ipa": _ipa,
    "rate": _rate,
    "emphasis": _emphasis,
    "lang": _lang,
    "voice": _voice,
}

_KNOWN: Final = ", ".join(f'[{name}:"…"]' for name in SPANS) + ", [/ipa/]"
