"""What a sound file is, told from its first bytes: type, length, rate, channels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import BinaryIO, Final

from msgspec import Struct

HEAD_BYTES: Final = 1 << 18
"""Of a file on a host, this much is fetched: tags with a cover and the first frames."""

_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xfa", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (4, b"ftyp", "audio/x-m4a"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
)

SAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audio/mp3": "audio/mpeg",
        "audio/mp4": "audio/x-m4a",
        "audio/m4a": "audio/x-m4a",
        "audio/aac": "audio/x-m4a",
        "video/mp4": "audio/x-m4a",
        "audio/opus": "audio/ogg",
        "audio/x-flac": "audio/flac",
        "audio/x-wav": "audio/wav",
    }
)
"""Other names of the types that we can tell."""


class Sound(Struct, frozen=True, kw_only=True):
    """What the head of a sound file says.

    Attributes:
        length_s: None when the head does not say it for certain.
        bitrate_bps: 0 when unknown.
    """

    length_s: float | None
    rate_hz: int
    channels: int
    bitrate_bps: int


def type_of(head: bytes) -> str | None:
    """Return the media type that the first bytes tell, None for no sound that we know."""
    return next((mime for at, magic, mime in _MAGIC if head[at : at + len(magic)] == magic), None)


def same_type(one: str, other: str) -> bool:
    """Whether two media types are names of one thing; parameters do not count."""
    first, second = (mime.partition(";")[0].strip().lower() for mime in (one, other))
    return SAME.get(first, first) == SAME.get(second, second)


def hear(file: BinaryIO, mime: str) -> Sound | None:
    """Return what the head of an MP3 or M4A file says, None when it says nothing.

    Reads the head only: seeks past tags, decodes no sound.
    """
    from mutagen import MutagenError  # noqa: PLC0415 - only for checking files
    from mutagen.mp3 import BitrateMode, MPEGInfo  # noqa: PLC0415
    from mutagen.mp4 import MP4  # noqa: PLC0415

    kind = SAME.get(mime, mime)
    file.seek(0)
    try:
        if kind == "audio/mpeg":
            info = MPEGInfo(file)
            sure = info.bitrate_mode != BitrateMode.UNKNOWN or not info.sketchy
        elif kind == "audio/x-m4a":
            info, sure = MP4(file).info, True
        else:
            return None
    except (MutagenError, ValueError, EOFError):
        return None
    return Sound(
        length_s=float(info.length) if sure else None,
        rate_hz=int(info.sample_rate),
        channels=int(info.channels),
        bitrate_bps=int(info.bitrate or 0),
    )
