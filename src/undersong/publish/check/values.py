"""What a value in a feed may be: one predicate for each kind."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from undersong.publish.fields import address_fault
from undersong.publish.languages import is_language

Test = Callable[[str], bool]

_PLAIN_HTTP: Final = "plain http is not safe for subscribers"
_DATE: Final = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"[0-2]\d:[0-5]\d(?::[0-5]\d)? (?:[+-]\d{4}|GMT|UT|UTC|EST|EDT|CST|CDT|MST|MDT|PST|PDT)"
)
_GUID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SRI: Final = re.compile(
    r"sha(?:256-[A-Za-z0-9+/]{43}=|384-[A-Za-z0-9+/]{64}|512-[A-Za-z0-9+/]{86}==)"
)
_RRULE: Final = re.compile(r"(?:[A-Z]+=[^;=\s]+;)*FREQ=[A-Z]+(?:;[A-Z]+=[^;=\s]+)*")


def anything(text: str) -> bool:
    """Some text."""
    return bool(text.strip())


def upto(limit: int) -> Test:
    """Some text of at most `limit` characters."""
    return lambda text: 0 < len(text.strip()) <= limit


def bytes_upto(limit: int) -> Test:
    """Some text of at most `limit` bytes of UTF-8."""
    return lambda text: bool(text.strip()) and len(text.encode()) <= limit


def one_of(*words: str) -> Test:
    """One of these words, letter for letter."""
    known = frozenset(words)
    return lambda text: text in known


def is_whole(text: str) -> bool:
    """A whole number from 1, in plain digits."""
    return re.fullmatch(r"0*[1-9][0-9]{0,17}", text) is not None


def is_seconds(text: str) -> bool:
    """Seconds from 0, decimals allowed."""
    return re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text) is not None


def is_decimal(text: str) -> bool:
    """A number from 0, decimals allowed: podcast:episode may be 2.5."""
    return is_seconds(text)


def is_address(text: str) -> bool:
    """An absolute http(s) address in ASCII, without a name or password in it."""
    return address_fault(text) in {None, _PLAIN_HTTP}


def is_secure(text: str) -> bool:
    """An address that is not plain http, but for loopback."""
    return address_fault(text) != _PLAIN_HTTP


def is_guid(text: str) -> bool:
    """A UUID of version 5, as the podcast namespace wants it."""
    return _GUID.fullmatch(text) is not None


def is_tongue(text: str) -> bool:
    """A language code with or without region."""
    return is_language(text)


def read_date(text: str) -> datetime | None:
    """Return the moment of an RFC 2822 date whose weekday agrees; None for anything else."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if found[1] is not None and _DAYS[moment.weekday()] != found[1]:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_date(text: str) -> bool:
    """An RFC 2822 date whose weekday agrees."""
    return read_date(text) is not None


def is_moment(text: str) -> bool:
    """A moment of ISO 8601, as Python reads it."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_integrity(text: str) -> bool:
    """A subresource integrity digest."""
    return _SRI.fullmatch(text) is not None


def is_rrule(text: str) -> bool:
    """A recurrence rule of RFC 5545."""
    return _RRULE.fullmatch(text) is not None


def is_geo(text: str) -> bool:
    """A geo URI of RFC 5870."""
    return re.fullmatch(r"geo:-?[0-9.]+,-?[0-9.]+(?:,-?[0-9.]+)?(?:;.*)?", text) is not None


def duration_s(text: str) -> int | None:
    """Return seconds of `600`, `10:00` or `0:10:00`; None for anything else."""
    parts = text.split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):  # noqa: PLR2004 - h, m, s
        return None
    if any(len(part) > 9 for part in parts):  # noqa: PLR2004 - no duration is that long
        return None
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds


def is_duration(text: str) -> bool:
    """Seconds, or hours, minutes and seconds with colons."""
    return duration_s(text) is not None
