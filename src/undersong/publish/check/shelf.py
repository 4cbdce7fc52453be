"""Where the files behind a feed's addresses are: a folder on this disk."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from undersong.publish.target import BLOCK_BYTES


class Shelf(Protocol):
    """Finds the files behind addresses."""

    def knows(self, url: str) -> bool:
        """Whether an address is one of ours: others are not looked at."""
        ...

    def size(self, url: str) -> int | None:
        """Return the length of the file behind an address in bytes; None when there is none."""
        ...

    def open(self, url: str) -> BinaryIO:
        """Return the file, or its head when it is far away."""
        ...

    def whole(self, url: str, limit: int) -> bytes:
        """Return the first `limit` bytes of the file."""
        ...

    def digest(self, url: str, name: str) -> bytes:
        """Return a digest (`sha256` …) of the whole file."""
        ...


class FolderShelf:
    """The folder that a show was built into; addresses below `base` are files in it."""

    def __init__(self, base: str, root: Path) -> None:
        """Take the address of the folder, ending in a slash, and the folder."""
        self._base = base
        self._root = root.resolve()

    def knows(self, url: str) -> bool:
        """Whether an address lies below the folder's."""
        return url.startswith(self._base)

    def path(self, url: str) -> Path | None:
        """Return the file behind an address; None when there is none, or it lies elsewhere."""
        bare = unquote(urlsplit(url.removeprefix(self._base)).path)
        if "\0" in bare:
            return None
        found = (self._root / bare).resolve()
        inside = found.is_relative_to(self._root)
        return found if inside and found.is_file() else None

    def size(self, url: str) -> int | None:
        """Return the length of the file."""
        path = self.path(url)
        return path.stat().st_size if path is not None else None

    def open(self, url: str) -> BinaryIO:
        """Return the file; empty when there is none."""
        path = self.path(url)
        return path.open("rb") if path is not None else BytesIO()

    def whole(self, url: str, limit: int) -> bytes:
        """Return the first `limit` bytes of the file."""
        with self.open(url) as file:
            return file.read(limit)

    def digest(self, url: str, name: str) -> bytes:
        """Return a digest of the whole file."""
        digest = hashlib.new(name)
        with self.open(url) as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
        return digest.digest()
