"""Sounds at places in a wood: when they come, how far they are, how the trees answer.

Each maker has cells of time of its own; in a cell it sounds once or not at all. A sound is drawn,
placed and rendered whole from its cell's number, so any of them can be made on its own.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from undersong.ambience.songs import Kind
from undersong.audio import GRID, Frames, silence
from undersong.dsp.noise import Stream
from undersong.units import SAMPLE_RATE

_LENGTH = 1 << 18
"""Frames that no rendered sound exceeds: a phrase of up to 3.4 s and its tail."""

_TAIL_S = 1.6
_DECAY_S = 0.16
"""How long the wood answers, and the time in which the answer falls to 1/e."""

_FADE = 4_800

_VISIT = 7
"""Cells that a maker stays at one place."""

_KEEP = 12
"""Rendered sounds kept in memory, about 1.5 MB each."""

Spectrum = npt.NDArray[np.complex64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One bird, or one tree that creaks.

    Attributes:
        kind: what it is.
        stream: where its choices come from.
        cell_s: it sounds at most once in this time, longer than any sound.
        share: of its cells in which it does.
    """

    kind: Kind
    stream: Stream
    cell_s: float
    share: float

    def sounds(self, cell: int) -> bool:
        """Whether it sounds in a cell: rather in some visits than in others."""
        mood = 2.0 * float(self.stream.child("mood").uniform(cell // _VISIT, 1)[0])
        return bool(self.stream.child("sounds").uniform(cell, 1)[0] < self.share * mood)

    def start(self, cell: int) -> int:
        """Sample at which its sound of a cell starts."""
        room_s = self.cell_s - _LENGTH / SAMPLE_RATE
        late_s = float(self.stream.child("start").uniform(cell, 1)[0]) * room_s
        return int((cell * self.cell_s + late_s) * SAMPLE_RATE)

    def spot(self, cell: int) -> tuple[float, float]:
        """Return where it is: from left (-1) to right (1), and from near (0) to far (1)."""
        rng = self.stream.child("spot").rng(cell // _VISIT)
        return float(rng.uniform(-1.0, 1.0)), float(rng.uniform(self.kind.near, 1.0))

    def cells(self, start: int, n: int) -> range:
        """Cells whose sounds may reach into samples [start, start + n)."""
        cell = self.cell_s * SAMPLE_RATE
        return range(int((start - _LENGTH) // cell), int((start + n) // cell) + 1)


class Grove:
    """All makers of a wood; `block(k)` is what they sound in second `k`, stereo."""

    def __init__(self, makers: tuple[Maker, ...], stream: Stream, level_db: float) -> None:
        """Take the makers; `level_db` is the RMS of the nearest sound, in dBFS."""
        self._makers = makers
        self._stream = stream
        self._level_db = level_db
        self._answer: Spectrum | None = None
        self._kept: OrderedDict[tuple[int, int], Frames] = OrderedDict()

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        out, first = silence(GRID, 2), k * GRID
        for index, maker in enumerate(self._makers):
            for cell in maker.cells(first, GRID):
                if not maker.sounds(cell):
                    continue
                offset = maker.start(cell) - first
                if -_LENGTH < offset < GRID:
                    sound = self._sound(index, cell)
                    first_here = max(offset, 0)
                    part = sound[first_here - offset : GRID - offset]
                    out[first_here : first_here + len(part)] += part
        return out

    def _sound(self, index: int, cell: int) -> Frames:
        key = (index, cell)
        if key not in self._kept:
            self._kept[key] = self._render(self._makers[index], cell)
            if len(self._kept) > _KEEP:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _render(self, maker: Maker, cell: int) -> Frames:
        side, far = maker.spot(cell)
        rng = maker.stream.child("phrase").rng(cell)
        phrase = maker.kind.phrase(rng).astype(np.float32)
        dry = np.fft.rfft(phrase, _LENGTH).astype(np.complex64, copy=False)
        level_db = self._level_db + maker.kind.level_db - 11.0 * far - rng.uniform(0.0, 3.0)
        # Air and leaves take high tones over distance; a far sound is mostly the wood's answer.
        hz = np.fft.rfftfreq(_LENGTH, 1.0 / SAMPLE_RATE).astype(np.float32)
        dry *= np.exp(-far * (hz / np.float32(7_000.0)) ** np.float32(1.4))
        dry *= np.float32(10.0 ** (level_db / 20.0))
        near = 1.0 - 0.75 * far
        turn = (1.0 + 0.75 * side) * np.pi / 4.0
        direct = np.sqrt(2.0) * near * np.array([np.cos(turn), np.sin(turn)], np.float32)
        wet = dry * self._wood() * np.float32(0.35 + 0.5 * far)
        both = np.fft.irfft(wet + direct[:, None] * dry, _LENGTH)
        length = min(len(phrase) + int(_TAIL_S * SAMPLE_RATE), _LENGTH)
        sound = np.ascontiguousarray(both[:, :length].T, np.float32)
        sound[-_FADE:] *= np.linspace(1.0, 0.0, _FADE, dtype=np.float32)[:, None]
        return sound

    def _wood(self) -> Spectrum:
        """Spectra of the answer to a unit impulse, (2, bins): power 1 in each channel."""
        if self._answer is None:
            n = int(_TAIL_S * SAMPLE_RATE)
            t = np.arange(n) / SAMPLE_RATE
            course = np.exp(-t / _DECAY_S) * np.clip((t - 0.012) / 0.03, 0.0, 1.0)
            noise = self._stream.child("wood").normal(0, 2 * n).reshape(2, n) * course
            noise /= np.sqrt((noise**2).sum(axis=1, keepdims=True))
            spectra = np.fft.rfft(noise.astype(np.float32), _LENGTH)
            self._answer = spectra.astype(np.complex64, copy=False)
        return self._answer
