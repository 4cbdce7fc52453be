"""Lossless files read again: behind their encoder while it goes on, and at the end what is left.

A file is right if its blocks of PASS frames give back the checksums of what was written.
"""

import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import soundfile

from undersong.audio import PASS
from undersong.deliver.codecs import PLAIN
from undersong.deliver.pcm import read_pcm

LAG: Final = 2
"""Blocks that an encoder may hold back, which is a tenth of one and whatever is being written."""


class Following:
    """One reader of a file that is still being written.

    It gives up at whatever is not there as it should be: `read_back` will tell why. Leave the
    `with` block to close the file.

    Attributes:
        checksums: of the blocks read so far, from the first on.
    """

    def __init__(self, path: Path) -> None:
        """Wait for LAG blocks of `path`."""
        self.checksums: list[int] = []
        self._path, self._begun = path, 0
        self._file: _Onward | None = None
        self._given_up = False

    def follow(self, _block: object) -> None:
        """Read one more block, if it must be there by now, as another is about to be written."""
        self._begun += 1
        if self._begun <= LAG or self._given_up:
            return
        with suppress(soundfile.LibsndfileError):
            self._file = self._file or _Onward(self._path)
            numbers = self._file.read(PASS, dtype="int32", always_2d=True)
            if len(numbers) == PASS:
                self.checksums.append(zlib.crc32(numbers.data))
                return
        self._given_up = True

    def __enter__(self) -> Self:
        """Nothing more to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


class _Onward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from begin to end, and has none yet."""

    def seekable(self) -> bool:
        """Keep soundfile from looking for its place after each block: there may be no next."""
        return False


def read_back(path: Path, first: int, blocks: int) -> tuple[int, list[int]]:
    """Return how many frames some blocks of PASS frames of a finished file have, and checksums.

    Args:
        path: the file.
        first: of the blocks.
        blocks: how many, or what is left of them.

    Raises:
        LibsndfileError: it is damaged.
    """
    count, checksums = 0, []
    with soundfile.SoundFile(path) as file:
        if (file.format, file.subtype) == PLAIN:
            return read_pcm(path, file.channels, first, blocks)
        file.seek(min(first * PASS, file.frames))
        for _ in range(blocks):
            numbers = file.read(PASS, dtype="int32", always_2d=True)
            if not len(numbers):
                break
            count += len(numbers)
            checksums.append(zlib.crc32(numbers.data))
    return count, checksums
