"""Files and folders as they are now, against what was known of them: read only where need be."""

import os
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from undersong.batch.model import Source, Stamp
from undersong.files import SETTLED_NS, digest_file, digest_json

NOTHING: Final = Source(stamp=None, sha256="")


def stamp_of(path: str | Path) -> Stamp | None:
    """Return the stamp of a file or folder, or None when there is none.

    A folder's size says nothing and counts as 0; its own time tells of names that come and go.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - of thousands of files, and Path takes its time
    except (OSError, ValueError):
        return None
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    return found.st_mtime_ns, size, found.st_ino


def key_of(path: Path, root: Path) -> str:
    """Return the name of a file among sources: seen from `root` where it lies below it."""
    whole, above = os.path.abspath(path), f"{root}{os.sep}"  # noqa: PTH100 - links keep their names
    return whole.removeprefix(above)


class Sources:
    """Looks at each source once: `root` is the library's folder, absolute."""

    def __init__(self, root: Path, known: Mapping[str, Source]) -> None:
        """Compare with what was `known`."""
        self._root, self._known = root, known
        self._now: dict[str, Source] = {}

    def look(self, key: str) -> Source:
        """Return a source as it is now; it is read only if its stamp cannot be believed."""
        if key not in self._now:
            known = self._known.get(key)
            stamp = stamp_of(os.path.join(self._root, key))  # noqa: PTH118 - as above
            trusted = known is not None and known.settled and known.stamp == stamp
            self._now[key] = known if trusted and known else _read(self._root / key)
        return self._now[key]

    def changed(self, key: str) -> bool:
        """Whether a source's content is another than was known."""
        known = self._known.get(key)
        return known is None or self.look(key).sha256 != known.sha256

    def seen(self, keys: Iterable[str]) -> dict[str, Source]:
        """Return what was found of `keys`."""
        return {key: self.look(key) for key in sorted(set(keys))}


def _read(path: Path) -> Source:
    now_ns = time.time_ns()
    stamp = stamp_of(path)
    if stamp is None:
        return NOTHING
    try:
        sha256 = _names_in(path) if path.is_dir() else digest_file(path)
    except OSError:
        return NOTHING
    return Source(stamp=stamp, sha256=sha256, settled=now_ns - stamp[0] > SETTLED_NS)


def _names_in(folder: Path) -> str:
    return digest_json(sorted(path.name for path in folder.iterdir()))
