"""WAV files of 24 bits, written and read as the bytes they are: no conversion takes its time."""

import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.audio import PASS, Frames
from undersong.deliver.riff import chunks
from undersong.dsp.compiled import Kernels, kernels
from undersong.units import SAMPLE_RATE

WIDTH: Final = 3
"""Bytes of a sample."""

_FULL_SCALE, _AT_ONCE = 1 << 23, 4
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")  # RIFF, WAVE, `fmt ` of 16 bytes, `data`
_FORMAT_BYTES, _PCM = 16, 1


class PcmFile:
    """A RIFF file of 24-bit numbers, being written."""

    def __init__(self, path: Path, *, channels: int, length: int) -> None:
        """Open `path` for `length` frames; OSError as it comes."""
        self._channels, self._length, self._written = channels, length, 0
        self._file = path.open("wb")
        self._file.write(_header(channels, length))

    def write(self, frames: Frames) -> int:
        """Write frames (n, channels) and return the CRC-32 of their bytes.

        Raises:
            ValueError: another number of channels.
            OSError: no space, or the file system failed.
        """
        if frames.shape[1:] != (self._channels,):
            msg = f"Invalid shape: {frames.shape}, not (n, {self._channels})"
            raise ValueError(msg)
        content = packed(frames)
        self._file.write(content.data)
        self._written += len(frames)
        return zlib.crc32(content.data)

    def close(self) -> None:
        """Finish the file: its length is that of what was written."""
        with self._file as file:
            file.write(bytes(self._written * self._channels * WIDTH % 2))
            if self._written != self._length:
                file.seek(0)
                file.write(_header(self._channels, self._written))


def packed(frames: Frames) -> npt.NDArray[np.uint8]:
    """Return frames as bytes: the nearest 24-bit numbers, full scale held, lowest byte first."""
    found = kernels()
    samples = np.ascontiguousarray(frames, np.float32).reshape(-1)
    return _interpreted(samples) if found is None else _compiled(found, samples)


def _compiled(found: Kernels, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    missing = -samples.size % _AT_ONCE
    whole = np.append(samples, np.zeros(missing, np.float32)) if missing else samples
    return found.pack(whole).view(np.uint8)[: samples.size * WIDTH]


def _interpreted(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    numbers = np.clip(np.rint(samples * np.float64(_FULL_SCALE)), -_FULL_SCALE, _FULL_SCALE - 1)
    return numbers.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :WIDTH].reshape(-1)


def read_pcm(path: Path, channels: int, first: int, blocks: int) -> tuple[int, list[int]]:
    """Return how many frames some blocks of PASS frames have, and the CRC-32 of each one's bytes.

    Raises:
        StopIteration: the file holds no sound.
    """
    width, count, checksums = channels * WIDTH, 0, []
    with path.open("rb") as file:
        sound = next(chunk for chunk in chunks(file) if chunk.name == b"data")
        file.seek(sound.start + first * PASS * width)
        left = min(sound.size - first * PASS * width, blocks * PASS * width)
        while left > 0 and (content := file.read(min(left, PASS * width))):
            left -= len(content)
            count += len(content) // width
            checksums.append(zlib.crc32(content))
    return count, checksums


def _header(channels: int, length: int) -> bytes:
    width = channels * WIDTH
    size = length * width
    rates = (SAMPLE_RATE, SAMPLE_RATE * width, width, 8 * WIDTH)
    whole = _HEADER.size - 8 + size + size % 2
    return _HEADER.pack(
        *(b"RIFF", whole, b"WAVE", b"fmt ", _FORMAT_BYTES, _PCM, channels, *rates, b"data", size)
    )
