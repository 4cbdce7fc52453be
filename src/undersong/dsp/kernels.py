"""Inner loops of measuring, compiled by numba when this module is imported.

Compiling takes some seconds once; numba keeps the result beside this file, or in the user's cache
folder when that cannot be written, and replaces its files atomically. Where nothing can be kept
they are compiled at every start. No loop is reordered by the compiler (no fast maths), so that
the plain functions, which the tests run as Python, give the very same numbers.
"""

import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

LANES: Final = 16
"""Stretches of a sound that are filtered side by side, which a processor's vectors can do."""

_UNKEPT = (RuntimeError, OSError, EOFError, ValueError, pickle.UnpicklingError)


def _weigh(
    frames: F32,
    channel: int,
    sections: F64,
    state: F64,
    offset: float,
    weight: float,
    warm: int,
    power: F64,
) -> None:
    """Add `weight` times the squares of a channel, plus `offset`, after two filters to `power`.

    Every lane but the first begins with `warm` samples of the one before, from silence: long
    enough for the filter to forget. Short sounds run in one.
    """
    lane = frames.shape[0] // LANES
    done = 0
    if lane >= warm:
        _weigh_lanes(frames, channel, sections, state, offset, weight, warm, power)
        done = lane * LANES
    s0, s1, s2, s3 = state
    for i in range(done, frames.shape[0]):
        x = frames[i, channel] + offset
        y = sections[0, 0] * x + s0
        s0 = sections[0, 1] * x - sections[0, 4] * y + s1
        s1 = sections[0, 2] * x - sections[0, 5] * y
        z = sections[1, 0] * y + s2
        s2 = sections[1, 1] * y - sections[1, 4] * z + s3
        s3 = sections[1, 2] * y - sections[1, 5] * z
        power[i] += weight * z * z
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3


def _weigh_lanes(
    frames: F32,
    channel: int,
    sections: F64,
    state: F64,
    offset: float,
    weight: float,
    warm: int,
    power: F64,
) -> None:
    """Filter the whole lanes of `_weigh`; leave the state of the last."""
    lane = frames.shape[0] // LANES
    x, s0, s1 = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    s2, s3 = np.zeros(LANES), np.zeros(LANES)
    for i in range(-warm, lane):
        if i == 0:
            s0[0], s1[0], s2[0], s3[0] = state
        for k in range(LANES):
            x[k] = frames[max(k * lane + i, 0), channel] + offset
        for k in range(LANES):
            y = sections[0, 0] * x[k] + s0[k]
            s0[k] = sections[0, 1] * x[k] - sections[0, 4] * y + s1[k]
            s1[k] = sections[0, 2] * x[k] - sections[0, 5] * y
            z = sections[1, 0] * y + s2[k]
            s2[k] = sections[1, 1] * y - sections[1, 4] * z + s3[k]
            s3[k] = sections[1, 2] * y - sections[1, 5] * z
            x[k] = z * z
        if i >= 0:
            for k in range(LANES):
                power[k * lane + i] += weight * x[k]
    last = LANES - 1
    state[0], state[1], state[2], state[3] = s0[last], s1[last], s2[last], s3[last]


def _cell_heights(flat: I32, width: int, heights: I32) -> None:
    """Note the highest magnitude of every `width` samples; as bits, which order like numbers."""
    for cell in range(heights.size):
        highest = np.int32(0)
        for i in range(cell * width, (cell + 1) * width):
            highest = max(highest, flat[i] & np.int32(0x7FFFFFFF))
        heights[cell] = highest


def _bend(frames: F32, first: int, end: int) -> np.float32:
    """Return the highest second difference at frames [first, end); the outermost have none."""
    highest = np.float32(0)
    for i in range(max(first, 1), min(end, frames.shape[0] - 1)):
        for k in range(frames.shape[1]):
            bend = (frames[i + 1, k] - frames[i, k]) - (frames[i, k] - frames[i - 1, k])
            highest = max(highest, abs(bend))
    return highest


def _between(frames: F32, taps: F32, at: int, channel: int) -> np.float32:
    """Return the highest of the points between a sample and the next; the first tap is at `at`."""
    points = np.zeros(taps.shape[1], np.float32)
    for k in range(taps.shape[0]):
        x = frames[at + k, channel]
        for point in range(taps.shape[1]):
            points[point] += taps[k, point] * x
    return np.float32(np.abs(points).max())


def _cell_peaks(
    frames: F32, taps: F32, heights: F32, limits: F32, floor: float, halo: int, peaks: F32
) -> None:
    """Raise the sample peaks in `peaks` to the true peaks wherever these are above `floor`.

    `heights` are the sample peaks of all cells, those of the halo included; `limits` the three
    factors of `Interpolator`: bound, straight, bent.
    """
    cell = frames.shape[0] // heights.size
    around = 2 * (halo // cell) + 1
    bends = np.full(heights.size, np.float32(-1))
    for j in range(peaks.size):
        if limits[0] * heights[j : j + around].max() <= floor:
            continue
        for k in range(j, j + around):
            if bends[k] < 0:
                bends[k] = _bend(frames, k * cell, (k + 1) * cell)
        bent = limits[2] * bends[j : j + around].max()
        for i in range(halo + j * cell, halo + (j + 1) * cell):
            for channel in range(frames.shape[1]):
                beside = max(abs(frames[i, channel]), abs(frames[i + 1, channel]))
                if limits[1] * beside + bent > max(floor, peaks[j]):
                    peaks[j] = max(peaks[j], _between(frames, taps, i + 1 - halo, channel))


def _compiled(function: Callable[..., Any], signature: str) -> Any:  # noqa: ANN401 - numba has no types
    try:
        return numba.njit(signature, cache=True, nogil=True)(function)
    except _UNKEPT:
        return numba.njit(signature, nogil=True)(function)


_TABLE, _ROW = "float32[:, ::1]", "float64[::1]"
_FILTER = f"void({_TABLE}, int64, float64[:, ::1], {_ROW}, float64, float64, int64, {_ROW})"

plain = SimpleNamespace(
    weigh=_weigh,
    weigh_lanes=_weigh_lanes,
    cell_heights=_cell_heights,
    bend=_bend,
    between=_between,
    cell_peaks=_cell_peaks,
)
"""The same as Python, for tests: what it calls is compiled."""

_bend = _compiled(_bend, f"float32({_TABLE}, int64, int64)")
_between = _compiled(_between, f"float32({_TABLE}, {_TABLE}, int64, int64)")
_weigh_lanes = _compiled(_weigh_lanes, _FILTER)
weigh = _compiled(_weigh, _FILTER)
cell_heights = _compiled(_cell_heights, "void(int32[::1], int64, int32[::1])")
cell_peaks = _compiled(
    _cell_peaks,
    f"void({_TABLE}, {_TABLE}, float32[::1], float32[::1], float32, int64, float32[::1])",
)
