"""How a command ends badly: every failure becomes one of our errors, told to people or machines."""

from pathlib import Path
from typing import Any, Final

import typer

from undersong.cli.screen import complain, print_json
from undersong.errors import OutputError, UndersongError, UsageError

WRONG_USAGE: Final[Any] = typer.BadParameter.__mro__[2]
"""Root of what the command line itself refuses: click's, or that of typer's own copy of click."""


class InternalError(UndersongError):
    """A mistake of ours."""

    def __init__(self, error: Exception) -> None:
        """Name what was raised."""
        super().__init__(
            f"Internal error: {type(error).__name__}: {error}",
            hint="This is our mistake, not yours. Run again with --debug to see where.",
        )


def report(error: UndersongError, *, as_json: bool) -> int:
    """Tell of a failure and return its exit code.

    Args:
        error: what went wrong.
        as_json: print it to standard output as one JSON object, `error` or `faults`.
    """
    if as_json:
        print_json(error.as_json())
    else:
        complain(error)
    return error.exit_code


def of_usage(wrong: Any) -> UsageError:  # noqa: ANN401 - click's, or that of typer's own copy
    """Return what the command line refused as an error of ours."""
    return UsageError(wrong.format_message())


def of_system(error: OSError) -> OutputError:
    """Return what the operating system refused, with the file or folder it was about."""
    why = error.strerror or str(error)
    if error.filename is None:
        return OutputError(f"the system refused: {why}")
    path = str(error.filename)
    return OutputError(f"cannot use {path}: {why}", hint=_hint(Path(path).absolute()))


def _hint(path: Path) -> str:
    from undersong.voices.takes import default_cache

    if path.is_relative_to(default_cache().absolute()):
        return "it is in the cache: delete what is in the way, or name another in $UNDERSONG_CACHE"
    return "is it what it should be, may you use it, is its name short enough (255 bytes)?"
