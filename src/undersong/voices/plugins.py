"""Voice engines by name."""

from functools import cache
from typing import Final

from undersong.errors import VoiceError
from undersong.plugins import PlugIns
from undersong.voices.contract import Engine

ENGINES: Final = PlugIns(group="undersong.voices", word="voice engine", error=VoiceError)


def engine_names() -> tuple[str, ...]:
    """Return the names of all engines that are installed, sorted; none of them is loaded."""
    return ENGINES.names()


@cache
def engine_class(name: str) -> type[Engine]:
    """Return an engine by name, loading its module at the first call.

    Raises:
        UnknownNameError: no engine of that name is installed.
        VoiceError: it is installed but cannot be loaded.
    """
    loaded: type[Engine] = ENGINES.load(name)
    return loaded
