"""The exact length of an MP3 file, as the LAME tag in its first frame tells players.

Encoder delay and padding are 12 bits each (LAME's "Mp3 Info Tag revision 1"): what a player drops
at the start and at the end. ffmpeg counts no more than one frame and 529 samples of padding, so a
sound that ends 1 to 46 samples after a whole frame would come out up to 46 samples too long.
"""

from pathlib import Path
from typing import Final

from undersong.errors import OutputError

_FRAME: Final = 1152  # samples of a frame at 48 kHz
_INFO: Final = (b"Info", b"Xing")
_FRAMES_AT: Final = 8  # all offsets are seen from the word `Info`
_DELAY_AT: Final = 141
_CHECKSUM_AT: Final = 154
_HEAD: Final = 4096
_LONGEST: Final = (1 << 12) - 1


def settle_length(path: Path, length: int) -> None:
    """Write the padding at which an MP3 file plays `length` samples; its own delay stays.

    Raises:
        OutputError: it has no LAME tag, or not as many frames as it takes.
        OSError: the file cannot be read or written.
    """
    with path.open("r+b") as file:
        head = bytearray(file.read(_HEAD))
        at = max(head.find(word, 0, 64) for word in _INFO)
        if at < 0:
            raise OutputError("it has no LAME tag")
        frames = int.from_bytes(head[at + _FRAMES_AT : at + _FRAMES_AT + 4], "big")
        both = slice(at + _DELAY_AT, at + _DELAY_AT + 3)
        delay = int.from_bytes(head[both], "big") >> 12
        padding = frames * _FRAME - delay - length
        if not 0 <= padding <= _LONGEST:
            raise OutputError(f"its {frames} frames do not hold {length} samples")
        head[both] = (delay << 12 | padding).to_bytes(3, "big")
        end = at + _CHECKSUM_AT
        head[end : end + 2] = crc16(head[:end]).to_bytes(2, "big")
        file.seek(0)
        file.write(head)


def crc16(content: bytes | bytearray) -> int:
    """Return the CRC-16 of the LAME tag: polynomial 0x8005 reflected, from 0."""
    found = 0
    for byte in content:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0xA001 if found & 1 else 0)
    return found
