"""Ambience generators and cue makers by name."""

from functools import cache
from typing import Final

from undersong.ambience.contract import CueMaker, Generator
from undersong.errors import AmbienceError
from undersong.plugins import PlugIns

GENERATORS: Final = PlugIns(
    group="undersong.ambience", word="ambience generator", error=AmbienceError
)
CUES: Final = PlugIns(group="undersong.cues", word="cue", error=AmbienceError)


def generator_names() -> tuple[str, ...]:
    """Return the names of all generators that are installed, sorted; none of them is loaded."""
    return GENERATORS.names()


@cache
def generator_class(name: str) -> type[Generator]:
    """Return a generator by name, loading its module at the first call.

    Raises:
        UnknownNameError: no generator of that name is installed.
        AmbienceError: it is installed but cannot be loaded.
    """
    found: type[Generator] = GENERATORS.load(name)
    return found


def cue_names() -> tuple[str, ...]:
    """Return the names of all cue makers that are installed, sorted; none of them is loaded."""
    return CUES.names()


@cache
def cue_class(name: str) -> type[CueMaker]:
    """Return a cue maker by name, loading its module at the first call.

    Raises:
        UnknownNameError: no cue maker of that name is installed.
        AmbienceError: it is installed but cannot be loaded.
    """
    found: type[CueMaker] = CUES.load(name)
    return found
