"""Files that are whole or absent, and names made from content."""

import hashlib
import json
import math
import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, overload

from msgspec import Struct

from undersong.errors import OutputError
from undersong.lock import remove_orphan, temporary_in

PART: Final = ".undersong-"
"""How names of files begin that are being written; the rest is random, then the final suffix."""


SETTLED_NS: Final = 2_000_000_000
"""A file changed less than this before it was read may change again within one tick of its file
system's clock (2 s on FAT), so its stamp alone is not believed."""

_LEAVES: Final = frozenset({str, int, float, bool, type(None)})
_ROWS: Final = frozenset({tuple, list})


@contextmanager
def atomic(path: Path, room: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path, which on success becomes `path` and else vanishes.

    It lies in `room` if that is on the same disk, else beside `path`, and has the same suffix
    (encoders look at it). A reader sees the old file or the new one, never a part. What killed
    processes left there is removed on the way.

    Raises:
        OutputError: no space, no permission, or a folder stands in the way.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = _nearest(path.parent, room)
        _sweep_once(folder.absolute())
        with temporary_in(folder, PART, path.suffix) as temporary:
            yield temporary
            _sync(temporary)
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error


def sweep(folder: Path) -> tuple[Path, ...]:
    """Remove what `atomic` left in a folder when its process was killed; return what that was.

    Files that a living process is writing stay, as do all files that are not ours.
    """
    return tuple(path for path in sorted(folder.glob(f"{PART}*")) if remove_orphan(path))


@cache
def _sweep_once(folder: Path) -> None:
    sweep(folder)


def write_bytes(path: Path, content: bytes, room: Path | None = None) -> None:
    """Write `content` atomically, by way of `room` as in `atomic`."""
    with atomic(path, room) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` atomically as UTF-8, line ends as they are."""
    write_bytes(path, content.encode())


def is_there(path: Path) -> bool:
    """Whether `path` is a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder that we may look for; a name that no folder can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def at_home(name: str) -> Path:
    """Return the path that `name` means, `~` being somebody's home; without one it stays `~`."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def unwritable(path: Path, error: OSError) -> OutputError:
    """Turn an operating-system error on the way to `path` into a sentence."""
    return OutputError(
        f"cannot write {path}: {error.strerror or error}",
        hint="free some space, check permissions, or choose another folder with --out",
    )


def digest_bytes(content: bytes) -> str:
    """Return the SHA-256 of `content`, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_json(value: Any) -> str:  # noqa: ANN401 - JSON is any nesting of plain values
    """Return the SHA-256 of `value` as canonical JSON (sorted keys, no spaces, UTF-8)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest_bytes(text.encode())


@overload
def plain(value: Struct) -> dict[str, Any]: ...
@overload
def plain(value: object) -> Any: ...  # noqa: ANN401 - any nesting of records and plain values
def plain(value: Any) -> Any:
    """Return records as dicts, and the records in them too.

    Tuples, lists and dicts are made anew; whatever else is in them is not copied.
    """
    kind: Any = type(value)
    if kind in _LEAVES:
        return value
    if kind in _ROWS:
        return kind([plain(inner) for inner in value])
    if kind is dict:
        return {key: plain(inner) for key, inner in value.items()}
    names = _field_names(kind)
    return {name: plain(getattr(value, name)) for name in names} if names else value


@cache
def _field_names(kind: Hashable) -> tuple[str, ...]:
    """Of a record, or of a dataclass, as pydantic reads them; none of anything else."""
    names: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    return names or tuple(getattr(kind, "__dataclass_fields__", ()))


def finite(value: Any) -> Any:  # noqa: ANN401 - JSON is any nesting of plain values
    """Return `value` as JSON can hold it: what is not finite, as levels of silence, is None."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _nearest(folder: Path, room: Path | None) -> Path:
    """Return the room for a temporary file from which it can be renamed into `folder`."""
    if room is None:
        return folder
    room.mkdir(parents=True, exist_ok=True)
    return room if room.stat().st_dev == folder.stat().st_dev else folder


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
