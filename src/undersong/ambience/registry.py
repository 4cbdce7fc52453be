"""Ambience generators and cue makers by name: ours and strangers' come in through the same door."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from undersong.ambience.contract import CueMaker, Generator
from undersong.errors import AmbienceError, UnknownNameError

GENERATORS: Final = "undersong.ambience"
CUES: Final = "undersong.cues"
"""The entry-point groups under which makers of sound register."""

_WORDS: Final = {GENERATORS: "ambience generator", CUES: "cue"}


def generator_names() -> tuple[str, ...]:
    """Return the names of all generators that are installed, sorted; none of them is loaded."""
    return tuple(sorted(_found(GENERATORS)))


def generator_class(name: str) -> type[Generator]:
    """Return a generator by name, loading its module at the first call.

    Raises:
        UnknownNameError: no generator of that name is installed.
        AmbienceError: it is installed but cannot be loaded.
    """
    found: type[Generator] = _loaded(GENERATORS, name)
    return found


def cue_names() -> tuple[str, ...]:
    """Return the names of all cue makers that are installed, sorted; none of them is loaded."""
    return tuple(sorted(_found(CUES)))


def cue_class(name: str) -> type[CueMaker]:
    """Return a cue maker by name, loading its module at the first call.

    Raises:
        UnknownNameError: no cue maker of that name is installed.
        AmbienceError: it is installed but cannot be loaded.
    """
    found: type[CueMaker] = _loaded(CUES, name)
    return found


@cache
def _loaded(group: str, name: str) -> Any:  # noqa: ANN401 - a class, of the group's contract
    point = _found(group).get(name)
    if point is None:
        raise UnknownNameError(_WORDS[group], name, _found(group))
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise AmbienceError(
            f"the {_WORDS[group]} `{name}` is installed but cannot be loaded: {error}",
            hint=f"it comes from {point.value}; install what it needs, or remove it",
        ) from error


@cache
def _found(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}
