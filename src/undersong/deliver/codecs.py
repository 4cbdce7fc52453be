"""The formats we deliver: one row each, and a file of that format being written in blocks."""

import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt
import soundfile
from msgspec import Struct
from mutagen import MutagenError

from undersong.audio import Frames
from undersong.deliver.ogg import settle_serial
from undersong.deliver.pcm import PcmFile
from undersong.deliver.riff import forget_peak_time
from undersong.errors import OutputError
from undersong.units import SAMPLE_RATE

WAV_BYTES: Final = 2**32 - 2**26
"""Sound that still fits a RIFF file, whose lengths have 32 bits, with room for tags and cover."""

PLAIN: Final = "WAV", "PCM_24"
"""Container and subtype of what needs no encoder."""

FULL: Final = "free some space, check permissions, or choose another folder with --out"

_CRAMPED_BYTES = 2**20  # libsndfile says "System error" for a full disk
_FULL_SCALE, _LOW_BITS = 1 << 23, 8
_SAMPLE_BYTES = {"PCM_24": 3, "FLOAT": 4}


class Codec(Struct, frozen=True, kw_only=True):
    """How libsndfile makes one format, and what that does to the sound.

    Attributes:
        name: as in recipes; also the suffix of the file.
        container: libsndfile's major format, and `subtype` its minor one.
        compression: libsndfile's compression level, 0 to 1, or None for its default.
        mode: libsndfile's bit rate mode, where the format has one.
        shift_lu: how much louder a narrated track becomes by encoding and decoding it, and by
            starting its limiter lower by `rise_db`.
        rise_db: how much higher its limited peaks become.
        ffmpeg: what ffmpeg is asked for instead, where it is faster; of the same encoder.
        settle: takes clocks and random numbers out of a finished file.
    """

    name: str
    container: str
    subtype: str
    compression: float | None = None
    mode: Literal["CONSTANT"] | None = None
    shift_lu: float = 0.0
    rise_db: float = 0.0
    ffmpeg: tuple[str, ...] = ()
    settle: Callable[[Path], None] | None = None

    @property
    def lossless(self) -> bool:
        """Whether numbers of 24 bits come back as they were written."""
        return self.subtype == "PCM_24"


WAV: Final = Codec(name="wav", container="WAV", subtype="PCM_24")
# As small as level 5, to 0.1 %, and as ffmpeg's; an eighth quicker.
FLAC: Final = Codec(name="flac", container="FLAC", subtype="PCM_24", compression=0.5)

# 128 kb/s stereo, constant: libsndfile asks LAME for 320 - 288 * compression kb/s (read from the
# frames, tests/deliver/test_deliver_codecs.py). LAME scales its input by 0.95 up to 160 kb/s:
# -0.45 dB; the limiter's lower start takes the rest. Sixteen narrated mixes, measured: -0.43 to
# -0.54 LU where nothing was limited, -0.40 to -0.44 for sixteen of a minute, and limited peaks +0.1
# to +0.5 dB.
MP3: Final = Codec(
    name="mp3",
    container="MP3",
    subtype="MPEG_LAYER_III",
    compression=2 / 3,
    mode="CONSTANT",
    shift_lu=-0.455,
    rise_db=0.4,
    ffmpeg=("-c:a", "libmp3lame", "-b:a", "128k", "-id3v2_version", "0"),
)

# About 112 kb/s: libsndfile asks libopus for 512 - 500 * compression kb/s in stereo, variable.
# The same mixes: 0.00 to +0.03 LU where nothing was limited, limited peaks +0.1 to +0.6 dB.
OPUS: Final = Codec(
    name="opus",
    container="OGG",
    subtype="OPUS",
    compression=0.8,
    shift_lu=-0.03,
    rise_db=0.5,
    ffmpeg=("-c:a", "libopus", "-b:a", "112k"),
    settle=settle_serial,
)

CODECS: Final[Mapping[str, Codec]] = MappingProxyType(
    {codec.name: codec for codec in (MP3, FLAC, WAV, OPUS)}
)

STEM: Final = Codec(name="wav", container="WAV", subtype="FLOAT", settle=forget_peak_time)
"""What stems are kept in: nothing rounded, nothing clipped."""


