"""The error tree: every way a maker's work can fail, each kind with its exit code.

Errors carry plain sentences. `message` says what is wrong, `hint` what would help. The CLI
prints both and exits with the `exit_code` of the class; a traceback appears only with `--debug`.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import asdict


class Fault(Struct, frozen=True, kw_only=True):
    """One thing wrong in one file, with everything needed to mend it.

    Attributes:
        file: path as the maker would type it.
        line: 1-based, or None when the whole file is meant.
        column: 1-based, counted in characters, or None.
        message: what is wrong, without place or value.
        seen: the value found, as written.
        legal: the legal values or range, in words.
        nearest: the nearest legal name ("did you mean").
    """

    file: str
    line: int | None = None
    column: int | None = None
    message: str
    seen: str | None = None
    legal: str | None = None
    nearest: str | None = None

    @property
    def place(self) -> str:
        """`file:line:column`, as editors and terminals link it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)

    def __str__(self) -> str:
        """One line: place, message, value seen, legal range, nearest name."""
        text = f"{self.place}: {self.message}"
        if self.seen is not None:
            text += f" (seen: {self.seen})"
        if self.legal is not None:
            text += f"; legal: {self.legal}"
        if self.nearest is not None:
            text += f"; did you mean `{self.nearest}`?"
        return text


class UndersongError(Exception):
    """Root of the tree. Never raised itself."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep the message, and a hint that says what would help."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_json(self) -> dict[str, Any]:
        """Return the failure as plain values: `error` with kind, message, hint and exit code."""
        words = re.findall("[A-Z][a-z]+", type(self).__name__.removesuffix("Error"))
        return {
            "error": {
                "kind": " ".join(words).lower(),
                "message": self.message,
                "hint": self.hint,
                "exit_code": self.exit_code,
            }
        }


class UsageError(UndersongError):
    """A command was given words that it cannot take."""

    exit_code = 2


class FaultsError(UndersongError):
    """Files a maker wrote hold faults: all of them, found in one go."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault], *, hint: str | None = None) -> None:
        """Take every fault found; the message lists them one per line, in file order."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults), hint=hint)

    def as_json(self) -> dict[str, Any]:
        """Return the failure as plain values: `faults`, each with all fields of a `Fault`."""
        return {"faults": [asdict(fault) for fault in self.faults]}


class UnknownNameError(UndersongError):
    """A recipe, voice, bed, engine or profile was asked for that does not exist."""

    exit_code = 3

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Say what kind of thing was missing and offer the nearest known name."""
        names = sorted(known)
        near = nearest(name, names)
        super().__init__(
            f"no {kind} called `{name}`",
            hint=(f"did you mean `{near}`? " if near else "")
            + (f"known: {', '.join(names)}" if names else f"there is no {kind} here yet"),
        )


class VoiceError(UndersongError):
    """Narration could not be made completely; the track is not built."""

    exit_code = 4


class AmbienceError(UndersongError):
    """A bed or a cue could not be made."""

    exit_code = 5


class AudioFileError(UndersongError):
    """A sound or picture file that we were given is missing, damaged or of no known format."""

    exit_code = 5


class LoudnessError(UndersongError):
    """The loudness target or the true-peak ceiling cannot be met."""

    exit_code = 6


class OutputError(UndersongError):
    """A result could not be written: no space, no permission, no such folder."""

    exit_code = 7


class PublishError(UndersongError):
    """A show cannot go out: it would break subscribers, or its target does not play along."""

    exit_code = 8


class FarmError(UndersongError):
    """A farm, or the store that its workers share, cannot be reached or used."""

    exit_code = 9


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, or None when nothing comes near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
