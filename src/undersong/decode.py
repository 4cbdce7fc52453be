"""Sound files that people bring, of whatever format, as frames at their own rate.

What soundfile reads, it reads (WAV, FLAC, MP3, Ogg, AIFF, …). Anything else (m4a, wma, the sound
of a video) goes through pydub over the ffmpeg binary that imageio-ffmpeg carries: a whole short
file in memory, 16 bit, which is what takes and cues are. Long files to be measured are piped.
"""

import re
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from undersong.audio import Frames
from undersong.errors import AudioFileError
from undersong.files import is_there
from undersong.units import Hz

BLOCK_FRAMES = 48_000
_STREAM = re.compile(r"Stream #\S+ Audio: (\w+).*?, (\d+) Hz, (\w+(?:\.\d)?)")
_LAYOUTS = {"mono": 1, "stereo": 2, "quad": 4, "5.0": 5, "5.1": 6, "7.1": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStream:
    """A sound file being read from its start: `blocks` yields Frames until it ends."""

    rate: Hz
    channels: int
    blocks: Iterator[Frames]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    codec: str
    rate: int
    channels: int


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
        raise _unreadable(path, "it holds values that are not numbers")
    return np.ascontiguousarray(frames, np.float32), Hz(int(rate))


def stream_sound(path: Path) -> SoundStream:
    """Open a file of any length for reading in blocks of about a second.

    Raises:
        AudioFileError: missing, or of no known format; damage further in is raised by `blocks`.
    """
    _expect_file(path)
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError:
        stream = _probe(path)
        return SoundStream(
            rate=Hz(stream.rate), channels=stream.channels, blocks=_pipe(path, stream.channels)
        )
    return SoundStream(rate=Hz(file.samplerate), channels=file.channels, blocks=_blocks(path, file))


def _blocks(path: Path, file: soundfile.SoundFile) -> Iterator[Frames]:
    with file:
        try:
            while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
                yield block
        except soundfile.LibsndfileError as error:
            raise _unreadable(path, str(error)) from error


def _through_pydub(path: Path) -> tuple[Frames, int]:
    codec = _probe(path).codec  # with a codec named, pydub does not look for ffprobe
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


def _pipe(path: Path, channels: int) -> Iterator[Frames]:
    strict = ("-v", "error", "-nostdin", "-xerror", "-err_detect", "explode")
    command = [_ffmpeg(), *strict, "-i", str(path), "-vn", "-f", "f32le", "-"]
    size = BLOCK_FRAMES * channels * 4
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - a fixed program, a path as one argument
        assert process.stdout is not None  # noqa: S101 - asked for above
        while content := process.stdout.read(size):
            whole = len(content) - len(content) % (4 * channels)
            yield np.frombuffer(content[:whole], np.float32).reshape(-1, channels)
        if process.wait():
            raise _unreadable(path, "its sound cannot be decoded to the end")


def _probe(path: Path) -> _Stream:
    """Ask ffmpeg what the file's first sound stream is."""
    command = [_ffmpeg(), "-hide_banner", "-nostdin", "-i", str(path)]
    try:
        answer = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 - a fixed program, a path as one argument
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unreadable(path, f"ffmpeg cannot be asked: {error}") from error
    found = _STREAM.search(answer.stderr.decode("utf-8", "replace"))
    if found is None:
        raise _unreadable(path, "its format is not known")
    codec, rate, layout = found.groups()
    return _Stream(codec=codec, rate=int(rate), channels=_LAYOUTS.get(layout, 2))


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
