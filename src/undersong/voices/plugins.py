"""Voice engines by name: ours and strangers' come in through the same door."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from undersong.errors import UnknownNameError, VoiceError
from undersong.voices.contract import Engine

GROUP: Final = "undersong.voices"
"""The entry-point group under which engines register."""


def engine_names() -> tuple[str, ...]:
    """Return the names of all engines that are installed, sorted; none of them is loaded."""
    return tuple(sorted(_found()))


@cache
def engine_class(name: str) -> type[Engine]:
    """Return an engine by name, loading its module at the first call.

    Raises:
        UnknownNameError: no engine of that name is installed.
        VoiceError: it is installed but cannot be loaded.
    """
    point = _found().get(name)
    if point is None:
        raise UnknownNameError("voice engine", name, engine_names())
    try:
        loaded: type[Engine] = point.load()
    except (ImportError, AttributeError) as error:
        raise VoiceError(
            f"the voice engine `{name}` is installed but cannot be loaded: {error}",
            hint=f"it comes from {point.value}; install what it needs, or remove it",
        ) from error
    return loaded


@cache
def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
