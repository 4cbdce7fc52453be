"""Names that a recipe may use: what a library offers, and what is safe as a file stem."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SAFE: Final = re.compile(r"[^\W_][\w .+-]{0,98}[\w+]|[^\W_]")

SAFE_WORDS: Final = "letters, digits, spaces and . _ - + inside, at most 100 characters"
"""What a safe name is made of, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
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
    return _SAFE.fullmatch(name) is not None and ".." not in name
