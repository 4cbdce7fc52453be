"""File names that every host and app takes: short, ASCII, without spaces; and media types."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from undersong.files import digest_bytes

HASH_DIGITS: Final = 12
"""Hex digits of content in a name: 48 bits tell a show's files apart."""

_STEM_MAX: Final = 80


class Form(Struct, frozen=True, kw_only=True):
    """A sound format as feeds name it.

    Attributes:
        enclosure: podcast apps take it as the main file (Apple: MP3 and AAC only).
        codecs: RFC 6381, where the type alone does not say it.
    """

    mime: str
    suffix: str
    enclosure: bool
    title: str
    codecs: str = ""


FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "mp3": Form(mime="audio/mpeg", suffix=".mp3", enclosure=True, title="MP3"),
        "m4a": Form(mime="audio/x-m4a", suffix=".m4a", enclosure=True, title="AAC"),
        "opus": Form(
            mime="audio/ogg", suffix=".opus", enclosure=False, title="Opus", codecs="opus"
        ),
        "flac": Form(mime="audio/flac", suffix=".flac", enclosure=False, title="FLAC, lossless"),
        "wav": Form(mime="audio/wav", suffix=".wav", enclosure=False, title="WAV, lossless"),
    }
)
"""By Undersong's name of the format, the best enclosure first."""


def stem_of(slug: str) -> str:
    """Return an ASCII file stem for a slug; two slugs never share one.

    A slug that is plain already stays as it is; any other is folded and gets digits of its own.
    """
    flat = unicodedata.normalize("NFKD", slug).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", flat).strip("-")[:_STEM_MAX].strip("-")
    if stem == slug:
        return stem
    return f"{stem or 'track'}-{digest_bytes(slug.encode())[:8]}"


def hashed(stem: str, sha256: str, suffix: str) -> str:
    """Return a name that changes with the content."""
    return f"{stem}-{sha256[:HASH_DIGITS]}{suffix}"


def page_path(slug: str) -> str:
    """Return where the web page of an episode lies, below the show's folder."""
    return f"episodes/{stem_of(slug)}.html"
