"""Inner loops of filters and meters: plain Python that `compiler` compiles and the tests run.

They touch only the arrays they are given, make none and raise nothing, so that what is compiled
needs no Python and no numba when it runs. No loop is reordered by the compiler (no fast maths):
compiled and as Python they give the very same numbers.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

LANES: Final = 16
"""Stretches of a sound that are filtered side by side, which a processor's vectors can do."""

_MAGNITUDE = np.int32(0x7FFFFFFF)  # of a float32: all but its sign; as bits they order like numbers


def weigh(
    frames: F32,
    channel: int,
    sections: F64,
    state: F64,
    offset: float,
    weight: float,
    warm: int,
    lanes: tuple[F64, F64, F64, F64, F64],
    power: F64,
) -> None:
    """Add `weight` times the squares of a channel, plus `offset`, after two filters to `power`.

    Every lane but the first begins with `warm` samples of the one before, from silence: long
    enough for the filter to forget. Short sounds run in one. `lanes`, LANES long each, are
    overwritten.
    """
    lane = frames.shape[0] // LANES
    done = 0
    if lane >= warm:
        weigh_lanes(frames, channel, sections, state, offset, weight, warm, lanes, power)
        done = lane * LANES
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
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


def weigh_lanes(
    frames: F32,
    channel: int,
    sections: F64,
    state: F64,
    offset: float,
    weight: float,
    warm: int,
    lanes: tuple[F64, F64, F64, F64, F64],
    power: F64,
) -> None:
    """Filter the whole lanes of `weigh`; leave the state of the last."""
    lane = frames.shape[0] // LANES
    x, s0, s1, s2, s3 = lanes
    for k in range(LANES):
        s0[k], s1[k], s2[k], s3[k] = 0.0, 0.0, 0.0, 0.0
    for i in range(-warm, lane):
        if i == 0:
            s0[0], s1[0], s2[0], s3[0] = state[0], state[1], state[2], state[3]
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


def cascade(sound: F64, sections: F64, state: F64) -> None:
    """Run second-order sections, rows b0 b1 b2 a0 a1 a2 with a0 1, over a sound in place.

    Transposed direct form II; `state`, two numbers per section, is where it goes on.
    """
    for i in range(sound.size):
        x = sound[i]
        for s in range(sections.shape[0]):
            y = sections[s, 0] * x + state[s, 0]
            state[s, 0] = sections[s, 1] * x - sections[s, 4] * y + state[s, 1]
            state[s, 1] = sections[s, 2] * x - sections[s, 5] * y
            x = y
        sound[i] = x


def cell_heights(flat: I32, width: int, heights: I32) -> None:
    """Note the highest magnitude of every `width` float32 samples, all of them as bits."""
    for cell in range(heights.size):
        highest = np.int32(0)
        for i in range(cell * width, (cell + 1) * width):
            highest = max(highest, flat[i] & _MAGNITUDE)
        heights[cell] = highest


def cell_peaks(
    frames: F32,
    taps: F32,
    heights: F32,
    limits: F32,
    floor: float,
    cell: int,
    bends: F32,
    points: F32,
    peaks: F32,
) -> None:
    """Raise the sample peaks in `peaks` to the true peaks wherever these are above `floor`.

    `heights` are the sample peaks of all cells of `cell` frames, those of the halo included;
    `limits` the three factors of `Interpolator`: bound, straight, bent. `bends`, one per height,
    must be negative, and is overwritten, as is `points`, one per column of `taps`.
    """
    halo = taps.shape[0] // 2
    around = (heights.size - peaks.size) + 1
    for j in range(peaks.size):
        if limits[0] * highest_of(heights, j, around) <= floor:
            continue
        for k in range(j, j + around):
            if bends[k] < 0:
                bends[k] = bend(frames, k * cell, (k + 1) * cell)
        bent = limits[2] * highest_of(bends, j, around)
        for i in range(halo + j * cell, halo + (j + 1) * cell):
            for channel in range(frames.shape[1]):
                beside = max(abs(frames[i, channel]), abs(frames[i + 1, channel]))
                if limits[1] * beside + bent > max(floor, peaks[j]):
                    between(frames, taps, i + 1 - halo, channel, points)
                    peaks[j] = max(peaks[j], highest_of(points, 0, points.size))


def highest_of(values: F32, first: int, count: int) -> np.float32:
    """Return the highest magnitude among `count` values."""
    highest = np.float32(0)
    for k in range(first, first + count):
        highest = max(highest, abs(values[k]))
    return highest


def bend(frames: F32, first: int, end: int) -> np.float32:
    """Return the highest second difference at frames [first, end); the outermost have none."""
    highest = np.float32(0)
    for i in range(max(first, 1), min(end, frames.shape[0] - 1)):
        for k in range(frames.shape[1]):
            curve = (frames[i + 1, k] - frames[i, k]) - (frames[i, k] - frames[i - 1, k])
            highest = max(highest, abs(curve))
    return highest


def between(frames: F32, taps: F32, at: int, channel: int, points: F32) -> None:
    """Evaluate the points between a sample and the next; the first tap is at frame `at`."""
    for point in range(points.size):
        points[point] = 0
    for k in range(taps.shape[0]):
        x = frames[at + k, channel]
        for point in range(points.size):
            points[point] += taps[k, point] * x
