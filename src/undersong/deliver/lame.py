"""What the LAME tag in the first frame of an MP3 file tells players: its exact length, its frames.

Encoder delay and padding are 12 bits each (LAME's "Mp3 Info Tag revision 1"): what a player drops
at the start and at the end. ffmpeg counts no more than one frame and 529 samples of padding, so a
sound that ends 1 to 46 samples after a whole frame would come out up to 46 samples too long.
"""

from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from undersong.deliver.mpeg import FRAME, FRAME_BYTES, Stream, frames_of
from undersong.errors import OutputError

_INFO: Final = (b"Info", b"Xing")
_FRAMES_AT: Final = 8  # all offsets are seen from the word `Info`
_BYTES_AT: Final = 12
_CONTENTS_AT: Final = 16
_CONTENTS: Final = 100  # entries: how far into the file each hundredth of its time begins, of 256
_DELAY_AT: Final = 141
_MUSIC_AT: Final = 148
_MUSIC_CHECKSUM_AT: Final = 152
_CHECKSUM_AT: Final = 154
_HEAD: Final = 4096
_LONGEST: Final = (1 << 12) - 1
_BAGS: Final = 400  # places in the file that its table of contents is made from, as ffmpeg does
_AT_ONCE: Final = 4096  # frames


def settle_length(path: Path, length: int) -> None:
    """Write the padding at which an MP3 file plays `length` samples; its own delay stays.

    Raises:
        OutputError: it has no LAME tag, or not as many frames as it takes.
        OSError: the file cannot be read or written.
    """
    with path.open("r+b") as file:
        head, at = _tag(file)
        frames = int.from_bytes(head[at + _FRAMES_AT : at + _FRAMES_AT + 4], "big")
        both = slice(at + _DELAY_AT, at + _DELAY_AT + 3)
        delay = int.from_bytes(head[both], "big") >> 12
        padding = frames * FRAME - delay - length
        if not 0 <= padding <= _LONGEST:
            raise OutputError(f"its {frames} frames do not hold {length} samples")
        head[both] = (delay << 12 | padding).to_bytes(3, "big")
        _write(file, head, at)


def settle_frames(path: Path) -> None:
    """Tell of as many frames as an MP3 file of a constant rate has: as ffmpeg would have done.

    That is their number, the size, the table of contents and the checksum of the sound.

    Raises:
        OutputError: it has no LAME tag.
        OSError: the file cannot be read or written.
    """
    with path.open("r+b") as file:
        head, at = _tag(file)
        file.seek(FRAME_BYTES)
        frames, checksum = 0, 0
        while len(stream := frames_of(file.read(_AT_ONCE * FRAME_BYTES))):
            frames += len(stream)
            checksum = _checksum(stream, checksum)
        size = (1 + frames) * FRAME_BYTES
        for place, value, width in (
            (_FRAMES_AT, frames, 4),
            (_BYTES_AT, size, 4),
            (_MUSIC_AT, size, 4),
            (_MUSIC_CHECKSUM_AT, checksum, 2),
        ):
            head[at + place : at + place + width] = value.to_bytes(width, "big")
        head[at + _CONTENTS_AT : at + _CONTENTS_AT + _CONTENTS] = _contents(frames)
        _write(file, head, at)


def crc16(content: bytes | bytearray) -> int:
    """Return the CRC-16 of the LAME tag: polynomial 0x8005 reflected, from 0."""
    found = 0
    for byte in content:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0xA001 if found & 1 else 0)
    return found


def _tag(file: BinaryIO) -> tuple[bytearray, int]:
    """Return the begin of a file, and where in it the word `Info` is."""
    head = bytearray(file.read(_HEAD))
    at = max(head.find(word, 0, 64) for word in _INFO)
    if at < 0:
        raise OutputError("it has no LAME tag")
    return head, at


def _write(file: BinaryIO, head: bytearray, at: int) -> None:
    end = at + _CHECKSUM_AT
    head[end : end + 2] = crc16(head[:end]).to_bytes(2, "big")
    file.seek(0)
    file.write(head)


def _contents(frames: int) -> bytes:
    """Return the table of contents: ffmpeg notes the place of every frame, then of every second."""
    every = 1
    while frames // every >= _BAGS:
        every *= 2
    noted = frames // every
    places = (every * (k * noted // _CONTENTS + 1) + 1 for k in range(1, _CONTENTS))
    return bytes((0, *(min(256 * place // (1 + frames), 255) for place in places)))


def _checksum(stream: Stream, before: int) -> int:
    """Return the CRC-16 of frames behind something that has the CRC-16 `before`.

    All frames go through the table side by side, two bytes at once; then they are put in a row, as
    the checksum of a sum is the sum of the checksums.
    """
    table, behind = _tables()
    each = np.zeros(len(stream), np.uint16)
    for words in np.ascontiguousarray(stream.view("<u2").T):
        each = table[each ^ words]
    for own in each.tolist():
        before = behind[before] ^ own
    return before


@cache
def _tables() -> tuple[npt.NDArray[np.uint16], list[int]]:
    """Return CRC-16 by two bytes, and what the checksum becomes by a frame of zeros behind it."""
    table = np.arange(1 << 16, dtype=np.uint16)
    behind = table.copy()
    for _ in range(16):
        table = table >> np.uint16(1) ^ (table & np.uint16(1)) * np.uint16(0xA001)
    step, steps = table, FRAME_BYTES // 2
    while steps:  # as powers are worked out: squared again and again
        if steps & 1:
            behind = step[behind]
        step, steps = step[step], steps >> 1
    return table, behind.tolist()
