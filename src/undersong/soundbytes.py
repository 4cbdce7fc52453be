"""Sound files that are bytes in memory, read and written without calling back into Python.

libsndfile can be given Python's own file objects, but Ctrl-C during a call back is lost there, and
then looks like damaged sound.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from undersong.audio import Frames
from undersong.units import Hz

Samples = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def read_bytes(content: bytes) -> tuple[Frames, Hz]:
    """Return all frames (n, channels) of a sound file that soundfile reads, and its rate.

    Raises:
        soundfile.LibsndfileError: it is none.
    """
    with _file(content) as path:
        frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(frames, np.float32), Hz(int(rate))


def wav_bytes(samples: Samples, rate_hz: int, subtype: str = "PCM_24") -> bytes:
    """Return samples (n,) or (n, channels) as a WAV file; the same always give the same bytes."""
    with _file(b"") as path:
        soundfile.write(path, samples, rate_hz, format="WAV", subtype=subtype)
        return path.read_bytes()


if sys.platform == "linux":

    @contextmanager
    def _file(content: bytes) -> Iterator[Path]:
        """Yield the path of a file in memory."""
        descriptor = os.memfd_create("undersong")
        try:
            path = Path(f"/proc/self/fd/{descriptor}")
            path.write_bytes(content)
            yield path
        finally:
            os.close(descriptor)
else:  # pragma: no cover - other platforms

    @contextmanager
    def _file(content: bytes) -> Iterator[Path]:
        """Yield the path of a temporary file."""
        descriptor, name = tempfile.mkstemp(prefix="undersong-")
        os.close(descriptor)
        path = Path(name)
        try:
            path.write_bytes(content)
            yield path
        finally:
            path.unlink()
