"""Reading a recording anywhere, a part at a time: short ones stay in memory, hours do not."""

from collections import OrderedDict
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from undersong.audio import Frames, room, silence
from undersong.errors import AmbienceError
from undersong.units import SAMPLE_RATE

_PART: Final = int(SAMPLE_RATE)
KEPT_WALKING: Final = 80
KEPT_THROUGH: Final = 6
"""Parts of a second kept in memory: 31 MB for a walk that goes to and fro, 2 MB for one way."""


class Reader:
    """The sound of a clean recording, stereo at 48 kHz; silence before and after it."""

    def __init__(self, path: Path, keep: int = KEPT_WALKING) -> None:
        """Take the path; the file is opened at the first read, and `keep` seconds stay."""
        self._path, self._keep = path, keep
        self._file: soundfile.SoundFile | None = None
        self._next = 0
        self._parts: OrderedDict[int, Frames] = OrderedDict()

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n) in a new array.

        Raises:
            AmbienceError: the file is gone or damaged.
        """
        out = room(start, n, 2)
        position = max(start, 0)
        while position < start + n:
            index, offset = divmod(position, _PART)
            part = self._part(index)
            if offset >= len(part):
                break
            count = min(len(part) - offset, start + n - position)
            out[position - start : position - start + count] = part[offset : offset + count]
            position += count
        out[max(position - start, 0) :] = 0
        return out

    def _part(self, index: int) -> Frames:
        if index in self._parts:
            self._parts.move_to_end(index)
        else:
            self._parts[index] = self._decoded(index)
            if len(self._parts) > self._keep:
                self._parts.popitem(last=False)
        return self._parts[index]

    def _decoded(self, index: int) -> Frames:
        try:
            if self._file is None:
                self._file = soundfile.SoundFile(self._path)
            if index * _PART >= self._file.frames:
                return silence(0, 2)
            if index != self._next:  # seeking costs, even to where it is
                self._file.seek(index * _PART)
            self._next = index + 1
            found: Frames = self._file.read(_PART, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise AmbienceError(
                f"the recording {self._path} cannot be read: {error}",
                hint="bring back a whole copy of it, or add it again",
            ) from error
        expected = min(_PART, self._file.frames - index * _PART)
        if len(found) < expected or not np.isfinite(found).all():
            raise AmbienceError(
                f"the recording {self._path} is damaged after {index} s",
                hint="bring back a whole copy of it, or add it again",
            )
        return found
