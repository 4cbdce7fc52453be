"""Sizes as people write them, and the size that the cache may have."""

import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from undersong.errors import OutputError

LIMIT_VARIABLE: Final = "UNDERSONG_CACHE_LIMIT"
LIMIT_BYTES: Final = 20 * 10**9
"""About 115 hours of speech at 24 kHz and 16 bit."""

_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
    | {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
)
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Return bytes of a size such as `500 MB`, `2.5GB` or `1 GiB`.

    Raises:
        ValueError: it is none.
    """
    found = _SIZE.fullmatch(text)
    unit = _UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        msg = f"`{text}` is no size; legal: a number and kB, MB, GB or TB, such as `20 GB`"
        raise ValueError(msg)
    return round(float(found[1]) * unit)


def format_size(size_bytes: int) -> str:
    """Return a size for people: three digits at most, decimal units."""
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:  # noqa: PLR2004 - the next unit begins there
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"  # noqa: PLR2004 - three digits


def cache_limit() -> int:
    """Return how large the cache may grow, in bytes: $UNDERSONG_CACHE_LIMIT or LIMIT_BYTES.

    Raises:
        OutputError: the variable holds no size.
    """
    text = os.environ.get(LIMIT_VARIABLE, "")
    try:
        return parse_size(text) if text.strip() else LIMIT_BYTES
    except ValueError as error:
        raise OutputError(f"${LIMIT_VARIABLE}: {error}") from error
