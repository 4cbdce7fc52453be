"""The service's MP3, walked frame by frame: a file that was cut or damaged shows itself here."""

from typing import Final

RATE_HZ: Final = 24_000
FRAME_SAMPLES: Final = 576
"""Samples of a frame of MPEG-2 layer III."""
BYTES_PER_S: Final = 6_000
"""The service always sends 48 kbit/s."""

_SYNC: Final = 0xFFF2
_SYNC_MASK: Final = 0xFFFE
"""Twelve bits of sync with MPEG-2 and layer III; whether a checksum follows does not matter."""
_RATE_24_KHZ: Final = 1
_MONO: Final = 3
_KBITS: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""Bit rates of MPEG-2 layer III (ISO/IEC 13818-3, table of `bitrate_index`); 0 is none."""


class NotMp3Error(ValueError):
    """The bytes are not exactly a run of whole frames; the sentence says where they fail."""


def count_frames(audio: bytes) -> int:
    """Return how many whole frames of 24 kHz mono MPEG-2 layer III the bytes are.

    Raises:
        NotMp3Error: they are anything else, even at their last byte.
    """
    at = count = 0
    while at < len(audio):
        length = _frame_length(audio[at : at + 4])
        if length is None:
            raise NotMp3Error(f"the sound is damaged at byte {at} of {len(audio)}")
        if at + length > len(audio):
            raise NotMp3Error("the sound is cut inside a frame")
        at += length
        count += 1
    return count


def _frame_length(head: bytes) -> int | None:
    """Return the bytes of the frame that begins with these four, or None if none does."""
    if len(head) < 4 or int.from_bytes(head[:2], "big") & _SYNC_MASK != _SYNC:  # noqa: PLR2004 - bytes of a header
        return None
    index, rate, padding, mode = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1, head[3] >> 6
    if rate != _RATE_24_KHZ or mode != _MONO or not 0 < index < len(_KBITS):
        return None
    return FRAME_SAMPLES * _KBITS[index] * 1000 // (8 * RATE_HZ) + padding
