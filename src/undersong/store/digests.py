"""Digests of large files, read once for as long as a file does not change."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from undersong.errors import OutputError
from undersong.files import SETTLED_NS, digest_file, digest_json
from undersong.store.kinds import DIGESTS
from undersong.store.store import Store

_STAMPS_MOST: Final = 256
_known: dict[str, str] = {}


def digest_once(path: Path, cache: Path | None = None) -> str:
    """Return the SHA-256 of a file that was read when it had its size, place and times of now.

    Args:
        path: a file, which is not read again while those stay as they are.
        cache: folder where digests are kept between runs; None keeps them in this process only.

    Raises:
        OSError: there is no such file, or it cannot be read.
        OutputError: the cache cannot be read.
    """
    now_ns = time.time_ns()
    found = path.stat()
    changed_ns = max(found.st_mtime_ns, found.st_ctime_ns)
    times = (found.st_mtime_ns, found.st_ctime_ns)
    stamp = digest_json([os.fspath(path.absolute()), found.st_ino, found.st_size, *times])
    if stamp not in _known:
        store = Store(cache) if cache and now_ns - changed_ns > SETTLED_NS else None
        digest = store.numbers(DIGESTS, stamp) if store else None
        if digest is None:
            digest = digest_file(path)
            if store:
                with suppress(OutputError):  # it is read again next time
                    store.keep_numbers(DIGESTS, stamp, digest)
        if len(_known) >= _STAMPS_MOST:
            _known.clear()
        _known[stamp] = digest
    return _known[stamp]
