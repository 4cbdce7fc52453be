"""The chunks of a RIFF or RF64 file (Microsoft RIFF; EBU Tech 3306)."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

_WIDE: Final = 0xFFFF_FFFF
"""A 32-bit length that says: look into the `ds64` chunk."""

_HEAD = struct.Struct("<4sI")
_SIZE = struct.Struct("<I")
_WIDE_SIZES = struct.Struct("<QQ")  # of the file, of the sound
_FIRST = 12  # RIFF, length, WAVE


class Chunk(Struct, frozen=True, kw_only=True):
    """A chunk's name, where its content starts, and how long that is in bytes."""

    name: bytes
    start: int
    size: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks of an open WAVE file in order."""
    end = file.seek(0, 2)
    start, sound = _FIRST, 0
    while start + _HEAD.size <= end:
        file.seek(start)
        name, size = _HEAD.unpack(file.read(_HEAD.size))
        start += _HEAD.size
        if name == b"ds64":
            _, sound = _WIDE_SIZES.unpack(file.read(_WIDE_SIZES.size))
        if name == b"data" and size == _WIDE:
            size = sound
        yield Chunk(name=name, start=start, size=size)
        start += size + size % 2


def forget_peak_time(path: Path) -> None:
    """Set the time stamp of the `PEAK` chunk, which libsndfile takes from the clock, to 0."""
    with path.open("rb+") as file:
        for chunk in list(chunks(file)):
            if chunk.name == b"PEAK":
                file.seek(chunk.start + 4)  # after the chunk's version
                file.write(bytes(4))


def append_chunk(path: Path, name: bytes, content: bytes) -> None:
    """Add a chunk at the end of a WAVE file and set the file's length, narrow or wide."""
    with path.open("rb+") as file:
        wide = [chunk.start for chunk in chunks(file) if chunk.name == b"ds64"]
        end = file.seek(0, 2)
        padded = content + bytes(len(content) % 2)
        file.write(bytes(end % 2) + _HEAD.pack(name, len(content)) + padded)
        size = file.tell() - _HEAD.size
        file.seek(wide[0] if wide else _HEAD.size - _SIZE.size)
        file.write(struct.pack("<Q", size) if wide else _SIZE.pack(size))
