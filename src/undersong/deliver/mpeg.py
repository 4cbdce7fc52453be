"""Frames of an MP3 stream as LAME writes it: 128 kb/s, 48 kHz, two channels, no checksums.

A frame has 4 bytes of header, 32 of side information and room for 348 bytes of main data. The
main data of all frames stand in one row: those of a frame begin up to 511 bytes before its own
room and end before those of the next begin (ISO/IEC 11172-3, 2.4.1.7). What is left between them
is stuffing, which decoders pass over. LAME 3.100 fills it with its name and version, and with
bits that alternate from the first to the last of a file (`drain_into_ancillary`, bitstream.c).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.units import SAMPLE_RATE

Stream = npt.NDArray[np.uint8]
"""Frames (n, FRAME_BYTES), one behind the other."""

FRAME: Final = 1152  # samples of a frame at 48 kHz
FRAME_BYTES: Final = FRAME // 8 * 128_000 // int(SAMPLE_RATE)
AHEAD: Final = 3
"""Frames behind a stretch whose stuffing may lie in it, and the one that tells where that ends."""

_HEADER: Final = bytes((0xFF, 0xFB, 0x94))  # layer III, no checksum, 128 kb/s, 48 kHz, no padding
_SIDE_AT: Final = 4
_MAIN_AT: Final = 36
_ROOM: Final = FRAME_BYTES - _MAIN_AT
_BEGIN: Final = (0, 9)  # main_data_begin: where in the side information, and its width, in bits
_LENGTHS: Final = tuple(
    (20 + 59 * k, 12) for k in range(4)
)  # part2_3_length, channel after channel
_ALTERNATING: Final = (0x55, 0xAA)


def frames_of(content: bytes) -> Stream:
    """Return the whole frames that `content` begins with; none if they are of another kind."""
    whole = len(content) // FRAME_BYTES
    stream = np.frombuffer(content, np.uint8, whole * FRAME_BYTES).reshape(whole, FRAME_BYTES)
    ours = (stream[:, : len(_HEADER)] == np.frombuffer(_HEADER, np.uint8)).all()
    return stream if ours else stream[:0]


def sounding(stream: Stream) -> npt.NDArray[np.bool_]:
    """Return whether channels (or middle and side) hold anything but silence, (n, 2)."""
    first, second, third, fourth = (_field(stream, *place) > 0 for place in _LENGTHS)
    return np.stack([first | third, second | fourth], axis=1)


def turned(stream: Stream) -> Stream:
    """Return the frames with every alternating bit of their stuffing the other way round.

    The last AHEAD frames only help: those of them that are not the end of a file may come out
    wrong.
    """
    out = stream.copy()
    main = np.ascontiguousarray(stream[:, _MAIN_AT:]).reshape(-1)
    start = _ROOM * np.arange(len(stream)) - _field(stream, *_BEGIN)
    end_bits = 8 * start + sum(_field(stream, *place) for place in _LENGTHS)
    first, last = -(-end_bits // 8), np.append(start[1:], len(main))
    mask = np.where((main == _ALTERNATING[0]) | (main == _ALTERNATING[1]), 0xFF, 0).astype(np.uint8)
    mask[~_within(first, last, len(main))] = 0
    begun = (end_bits % 8 > 0) & (end_bits > 0)  # a byte that ends with stuffing
    mask[end_bits[begun] // 8] = 0xFF >> end_bits[begun] % 8
    out[:, _MAIN_AT:] ^= mask.reshape(-1, _ROOM)
    return out


def _within(
    first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.bool_]:
    """Return which of `size` places lie in any span [first, last); spans do not overlap."""
    steps = np.zeros(size + 1, np.int8)
    np.add.at(steps, np.clip(first, 0, size), 1)
    np.add.at(steps, np.clip(last, 0, size), -1)
    return np.asarray(np.cumsum(steps[:-1], dtype=np.int8) > 0)


def _field(stream: Stream, at: int, width: int) -> npt.NDArray[np.int64]:
    """Return a number of up to 17 bits from the side information of every frame."""
    byte = _SIDE_AT + at // 8
    high, middle, low = stream[:, byte : byte + 3].astype(np.int64).T
    word = high << 16 | middle << 8 | low
    return np.asarray(word >> (24 - at % 8 - width) & (1 << width) - 1)
