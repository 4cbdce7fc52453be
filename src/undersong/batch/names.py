"""What the names in recipes mean: a file of the library, or of the starter library behind it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from undersong.errors import UnknownNameError
from undersong.recipes.library import Library

_KINDS: Final[Mapping[str, Callable[[Library, str], Path | None]]] = {
    "voice": Library.voice_file,
    "bed": Library.bed_file,
    "sound": Library.sound_file,
}


def path_of(name: str, library: Library) -> str:
    """Return the path that a name such as `voice:shore` means now; "" when it means none."""
    kind, _, rest = name.partition(":")
    try:
        return str(_KINDS[kind](library, rest) or "")
    except UnknownNameError:
        return ""
