"""The languages that our pages speak: a TOML file each in `words/`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from undersong.publish.site.model import Words

FOLDER: Final = Path(__file__).parent / "words"
USUAL: Final = "en"
"""Spoken where a show's own language has no file."""

_RIGHT_TO_LEFT: Final = frozenset(
    ("ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
)
"""Languages whose usual script runs from right to left (CLDR, `characterOrder`)."""


def direction_of(language: str) -> str:
    """Return `rtl` or `ltr` for a language tag."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


@cache
def words_for(language: str) -> Words:
    """Return what pages say in a language, or in English where we do not speak it."""
    name = language.partition("-")[0].lower()
    file = FOLDER / f"{name}.toml"
    known = file if file.is_file() else FOLDER / f"{USUAL}.toml"
    read = tomllib.loads(known.read_text(encoding="utf-8"))
    return Words(
        language=language if known == file else USUAL,
        direction=direction_of(known.stem),
        months=tuple(read["months"]),
        page=read["page"],
        script=read["script"],
    )
