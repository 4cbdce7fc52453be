"""Sound files that people bring, of whatever format, as frames at their own rate.

What soundfile reads, it reads (WAV, FLAC, MP3, Ogg, AIFF, …). Anything else (m4a, wma, the sound
of a video) goes through pydub over the ffmpeg binary that imageio-ffmpeg carries: a whole short
file in memory, 16 bit, which is what takes and cues are. Long files to be measured are piped.
"""

import re
import struct
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from msgspec import Struct

from undersong.audio import Frames
from undersong.errors import AudioFileError
from undersong.files import is_there
from undersong.units import Hz

BLOCK_FRAMES = 480_000
"""Ten seconds at 48 kHz: what filters work wide on, and few calls of the library."""

NOT_NUMBERS = "it holds values that are not numbers"
_PIECE_BYTES = 1 << 18
_STREAM = re.compile(r"Stream #\S+ Audio: (\w+)")
_AU = struct.Struct(">4s5I")
"""Head of an AU file: its name, where the samples begin, their size and kind, rate, channels."""


class SoundStream(Struct, frozen=True, kw_only=True):
    """A sound file being read from its start: `blocks` yields Frames until it ends."""

    rate: Hz
    channels: int
    blocks: Iterator[Frames]


def read_sound(path: Path) -> tuple[Frames, Hz]:
    """Return all frames of a short file, (n, its channels), and its rate.

    Raises:
        AudioFileError: missing, empty, damaged, or of no known format.
    """
    _expect_file(path)
    try:
        frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        frames, rate = _through_pydub(path)
    if not len(frames):
        raise _unreadable(path, "it holds no sound")
    if not np.isfinite(frames).all():
        raise _unreadable(path, NOT_NUMBERS)
    return np.ascontiguousarray(frames, np.float32), Hz(int(rate))


def stream_sound(path: Path) -> SoundStream:
    """Open a file of any length for reading in blocks of some ten seconds.

    Raises:
        AudioFileError: missing, or of no known format; damage further in is raised by `blocks`.
    """
    _expect_file(path)
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError:
        return _piped(path)
    blocks = _finite(path, _blocks(path, file))
    return SoundStream(rate=Hz(file.samplerate), channels=file.channels, blocks=blocks)


def _blocks(path: Path, file: soundfile.SoundFile) -> Iterator[Frames]:
    with file:
        try:
            while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
                yield block
        except soundfile.LibsndfileError as error:
            raise _unreadable(path, str(error)) from error


def _through_pydub(path: Path) -> tuple[Frames, int]:
    codec = _probe(path)  # with a codec named, pydub does not look for ffprobe
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydub warns of a missing system ffmpeg, and of regexes
        from pydub import AudioSegment  # noqa: PLC0415 - slow, and only for foreign formats
        from pydub.exceptions import CouldntDecodeError  # noqa: PLC0415
    AudioSegment.converter = _ffmpeg()
    try:
        segment = AudioSegment.from_file(str(path), codec=codec)
    except (CouldntDecodeError, IndexError, OSError) as error:
        raise _unreadable(path, "its sound cannot be decoded") from error
    scale = float(1 << (8 * segment.sample_width - 1))
    samples = np.asarray(segment.get_array_of_samples(), np.float32) / np.float32(scale)
    return samples.reshape(-1, segment.channels), segment.frame_rate


def _piped(path: Path) -> SoundStream:
    """Let ffmpeg turn a foreign file into AU, whose head tells rate and channels."""
    _probe(path)  # says clearly when this is no sound
    pieces = _pipe(path)
    _, begin, _, _, rate, channels = _AU.unpack(next(pieces))
    skip = begin - _AU.size
    return SoundStream(
        rate=Hz(rate), channels=channels, blocks=_finite(path, _frames(pieces, skip, channels))
    )


def _pipe(path: Path) -> Iterator[bytes]:
    """Yield the head of an AU file of 32-bit floats, then the rest of it in pieces."""
    strict = ("-v", "error", "-nostdin", "-xerror", "-err_detect", "explode")
    sound = ("-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "-")
    command = [_ffmpeg(), *strict, "-i", str(path), *sound]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - a fixed program, a path as one argument
        assert process.stdout is not None  # noqa: S101 - asked for above
        size = _AU.size
        while content := process.stdout.read(size):
            if len(content) < _AU.size == size:
                break
            yield content
            size = _PIECE_BYTES
        if process.wait() or size == _AU.size:
            raise _unreadable(path, "its sound cannot be decoded to the end")


def _frames(pieces: Iterator[bytes], skip: int, channels: int) -> Iterator[Frames]:
    """Yield the samples behind the first `skip` bytes as whole frames."""
    left = b""
    for piece in pieces:
        content = left + piece
        skipped = min(skip, len(content))
        skip -= skipped
        whole = (len(content) - skipped) // (4 * channels) * (4 * channels)
        left = content[skipped + whole :]
        samples = np.frombuffer(content[skipped : skipped + whole], ">f4").astype(np.float32)
        yield samples.reshape(-1, channels)


def _finite(path: Path, blocks: Iterator[Frames]) -> Iterator[Frames]:
    for block in blocks:
        if not np.isfinite(block).all():
            raise _unreadable(path, NOT_NUMBERS)
        yield block


def _probe(path: Path) -> str:
    """Ask ffmpeg for the codec of the file's first sound stream."""
    command = [_ffmpeg(), "-hide_banner", "-nostdin", "-i", str(path)]
    try:
        answer = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 - a fixed program, a path as one argument
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unreadable(path, f"ffmpeg cannot be asked: {error}") from error
    found = _STREAM.search(answer.stderr.decode("utf-8", "replace"))
    if found is None:
        raise _unreadable(path, "its format is not known")
    return found[1]


def _ffmpeg() -> str:
    import imageio_ffmpeg  # noqa: PLC0415 - only for foreign formats

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise AudioFileError(f"ffmpeg is missing: {error}") from error


def _expect_file(path: Path) -> None:
    if not is_there(path):
        raise AudioFileError(f"no such sound file: {path}")
    if path.stat().st_size == 0:
        raise _unreadable(path, "the file is empty")


def _unreadable(path: Path, why: str) -> AudioFileError:
    return AudioFileError(
        f"cannot read {path} as sound: {why}",
        hint="WAV, FLAC, MP3, Ogg, Opus, AIFF and most others are fine: is this the right file?",
    )
