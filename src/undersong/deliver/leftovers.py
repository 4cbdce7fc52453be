"""Files that a track no longer has, removed once its new manifest is in place.

While a track is made, `unfinished.json` beside it lists every file of ours that may be there: those
of the manifest before, those about to be made, and what an earlier unfinished render listed. A
render that is killed leaves this list behind, and the next one tidies up by it.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Final

from undersong.files import sweep, unwritable, write_text
from undersong.manifest import MANIFEST, listed, read_manifest

UNFINISHED: Final = "unfinished.json"


@contextmanager
def making(folder: Path, names: Collection[str]) -> Iterator[None]:
    """Make a track in `folder`: the block makes the files `names` and, last, its manifest.

    Then what the track no longer has is removed, and never a file that we did not make.

    Raises:
        OutputError: no space, no permission, no such folder; or a file cannot be removed.
    """
    before = read_manifest(folder / MANIFEST)
    _begin(folder, names, before)
    try:
        yield
    except BaseException:
        if not any((folder / name).exists() for name in _left(folder, before)):
            (folder / UNFINISHED).unlink(missing_ok=True)
        raise
    settle(folder)


def settle(folder: Path) -> None:
    """Remove what an unfinished render left that the manifest in `folder` does not list.

    Raises:
        OutputError: a file cannot be removed.
    """
    if not (folder / UNFINISHED).exists():
        return
    for name in (*_left(folder, read_manifest(folder / MANIFEST)), UNFINISHED):
        path = folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error
        if path.parent != folder:
            with suppress(OSError):
                path.parent.rmdir()  # if nothing else is in it


def _begin(folder: Path, names: Collection[str], before: Mapping[str, Any] | None) -> None:
    for place in {folder, *((folder / name).parent for name in names)}:
        sweep(place)
    known = {*_unfinished(folder), *(listed(before) if before else ())}
    fresh = {name for name in names if not (folder / name).exists()}
    text = json.dumps(sorted(known | fresh), indent=2, ensure_ascii=False)
    write_text(folder / UNFINISHED, text + "\n")


def _left(folder: Path, manifest: Mapping[str, Any] | None) -> list[str]:
    """Return the names noted that the manifest does not list."""
    ours = set(listed(manifest) if manifest else ())
    return sorted(name for name in _unfinished(folder) if _is_inside(name) and name not in ours)


def _unfinished(folder: Path) -> tuple[str, ...]:
    try:
        names = json.loads((folder / UNFINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
