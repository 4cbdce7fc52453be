"""True peak: how high the sound rises between its samples (BS.1770-5 Annex 2).

A polyphase FIR evaluates eight points per sample, four from 96 kHz and two from 192 kHz on: at
48 kHz a 20 kHz tone reads at most 0.12 dB low. Nothing is evaluated where the samples and their
curvature show that it cannot matter.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from undersong.audio import Frames
from undersong.dsp.compiled import Kernels, kernels

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

CELL: Final = 16
"""Frames per cell, the grain in which peaks are looked for."""

HALO: Final = 32
"""Frames that the interpolation needs on each side of a cell."""

BLOCK_CELLS: Final = 3000
"""Cells per block of the streaming detector: one second at 48 kHz."""

_KAISER = 6.0  # flat within 0.02 dB up to 0.46 of the rate: 22 kHz at 48 kHz
_ROUNDING = 1.0001  # what float32 may add
_FACTORS = ((192_000, 2), (96_000, 4), (0, 8))  # from this rate in Hz on, points per sample
_AT_ONCE = 24  # windows per product: small enough for BLAS to stay in one thread, see _highest
_BATCH = 40  # products whose results are compared together: they stay in the processor's cache


class Interpolator(Struct, frozen=True, kw_only=True, eq=False):
    """The points between the samples of one cell as one matrix product, and how high they get.

    Attributes:
        taps: float32 (2 HALO, points between two samples), filled up to a multiple of four.
        matrix: float32 (points, CELL + 2 HALO - 1): window of samples to the points of its cell.
        bound: no point is higher than this times the highest sample of its window.
        straight, bent: nor than `straight` times the higher of the two samples beside it plus
            `bent` times the highest second difference in its window; for most sound this is
            the tighter one.
    """

    taps: F32
    matrix: F32
    bound: float
    straight: float
    bent: float

    @property
    def limits(self) -> F32:
        """All three together."""
        return np.array([self.bound, self.straight, self.bent], np.float32)


@lru_cache
def interpolator(rate: int) -> Interpolator:
    """Design the Kaiser-windowed sinc for a sampling rate."""
    factor = next(factor for lowest, factor in _FACTORS if rate >= lowest)
    phases = [_taps(phase / factor) for phase in range(1, factor)]
    rows = [np.pad(taps, (i, CELL - 1 - i)) for taps in phases for i in range(CELL)]
    departures = [_departure(taps, (k + 1) / factor) for k, taps in enumerate(phases)]
    return Interpolator(
        taps=np.pad(np.array(phases, np.float32).T, ((0, 0), (0, -len(phases) % 4))).copy(),
        matrix=np.array(rows, np.float32),
        bound=_ROUNDING * float(max(np.abs(taps).sum() for taps in phases)),
        straight=_ROUNDING * (1 + 2 * max(slope for slope, _ in departures)),
        bent=_ROUNDING * max(bend for _, bend in departures),
    )


def _taps(phase: float) -> F64:
    """Taps of the point at `phase` between the samples HALO - 1 and HALO."""
    at = np.arange(1 - HALO, HALO + 1) - phase
    taps = np.sinc(at) * np.i0(_KAISER * np.sqrt(np.maximum(0, 1 - (at / HALO) ** 2)))
    return np.asarray(taps / taps.sum())


def _departure(taps: F64, phase: float) -> tuple[float, float]:
    """How far taps depart from a straight line between two samples.

    What is left of them after the line is a slope between these samples, and a filter of second
    differences; the result is the size of the slope, and the sum of that filter's taps.
    """
    left = taps.copy()
    left[HALO - 1 : HALO + 1] -= (1 - phase, phase)
    slope = float(left @ np.arange(1 - HALO, HALO + 1))
    left[HALO - 1 : HALO + 1] -= (-slope, slope)
    return abs(slope), float(np.abs(left.cumsum().cumsum()).sum())


def cell_heights(frames: Frames) -> F32:
    """Return the highest magnitude of a sample in every cell of frames, over all channels."""
    found = kernels()
    if found is None:
        return _by_cell(np.abs(frames))
    return found.cell_heights(np.ascontiguousarray(frames, np.float32), CELL)


def cell_peaks(frames: Frames, rate: int, *, floor: float = 0.0, heights: F32 | None = None) -> F32:
    """Return the true peak of every cell, over all channels.

    `frames` (HALO + n + HALO, channels), n a multiple of CELL, gives float32 (n / CELL): linear,
    exact where it is above `floor`; elsewhere at least the sample peak, at most `floor`. `heights`
    are what `cell_heights` returns, if that is known.
    """
    found = kernels()
    tall = cell_heights(frames) if heights is None else heights
    return (
        _interpreted(frames, tall, rate, floor)
        if found is None
        else _compiled(found, frames, tall, rate, floor)
    )


def _compiled(found: Kernels, frames: Frames, heights: F32, rate: int, floor: float) -> F32:
    design, halo = interpolator(rate), HALO // CELL
    peaks = heights[halo:-halo].copy()
    found.raise_peaks(
        np.ascontiguousarray(frames, np.float32),
        taps=design.taps,
        heights=heights,
        limits=design.limits,
        floor=floor,
        peaks=peaks,
    )
    return peaks


def _interpreted(frames: Frames, heights: F32, rate: int, floor: float) -> F32:
    peaks = heights[HALO // CELL : -HALO // CELL].copy()
    if heights.max() * interpolator(rate).bound > floor:
        hot = np.flatnonzero(_at_most(frames, heights, rate) > floor)
        if hot.size:
            peaks[hot] = np.maximum(peaks[hot], _between(frames, rate, hot))
    return peaks


def _at_most(frames: Frames, samples: F32, rate: int) -> F32:
    """How high each cell can be at most, from its samples alone."""
    design, halo = interpolator(rate), HALO // CELL
    bends = np.zeros_like(frames)
    bends[1:-1] = np.abs(np.diff(frames, 2, axis=0))
    nearby = np.maximum(samples[halo:-halo], samples[halo + 1 : len(samples) - halo + 1])
    by_curve = design.straight * nearby + design.bent * _around(_by_cell(bends))
    return np.asarray(np.minimum(design.bound * _around(samples), by_curve))


def _by_cell(magnitudes: F32) -> F32:
    """Highest value of each cell of frames, halo cells included."""
    flat = magnitudes.reshape(-1)
    return np.maximum.reduceat(flat, np.arange(0, flat.size, CELL * magnitudes.shape[1]))


def _around(cells: F32) -> F32:
    """Highest value of each cell and those that its interpolation looks at."""
    return np.asarray(sliding_window_view(cells, 2 * HALO // CELL + 1).max(1))


def _between(frames: Frames, rate: int, cells: npt.NDArray[np.intp]) -> F32:
    """Highest interpolated point of the given cells, over all channels."""
    matrix = interpolator(rate).matrix
    length, channels = matrix.shape[1], frames.shape[1]
    every = sliding_window_view(np.ascontiguousarray(frames.T), length, axis=1)[:, 1::CELL]
    padded = np.append(cells, np.full(-len(cells) % _AT_ONCE, cells[0]))
    windows = every[:, padded].reshape(-1, _AT_ONCE, length)
    batches = [windows[start : start + _BATCH] for start in range(0, len(windows), _BATCH)]
    highest = np.concatenate([_highest(matrix, batch) for batch in batches])
    return np.asarray(highest.reshape(channels, -1).max(0)[: len(cells)])


def _highest(matrix: F32, windows: F32) -> F32:
    """Highest point of each window: (products, _AT_ONCE, length) gives (products * _AT_ONCE).

    The products are small and all of one shape: larger ones make OpenBLAS start threads, which
    wait for each other up to thirty times longer than the work takes when the machine is busy.
    """
    points = np.empty((len(matrix), *windows.shape[:2]), np.float32)
    np.matmul(matrix, windows.transpose(0, 2, 1), out=points.transpose(1, 0, 2))
    return np.asarray(np.maximum(points.max(0), -points.min(0)).reshape(-1))


class TruePeak:
    """Streaming true-peak detector; how the input is cut never changes the result.

    Before its start and after its end the sound is silence. Any rate, any number of channels.
    """

    def __init__(self, channels: int, rate: int = 48_000) -> None:
        """Start with nothing heard."""
        self._rate = rate
        self._peak = 0.0
        self._waiting = np.zeros((HALO + CELL, channels), np.float32)

    def push(self, frames: Frames) -> None:
        """Take frames (n, channels)."""
        block = BLOCK_CELLS * CELL
        waiting = np.concatenate([self._waiting, frames], dtype=np.float32)
        start = 0
        while len(waiting) - start >= block + 2 * HALO:
            self._peak = self._highest(waiting[start : start + block + 2 * HALO])
            start += block
        self._waiting = waiting[start:].copy()

    @property
    def peak(self) -> float:
        """Highest absolute value so far, linear, as if the sound ended here."""
        missing = -len(self._waiting) % CELL + 2 * HALO
        return self._highest(np.pad(self._waiting, ((0, missing), (0, 0))))

    def _highest(self, frames: Frames) -> float:
        heights = cell_heights(frames)
        floor = max(self._peak, float(heights.max()))
        peaks = cell_peaks(frames, self._rate, floor=floor, heights=heights)
        return max(floor, float(peaks.max()))
