"""Lossy formats through ffmpeg's binary: the same encoders as libsndfile's, three times faster.

It runs as a process of its own, so encoding also goes on beside everything else.
"""

import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import IO, Final, Protocol, Self

import numpy as np

from undersong.audio import Frames
from undersong.deliver.codecs import CODECS, Codec, Encoder, settled, unwritten
from undersong.deliver.lame import settle_length
from undersong.errors import OutputError
from undersong.machine import unhurried
from undersong.units import SAMPLE_RATE

_QUIET: Final = ("-hide_banner", "-nostats", "-v", "error", "-y")
_BARE: Final = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
"""No tags of its own, no clock, no version: the same sound gives the same bytes."""

_PIPE_BYTES: Final = 1 << 20
"""Room for 2.7 s of sound, the most that Linux gives anyone: the encoder goes on with it while the
next blocks are mixed."""


def open_encoder(path: Path, codec: Codec, *, channels: int, length: int, name: Path) -> "Encoding":
    """Open `path`, which messages call `name`, with the fastest encoder there is for a format.

    Raises:
        OutputError: the file cannot be opened.
    """
    binary = ffmpeg() if codec.ffmpeg else None
    if binary is None:
        return Encoder(path, codec, channels=channels, length=length, name=name)
    return Piped(path, codec, channels=channels, name=name, binary=binary)


class Encoding(Protocol):
    """One file being written, block after block; leave the `with` block to finish it.

    Attributes:
        checksums: as of `Encoder`.
    """

    checksums: list[int] | None

    def write(self, frames: Frames) -> None:
        """Encode frames (n, channels)."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish, or give up."""
        ...


class Feed:
    """A process of ffmpeg that encodes what is written to it, block after block."""

    checksums: list[int] | None = None

    def __init__(
        self, binary: str, made: tuple[str, ...], *, channels: int, name: Path, into: int
    ) -> None:
        """Start the process.

        Args:
            binary: ffmpeg's.
            made: its arguments from the encoder on.
            channels: of the sound.
            name: what messages call the file.
            into: where its standard output goes, as for `Popen`.
        """
        self._name, self._channels = name, channels
        self._written = 0
        sound = ("-f", "f32le", "-ar", f"{SAMPLE_RATE}", "-ac", f"{channels}", "-i", "pipe:0")
        with unhurried():
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program, a path as one argument
                [binary, *_QUIET, *sound, *made],
                stdin=subprocess.PIPE,
                stdout=into,
                stderr=subprocess.PIPE,
                pipesize=_PIPE_BYTES,
                start_new_session=True,  # Ctrl-C is for us, who then end it
            )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stderr is not None  # noqa: S101
        self._input, self._errors = self._process.stdin, self._process.stderr

    def write(self, frames: Frames) -> None:
        """Encode frames (n, channels).

        Raises:
            OutputError: no space, or the file system failed.
        """
        if frames.shape[1:] != (self._channels,):
            msg = f"Invalid shape: {frames.shape}, not (n, {self._channels})"
            raise ValueError(msg)
        try:
            self._input.write(np.ascontiguousarray(frames, "<f4").data)
            self._written += len(frames)
        except OSError as error:
            raise self._failure() from error

    def __enter__(self) -> Self:
        """Nothing more to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what is being made; given up, end the process."""
        if kind is not None:
            self._process.kill()
            self._end()
            return
        try:
            self._input.close()
        except OSError as broken:
            raise self._failure() from broken
        if self._process.wait():
            raise self._failure()
        self._end()

    def _failure(self) -> OutputError:
        """Return why the process ended early, in its own last words."""
        said = self._end().splitlines()
        return unwritten(self._name, OutputError(said[-1] if said else ""))

    def _end(self) -> str:
        """Wait for the end of the process; return what it said."""
        if self._errors.closed:
            return ""
        with suppress(OSError):
            self._input.close()
        with self._errors:
            said: bytes = self._errors.read()
        self._process.wait()
        return said.decode("utf-8", "replace").strip()


class Piped(Feed):
    """One file being written by ffmpeg, block after block; as `Encoder`, of lossy formats."""

    def __init__(self, path: Path, codec: Codec, *, channels: int, name: Path, binary: str) -> None:
        """Start the process; a path that cannot be written is told of when there is sound."""
        self._path, self._codec = path, codec
        made = (*codec.ffmpeg, *_BARE, "-f", codec.name, f"file:{path}")
        super().__init__(binary, made, channels=channels, name=name, into=subprocess.DEVNULL)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file and take chance out of it; given up, end the process."""
        super().__exit__(kind, error, trace)
        if kind is not None:
            return
        settled(self._path, self._codec, self._name)
        if self._codec.name == "mp3":
            self._settle_length()

    def _settle_length(self) -> None:
        try:
            settle_length(self._path, self._written)
        except (OSError, OutputError) as error:
            raise unwritten(self._name, error) from error


class Loose(Feed):
    """The bare frames of a format being written into an open file, without any header."""

    def __init__(
        self, file: IO[bytes], codec: Codec, *, channels: int, name: Path, binary: str
    ) -> None:
        """Start the process, which writes from where `file` stands."""
        made = (*codec.ffmpeg, "-write_xing", "0", *_BARE, "-f", codec.name, "pipe:1")
        super().__init__(binary, made, channels=channels, name=name, into=file.fileno())


def try_ahead(formats: Iterable[str]) -> None:
    """Have ffmpeg's binary found and tried beside whatever comes first, if formats need it."""
    if any(CODECS[name].ffmpeg for name in formats):
        Thread(target=ffmpeg, name="trying ffmpeg", daemon=True).start()


def ffmpeg() -> str | None:
    """Return the binary that imageio-ffmpeg carries; None where there is none."""
    import imageio_ffmpeg  # noqa: PLC0415 - only for lossy formats

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None
