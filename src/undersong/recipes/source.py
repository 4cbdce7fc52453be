"""The text of a file a maker wrote, and the place of every character in it."""

import re
from bisect import bisect_right
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.errors import Fault, FaultsError
from undersong.recipes.model import Position

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
"""Characters that are not text: C0 without tab and line feed, DEL, C1, non-characters."""

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Source(Struct, frozen=True, kw_only=True):
    """A file's text: one line feed per line end, no byte order mark, control characters blanked.

    An offset counts characters of `text` from 0; `position` turns it into line and column of
    the file, which neither line ends nor a byte order mark shift.

    Attributes:
        file: path as given, for messages.
        starts: offset of the first character of each line.
        faults: control characters that were found, one fault per run.
    """

    file: str
    text: str
    starts: tuple[int, ...]
    faults: tuple[Fault, ...] = ()

    def position(self, offset: int) -> Position:
        """Return line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return Position(line=line, column=offset - self.starts[line - 1] + 1)

    def fault(
        self,
        offset: int,
        message: str,
        *,
        seen: str | None = None,
        legal: str | None = None,
        nearest: str | None = None,
    ) -> Fault:
        """Return a fault at an offset."""
        place = self.position(offset)
        return Fault(
            file=self.file,
            line=place.line,
            column=place.column,
            message=message,
            seen=None if seen is None else brief(seen),
            legal=legal,
            nearest=nearest,
        )


def read_source(path: Path) -> Source:
    """Read a text file.

    Raises:
        FaultsError: missing, unreadable or not UTF-8.
    """
    return make_source(str(path), _decode(str(path), _read(path)))


def make_source(file: str, text: str) -> Source:
    """Make a source of text that is already in memory."""
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    starts = (0, *(match.end() for match in re.finditer("\n", clean)))
    blank = Source(file=file, text=_CONTROL.sub(" ", clean), starts=starts)
    faults = tuple(
        blank.fault(
            run.start(),
            "a control character, which is not text",
            seen=f"U+{ord(run[0][0]):04X}",
            legal="letters, signs, spaces, tabs and line ends",
        )
        for run in re.finditer(f"{_CONTROL.pattern}+", clean)
    )
    return Source(file=file, text=blank.text, starts=starts, faults=faults)


def brief(text: str, limit: int = 60) -> str:
    """Return the first line of `text`, cut to `limit` characters, for a message."""
    line = text.strip().partition("\n")[0].rstrip()
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    return cut if cut == text.strip() or cut.endswith("…") else cut + " …"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        reason = "there is no such file"
    except IsADirectoryError:
        reason = "this is a folder, not a file"
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    raise FaultsError([Fault(file=str(path), message=reason)])


def _decode(file: str, content: bytes) -> str:
    if content.startswith(_UTF16):
        fault = Fault(file=file, line=1, column=1, message="this is UTF-16", legal="UTF-8")
        raise FaultsError([fault], hint="save the file as UTF-8")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        good = make_source(file, content[: error.start].decode())
        byte = f"byte 0x{content[error.start]:02X}"
    fault = good.fault(len(good.text), "this is not UTF-8", seen=byte, legal="UTF-8")
    raise FaultsError([fault], hint="save the file as UTF-8")
