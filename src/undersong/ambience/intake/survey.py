"""Looking at a foreign recording from its start to its end, and changing nothing."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from undersong.ambience.intake.clipping import Flats
from undersong.ambience.intake.hum import Lines
from undersong.ambience.intake.streams import checked, opened, stereo_48k
from undersong.ambience.intake.width import Widening, Width
from undersong.audio import Frames, Tick
from undersong.dsp.loudness import Energies, gated_lufs
from undersong.errors import AudioFileError
from undersong.units import SAMPLE_RATE, gain_to_db

SHORTEST_S: Final = 10.0
"""Less cannot go on without being known again."""

CLIPPED_MOST: Final = 0.01
"""Share of samples cut off beyond which nothing helps."""

_HOP: Final = int(SAMPLE_RATE) // 10
_SILENT_DB: Final = -80.0
_FAINT_DB: Final = 30.0
"""At either end, hops so quiet, or so far below the median, are no part of the place."""

_QUIETEST_LUFS: Final = -75.0


class Survey(Struct, frozen=True, kw_only=True):
    """What was found in a foreign recording.

    Attributes:
        rate: in Hz, and `channels`, of the file.
        length: in samples at 48 kHz.
        head, tail: samples at either end that hold nothing.
        loudness_lufs: integrated, folded to stereo.
        top: highest sample of the file, 1 is full scale; `peak` after folding and at 48 kHz.
        clipped: share of samples that were cut off.
        offset_db: of the mean, the larger of both channels, in dB of full scale.
        hum_hz: lines of mains hum.
        width: what its channels need.
    """

    rate: int
    channels: int
    length: int
    head: int
    tail: int
    loudness_lufs: float
    top: float
    peak: float
    clipped: float
    offset_db: float
    hum_hz: tuple[float, ...]
    width: Widening


def survey(path: Path, tick: Tick | None = None) -> Survey:
    """Return what is found in a recording of any format.

    Raises:
        AudioFileError: missing, empty, damaged, too short, silent or cut off beyond repair.
    """
    stream = opened(path)
    look = _Look()
    native = _watched(checked(path, stream.blocks), look.flats)
    for block in stereo_48k(native, stream.channels, stream.rate):
        look.push(block)
        if tick is not None:
            tick(len(block))
    found = look.found(int(stream.rate), stream.channels)
    _expect_usable(path, found)
    return found


class _Look:
    def __init__(self) -> None:
        self.flats = Flats()
        self._lines, self._width, self._energies = Lines(), Width(), Energies(channels=2)
        self._sum = np.zeros(2)
        self._peak = 0.0
        self._length = 0
        self._hops = array("f")

    def push(self, block: Frames) -> None:
        self._lines.push(block)
        self._width.push(block)
        self._energies.push(block)
        self._sum += block.sum(axis=0, dtype=np.float64)
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
        self._length += len(block)
        whole = len(block) // _HOP * _HOP
        hops = block[:whole].reshape(-1, _HOP, 2)
        steady = hops - hops.mean(axis=1, keepdims=True)
        self._hops.frombytes((steady**2).mean(axis=(1, 2)).astype(np.float32).tobytes())

    def found(self, rate: int, channels: int) -> Survey:
        head, tail = _ends(np.frombuffer(self._hops, np.float32))
        mean = float(np.abs(self._sum).max()) / max(self._length, 1)
        return Survey(
            rate=rate,
            channels=channels,
            length=self._length,
            head=head,
            tail=tail,
            loudness_lufs=float(gated_lufs(self._energies.hops)),
            top=self.flats.top,
            peak=self._peak,
            clipped=self.flats.share,
            offset_db=float(gain_to_db(mean)),
            hum_hz=self._lines.found(),
            width=self._width.plan(),
        )


def _ends(power: np.typing.NDArray[np.float32]) -> tuple[int, int]:
    """Return how many samples at head and tail hold nothing."""
    levels = 10.0 * np.log10(np.maximum(power, 1e-30))
    if not len(levels):
        return 0, 0
    bar = max(float(np.median(levels)) - _FAINT_DB, _SILENT_DB)
    sounding = np.flatnonzero(levels > bar)
    if not sounding.size:
        return 0, 0
    return int(sounding[0]) * _HOP, (len(levels) - 1 - int(sounding[-1])) * _HOP


def _watched(blocks: Iterator[Frames], flats: Flats) -> Iterator[Frames]:
    for block in blocks:
        flats.push(block)
        yield block


def _expect_usable(path: Path, found: Survey) -> None:
    usable_s = (found.length - found.head - found.tail) / SAMPLE_RATE
    rows = (
        (found.length == 0, "it holds no sound", "is this the right file?"),
        (
            usable_s < SHORTEST_S,
            f"it holds {usable_s:.1f} s of sound; {SHORTEST_S:.0f} s are the least",
            "half a minute makes a bed, two minutes a good one",
        ),
        (
            found.loudness_lufs < _QUIETEST_LUFS,
            "it is silent",
            "was the microphone connected?",
        ),
        (
            found.clipped > CLIPPED_MOST,
            f"{100 * found.clipped:.1f} % of it was cut off at the top, too much to mend",
            "record it again at a lower level",
        ),
    )
    for wrong, why, hint in rows:
        if wrong:
            raise AudioFileError(f"{path} cannot become a bed: {why}", hint=hint)
