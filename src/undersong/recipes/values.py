"""Reading single values that makers write, in YAML and in script marks alike."""

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Final

from undersong.errors import nearest
from undersong.recipes.names import composed
from undersong.units import parse_seconds

NUMBER: Final = r"[0-9]+(\.[0-9]+)?"

TIME_PATTERN: Final = (
    rf"^\s*({NUMBER}|([0-9]+:)?[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]+)?"
    rf"|(?=[0-9])({NUMBER}\s*[hH])?\s*({NUMBER}\s*[mM])?\s*({NUMBER}\s*[sS])?"
    r"\s*([0-9]+\s*[mM][sS])?)\s*$"
)
"""What `units.parse_seconds` reads, as a pattern that editors understand too."""

TIME_FORMS: Final = "written 4s, 1.5s, 500ms, 2m30s or 3:00"

LANGUAGE_FORMS: Final = "a BCP 47 tag such as en-US, de or fr-CA"

# language, script, region or area code: the part of BCP 47 that voices use
LANGUAGE_PATTERN: Final = r"^([A-Za-z]{2,3})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"

_MINUS: Final = ("-", "\u2212", "\u2013")  # hyphen, minus sign, en dash
_DIGITS_MAX: Final = 12


_limit = cache(parse_seconds)  # few limits, read again and again


class WrongValueError(ValueError):
    """A value that a maker wrote is not what it should be.

    Raised by readers of single values; whoever knows the place turns it into a `Fault`.
    """

    def __init__(self, message: str, *, legal: str | None = None, near: str | None = None) -> None:
        """Keep what is wrong, what is legal, and the nearest legal name."""
        super().__init__(message)
        self.message = message
        self.legal = legal
        self.near = near


def read_time(text: str, low: str, high: str, *, legal: str | None = None) -> Fraction:
    """Return exact seconds.

    Args:
        text: as written.
        low: the shortest time, written as makers do.
        high: the longest, likewise.
        legal: the range in words, when it is more than those two.

    Raises:
        WrongValueError: not a time, negative, or out of range.
    """
    legal = legal or f"{low} to {high}"
    bare = text.strip()
    if bare.startswith(_MINUS):
        message = "a time cannot be negative"
        raise WrongValueError(message, legal=legal)
    if not re.match(TIME_PATTERN, bare):
        message = "this is not a time"
        raise WrongValueError(message, legal=f"{legal}, {TIME_FORMS}")
    seconds = parse_seconds(bare) if len(bare) < 4 * _DIGITS_MAX else Fraction(10**_DIGITS_MAX)
    if not _limit(low) <= seconds <= _limit(high):
        message = "this time is out of range"
        raise WrongValueError(message, legal=legal)
    return seconds


def read_number(text: str, low: float, high: float, unit: str, *, what: str) -> float:
    """Return a number with or without its unit, `15 LU` or `15`.

    Raises:
        WrongValueError: not a number with this unit, or out of [low, high].
    """
    legal = f"{low:g} to {high:g}{unit and ' ' + unit}"
    found = re.fullmatch(
        rf"([+\-\u2212]?{NUMBER})\s*(?:{re.escape(unit)})?", text.strip(), re.IGNORECASE
    )
    if found is None:
        message = f"this is not {what}"
        raise WrongValueError(message, legal=legal)
    number = float(found[1].replace("\u2212", "-"))
    if not low <= number <= high:
        message = f"this is out of range for {what}"
        raise WrongValueError(message, legal=legal)
    return number


def read_name(name: str, what: str, known: Iterable[str]) -> str:
    """Return `name`, composed, when it is known.

    Raises:
        WrongValueError: with all known names and the nearest one.
    """
    listed, name = tuple(known), composed(name)
    if name in listed:
        return name
    message = f"there is no {what} of this name"
    legal = ", ".join(listed) or f"no {what} is here yet"
    raise WrongValueError(message, legal=legal, near=nearest(name.lower(), listed))


def read_language(text: str) -> str:
    """Return a BCP 47 tag in its usual case, `en-US`.

    Raises:
        WrongValueError: not such a tag.
    """
    found = re.match(LANGUAGE_PATTERN, text.strip())
    if found is None:
        message = "this is not a language tag"
        raise WrongValueError(message, legal=LANGUAGE_FORMS)
    language, script, region, _ = found.groups()
    return language.lower() + (script or "").title() + (region or "").upper()
