"""Files that are whole or absent, and names made from content."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from undersong.errors import OutputError


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it becomes `path`, else it vanishes.

    The temporary name keeps the suffix (encoders look at it), is unique per process, and starts
    with a dot. A reader sees the old file or the new one, never a part.

    Raises:
        OutputError: no space, no permission, or a folder stands in the way.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _sync(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` atomically."""
    with atomic(path) as temporary:
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


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def remembered(path: Path, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON is any nesting of plain values
    """Return the JSON value kept at `path`, or make it, keep it and return it.

    A damaged file is made anew. `path` must name everything that `make` depends on.

    Raises:
        OutputError: the value could not be kept.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        value = make()
        write_text(path, json.dumps(value))
        return value
