"""JSON files of our own, read strictly: every fault with its file and place."""

import json
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError

from undersong.errors import Fault, FaultsError
from undersong.files import plain

R = TypeVar("R")

RECORD_MAX_BYTES: Final = 64_000_000
"""No record of ours comes near this; what is larger is not one."""


def one_line(text: str) -> str:
    """Return text that XML can hold, white space collapsed.

    Raises:
        ValueError: it is empty, longer than 255 characters (PSP-1), or holds control characters.
    """
    line = " ".join(sound_text(text).split())
    if not line or len(line) > 255:  # noqa: PLR2004 - PSP-1: other node values
        msg = f"1 to 255 characters, not {len(line)}"
        raise ValueError(msg)
    return line


def sound_text(text: str) -> str:
    """Return `text` if XML 1.0 (section 2.2, Char) can hold it.

    Raises:
        ValueError: a character that it cannot hold, by its code.
    """
    for sign in text:
        if not is_xml(sign):
            msg = f"U+{ord(sign):04X} is not text, and no feed can hold it"
            raise ValueError(msg)
    return text


def is_xml(sign: str) -> bool:
    """Whether one character is a Char of XML 1.0 and no C1 control."""
    code = ord(sign)
    return (
        sign in "\t\n\r"
        or 0x20 <= code < 0x7F  # noqa: PLR2004 - code points stand as in the standard
        or 0xA0 <= code <= 0xD7FF  # noqa: PLR2004
        or 0xE000 <= code <= 0xFFFD  # noqa: PLR2004
        or code >= 0x10000  # noqa: PLR2004
    )


def plain_name(name: str) -> str:
    """Return a file name that stays in its folder.

    Raises:
        ValueError: it leads elsewhere, or is hidden.
    """
    if not name or name.startswith(".") or any(sign in name for sign in '/\\:\0"'):
        msg = "a plain file name without folders"
        raise ValueError(msg)
    return sound_text(name)


def piece_path(path: str) -> str:
    """Return a path that stays below the show's folder.

    Raises:
        ValueError: it leads elsewhere, or to something hidden.
    """
    for name in path.split("/"):
        plain_name(name)
    return path


Line = Annotated[str, AfterValidator(one_line)]
Prose = Annotated[str, AfterValidator(sound_text)]
FileName = Annotated[str, AfterValidator(plain_name)]
PiecePath = Annotated[str, AfterValidator(piece_path)]


def read_record(path: Path, reader: TypeAdapter[R]) -> R:
    """Read a JSON file.

    Raises:
        FaultsError: missing, unreadable, not JSON, or not as `reader` wants it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(RECORD_MAX_BYTES + 1)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise FaultsError([Fault(file=str(path), message=reason)]) from error
    return parse_record(content, reader, str(path))


def parse_record(content: bytes, reader: TypeAdapter[R], name: str) -> R:
    """Read JSON from bytes; `name` is what messages call it.

    Raises:
        FaultsError: as `read_record`.
    """
    try:
        value = json.loads(content[: RECORD_MAX_BYTES + 1])
    except (ValueError, RecursionError) as error:
        raise FaultsError([Fault(file=name, message="this is not whole JSON")]) from error
    try:
        return reader.validate_python(value, strict=False)
    except ValidationError as error:
        raise FaultsError(
            Fault(
                file=name,
                message=".".join(str(part) for part in slip["loc"]) or "the whole",
                legal=slip["msg"].removeprefix("Value error, "),
            )
            for slip in error.errors(include_url=False, include_input=False)
        ) from error


def record_bytes(record: Any) -> bytes:  # noqa: ANN401 - any record
    """Return a record as JSON that people can read and that is the same every time."""
    return (json.dumps(plain(record), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
