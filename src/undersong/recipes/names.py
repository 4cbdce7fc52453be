"""Names that a recipe may use: what a library offers, and what is safe as a file stem."""

import re
import unicodedata
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.files import digest_bytes

_SAFE: Final = re.compile(r"[^\W_][\w .+-]{0,98}[\w+]|[^\W_]")

SAFE_WORDS: Final = "letters, digits, spaces and . _ - + inside, at most 100 characters"
"""What a safe name is made of, in words."""

_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)
"""Letters that Unicode does not take apart into a Latin one and its mark."""

_APOSTROPHES: Final = re.compile("['\u2019\u02bc]")
_DIGEST_LETTERS: Final = 8


class Names(Struct, frozen=True, kw_only=True):
    """What a library offers to recipes. Not: the files themselves, nor whether they are right.

    Attributes:
        voices: names of voice files; `beds` of bed files.
        sounds: cue makers such as `bell`, and sound files with their suffix.
        folder: of the file that is being read; pictures are looked for from here.
    """

    voices: tuple[str, ...]
    beds: tuple[str, ...]
    sounds: tuple[str, ...]
    folder: Path


def is_safe(name: str) -> bool:
    """Tell whether a name can be a file stem: no separator, no `..`, nothing hidden."""
    return _SAFE.fullmatch(composed(name)) is not None and ".." not in name


def composed(name: str) -> str:
    """Return a name with its letters and accents as one: some disks and keyboards part them."""
    return unicodedata.normalize("NFC", name)


def slug(text: str) -> str:
    """Return `text` as a name of lower-case ASCII letters, digits and single hyphens.

    Letters of other scripts, and text without any letter, are told apart by a digest.
    """
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    bare = _APOSTROPHES.sub("", "".join(c for c in plain if not unicodedata.combining(c)))
    words = re.findall(r"[a-z0-9]+", bare)
    if not words or re.search(r"[^\W_]", re.sub(r"[a-z0-9]", "", bare)):
        letters = " ".join(re.findall(r"\w+", bare)) or text
        words.append("x" + digest_bytes(letters.encode())[:_DIGEST_LETTERS])
    return "-".join(words)
