"""Plug-ins by name: ours and strangers' come in through the same door, loaded when asked for."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from msgspec import Struct

from undersong.errors import UndersongError, UnknownNameError


class PlugIns(Struct, frozen=True, kw_only=True):
    """One kind of plug-in.

    Attributes:
        group: the entry-point group under which they register.
        word: what one of them is called.
        error: what is raised when one cannot be loaded.
    """

    group: str
    word: str
    error: type[UndersongError]

    def names(self) -> tuple[str, ...]:
        """Return the names of all that are installed, sorted; none of them is loaded."""
        return installed(self.group)

    def load(self, name: str) -> Any:  # noqa: ANN401 - a class, of the group's contract
        """Return one by name, importing its module at the first call.

        Raises:
            UnknownNameError: none of that name is installed.
            UndersongError: of the kind `error`; it is installed but cannot be loaded.
        """
        point = _found(self.group).get(name)
        if point is None:
            raise UnknownNameError(self.word, name, self.names())
        try:
            return point.load()
        except (ImportError, AttributeError) as error:
            raise self.error(
                f"the {self.word} `{name}` is installed but cannot be loaded: {error}",
                hint=f"it comes from {point.value}; install what it needs, or remove it",
            ) from error


def installed(group: str) -> tuple[str, ...]:
    """Return the names registered under an entry-point group, sorted; nothing is loaded."""
    return tuple(sorted(_found(group)))


@cache
def _found(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in _points().select(group=group)}


@cache
def _points() -> Any:  # noqa: ANN401 - another class from Python 3.12 on
    """Return all that is registered by anybody: every package is looked at once."""
    return entry_points()