class Encoder:
    """One file being written, block after block; leave the `with` block to finish it.

    A finished file has the same bytes whenever and wherever it is written. When the block is
    left by an exception the file is closed as it is, for its owner to remove.

    Attributes:
        checksums: of the numbers of every block written so far, which `proof` reads again; None
            where the format does not keep them.
    """

    checksums: list[int] | None

    def __init__(self, path: Path, codec: Codec, *, channels: int, length: int, name: Path) -> None:
        """Open `path`, which messages call `name`, for `length` frames.

        Raises:
            OutputError: the file cannot be opened.
        """
        self._path, self._codec, self._name = path, codec, name
        self.checksums = [] if codec.lossless else None
        with _telling(name):
            self._file = _opened(path, codec, channels=channels, length=length)

    def write(self, frames: Frames) -> None:
        """Encode frames (n, channels).

        Raises:
            OutputError: no space, or the file system failed.
        """
        with _telling(self._name):
            checksum = self._file.write(frames)
            if self.checksums is not None and checksum is not None:
                self.checksums.append(checksum)

    def __enter__(self) -> Self:
        """Nothing more to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file and take clocks and random numbers out of it."""
        if kind is not None:
            with suppress(soundfile.LibsndfileError, OSError):
                self._file.close()
            return
        with _telling(self._name):
            self._file.close()
        settled(self._path, self._codec, self._name)


class _SndFile:
    """A file that libsndfile writes."""

    def __init__(self, path: Path, codec: Codec, form: str, channels: int) -> None:
        self._lossless = codec.lossless
        self._file = soundfile.SoundFile(
            path,
            "w",
            samplerate=int(SAMPLE_RATE),
            channels=channels,
            format=form,
            subtype=codec.subtype,
            compression_level=codec.compression,
            bitrate_mode=codec.mode,
        )

    def write(self, frames: Frames) -> int | None:
        """Write frames; return the CRC-32 of their numbers where the format keeps them."""
        if not self._lossless:
            self._file.write(frames)
            return None
        numbers = _rounded(frames)
        self._file.write(numbers)
        return zlib.crc32(numbers.data)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _opened(path: Path, codec: Codec, *, channels: int, length: int) -> PcmFile | _SndFile:
    form = container(codec, channels=channels, length=length)
    if (form, codec.subtype) == PLAIN:
        return PcmFile(path, channels=channels, length=length)
    return _SndFile(path, codec, form, channels)


def _rounded(frames: Frames) -> npt.NDArray[np.int32]:
    """Return the nearest numbers of 24 bits, full scale held, as the upper bits of 32.

    That is what libsndfile would do at half the speed, but for the scale: its 2^23 - 1 comes back
    from any decoder a little quieter.
    """
    scaled = frames * np.float32(_FULL_SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1, out=scaled)
    return np.asarray(scaled.astype(np.int32) << _LOW_BITS)


def container(codec: Codec, *, channels: int, length: int) -> str:
    """Return libsndfile's major format: RF64 (EBU Tech 3306) where a WAV file would be too long."""
    if codec.container != "WAV":
        return codec.container
    return "WAV" if length * channels * _SAMPLE_BYTES[codec.subtype] <= WAV_BYTES else "RF64"


def settled(path: Path, codec: Codec, name: Path) -> None:
    """Take clocks and random numbers out of a finished file, which messages call `name`."""
    with _telling(name):
        if codec.settle is not None:
            codec.settle(path)


@contextmanager
def _telling(name: Path) -> Iterator[None]:
    """Turn what libsndfile, mutagen and the system say into a sentence that names the file."""
    try:
        yield
    except (soundfile.LibsndfileError, MutagenError, EOFError, OSError) as error:
        raise unwritten(name, error) from error


def unwritten(name: Path, error: Exception) -> OutputError:
    """Say that `name` could not be written, and why as far as anyone knows."""
    why = str(error).strip().rstrip(".:") or "it is not complete"
    if shutil.disk_usage(name.parent).free < _CRAMPED_BYTES:
        why = "no space left on the device"
    return OutputError(f"cannot write {name}: {why}", hint=FULL)
