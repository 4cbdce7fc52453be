"""A transparent true-peak limiter with finite memory, at 48 kHz.

The gain at any moment is a pure function of the sound from 67 ms before to 7 ms after. Cells of
16 frames (a third of a millisecond) whose true peak is above the ceiling ask for a reduction;
each request is held over the cells that share samples with it, released along a raised cosine,
looked ahead for, and smoothed by a window as long as the look-ahead. As a weighted mean of values
that are all at least the request, the reduction is never less than what is asked. Between cells
the gain runs in straight lines; where nothing is asked it is exactly 1.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from undersong.audio import Frames
from undersong.dsp.true_peak import CELL, HALO, cell_peaks
from undersong.units import SAMPLE_RATE, db_to_gain

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

MARGIN_DB: Final = 0.2
"""How far below the ceiling peaks are held, so that meters that look closer find none above it:
for a gain that moves between the points, and for sound near half the sampling rate, where meters
disagree. Dark noise limited by 6 dB then measures at most 0.02 dB above the ceiling by FFT; white
noise, which is no programme, half a dB."""

_ATTACK_CELLS = 15  # 5 ms
_RELEASE_CELLS = 180  # 60 ms
_HALO_CELLS = HALO // CELL
_HELD_CELLS = 2 * _HALO_CELLS + 2  # around a gain point: cells interpolated from samples next to it

BEFORE: Final = (_ATTACK_CELLS + _RELEASE_CELLS + 2 * _HALO_CELLS + 1) * CELL
"""Frames of context before a span."""

AFTER: Final = (_ATTACK_CELLS + 2 * _HALO_CELLS + 1) * CELL
"""Frames of context after a span."""


def limiter_gain(frames: Frames, ceiling: float) -> F32 | None:
    """Return the gain of every frame, linear, one for all channels; None where all are 1.

    `frames` (BEFORE + n + AFTER, channels), n a multiple of CELL, gives float32 (n), in (0, 1].
    The true peak of frames times gain stays below `ceiling` (linear).
    """
    held_below = ceiling * db_to_gain(-MARGIN_DB)
    peaks = cell_peaks(frames, SAMPLE_RATE, floor=held_below)
    if not (peaks > held_below).any():
        return None
    asked = 1 - held_below / np.maximum(peaks.astype(np.float64), held_below)
    points = 1 - _smooth(_look_ahead(_release(_hold(asked))))
    steps = np.diff(points)[:, np.newaxis] * (np.arange(CELL) / CELL)
    return np.asarray((points[:-1, np.newaxis] + steps).reshape(-1).astype(np.float32))


def loud_cells(frames: Frames, ceiling: float) -> npt.NDArray[np.intp]:
    """Return which cells ask for a reduction; the first begins at frame HALO.

    `frames` (HALO + n + HALO, channels), n a multiple of CELL.
    """
    held_below = ceiling * db_to_gain(-MARGIN_DB)
    return np.flatnonzero(cell_peaks(frames, SAMPLE_RATE, floor=held_below) > held_below)


def _hold(reductions: F64) -> F64:
    return _highest_of(reductions, _HELD_CELLS)


def _release(reductions: F64) -> F64:
    shape = 0.5 + 0.5 * np.cos(np.pi * np.arange(_RELEASE_CELLS + 1) / (_RELEASE_CELLS + 1))
    fading = sliding_window_view(reductions, shape.size) * shape[::-1]
    return np.asarray(fading.max(1))


def _look_ahead(reductions: F64) -> F64:
    return _highest_of(reductions, _ATTACK_CELLS + 1)


def _smooth(reductions: F64) -> F64:
    window = np.hanning(_ATTACK_CELLS + 3)[1:-1]
    return np.convolve(reductions, window / window.sum(), "valid")


def _highest_of(values: F64, count: int) -> F64:
    """Highest of every `count` neighbours."""
    return np.asarray(sliding_window_view(values, count).max(1))
