"""Inner loops of filters and meters: plain Python that `compiler` compiles and the tests run.

They touch only the arrays they are given, make none and raise nothing, so that what is compiled
needs no Python and no numba when it runs. No loop is reordered by the compiler (no fast maths):
compiled and as Python they give the very same numbers.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
Words = npt.NDArray[np.int32] | npt.NDArray[np.int64]
"""Frames of one or of two samples, as bits."""

LANES: Final = 16
"""Values that are filtered side by side, each in a lane: what a processor's vectors can do at once.
They are the channels, one or two, of stretches of a sound."""

ROUND: Final = 3
"""Frames that a lane takes in a row, before the filters' memory is put down."""

GATHERED: Final = 48
"""Frames of every lane that are brought together before they are filtered. What is read at once
must not have been written just before, value by value: a processor waits for that."""

Taps = tuple[float, float, float, float, float, float, float]

Rows = tuple[F32, F32, F32]
"""The cells of a sound in rows, and rows as many that begin one and two frames later; what of them
lies behind the sound is not looked at."""

_FULL = 2.0**23
_ROUNDS = 1.5 * 2.0**52  # added to a float64 it leaves no place for fractions
_BYTE, _BYTES_2, _BYTES_3 = np.uint32(8), np.uint32(16), np.uint32(24)
_LOW_24 = np.uint32(0xFFFFFF)
_MAGNITUDE = np.int32(0x7FFFFFFF)  # of a float32: all but its sign; as bits they order like numbers


def weighing(stretches: int) -> Callable[..., None]:  # noqa: C901 - as what it returns
    """Return `weigh_wide` for as many stretches, of LANES / `stretches` channels each."""
    channels = LANES // stretches

    def weigh_wide(  # noqa: C901 - loops are unrolled and joined only where they stand
        rows: Words,
        cells: Words,
        lanes: F32,
        sections: F64,
        state: F64,
        offset: float,
        run_in: int,
        step: int,
        memory: F64,
        sums: F64,
    ) -> None:
        """As `weigh` of all channels of a sound, unweighted and in stretches.

        Row k of `rows` is stretch k of the sound, a word for every frame; each but the first begins
        with `run_in` steps of the one before, from silence: long enough for the filters to forget.
        `state` (channels, 4) is where the filters go on in the first, and after the last. `sums`
        (steps of a stretch, LANES) are written. `memory` (5, LANES) is overwritten, and so are
        `cells` (GATHERED, stretches), whose words are, as float32, `lanes` (GATHERED, LANES).
        """
        taps, each = taps_of(sections), sums.shape[0]
        for row in range(4):
            for k in range(LANES):
                memory[row, k] = 0.0
        for j in range(-run_in, each):
            for k in range(LANES):
                memory[4, k] = 0.0
            for row in range(4 if j == 0 else 0):
                for k in range(channels):
                    memory[row, k] = state[k, row]
            back = 1 if j < 0 else 0
            for i in range(0, step, GATHERED):
                count = min(GATHERED, step - i)
                first = (j + back * each) * step + i
                for u in range(count):
                    for k in range(stretches):
                        cells[u, k] = rows[max(k - back, 0), max(first + u, 0)]
                filter_lanes(lanes, taps, offset, count, memory)
            for k in range(LANES if j >= 0 else 0):
                sums[j, k] = memory[4, k]
        for row in range(4):
            for k in range(channels):
                state[k, row] = memory[row, LANES - channels + k]

    return weigh_wide


def filter_lanes(lanes: F32, taps: Taps, offset: float, count: int, memory: F64) -> None:
    """Filter some frames of all lanes; rows 0 to 3 of `memory` are the filters', 4 their sums."""
    whole = count // ROUND * ROUND
    for i in range(0, whole, ROUND):
        for k in range(LANES):
            a, b, c, d = memory[0, k], memory[1, k], memory[2, k], memory[3, k]
            total = memory[4, k]
            for u in range(ROUND):
                z, a, b, c, d = k_weighted(lanes[i + u, k] + offset, a, b, c, d, taps)
                total += z * z
            memory[0, k], memory[1, k], memory[2, k], memory[3, k] = a, b, c, d
            memory[4, k] = total
    for i in range(whole, count):
        for k in range(LANES):
            a, b, c, d = memory[0, k], memory[1, k], memory[2, k], memory[3, k]
            z, a, b, c, d = k_weighted(lanes[i, k] + offset, a, b, c, d, taps)
            memory[0, k], memory[1, k], memory[2, k], memory[3, k] = a, b, c, d
            memory[4, k] += z * z


weigh_wide_mono, weigh_wide_stereo = weighing(LANES), weighing(LANES // 2)


def weigh(
    frames: F32,
    channel: int,
    weight: float,
    sections: F64,
    state: F64,
    offset: float,
    step: int,
    sums: F64,
) -> None:
    """Add to `sums` a channel's weighted squares, plus `offset`, after two filters.

    Sum j is that of frames [j step, (j + 1) step); `state` (4) is where the filters go on.
    """
    taps = taps_of(sections)
    a, b, c, d = state[0], state[1], state[2], state[3]
    for j in range(sums.size):
        total = 0.0
        for i in range(j * step, (j + 1) * step):
            z, a, b, c, d = k_weighted(frames[i, channel] + offset, a, b, c, d, taps)
            total += z * z
        sums[j] += weight * total
    state[0], state[1], state[2], state[3] = a, b, c, d


def taps_of(sections: F64) -> Taps:
    """Return what varies in the two sections of K-weighting, rows b0 b1 b2 a0 a1 a2."""
    one, two = sections[0], sections[1]
    return one[0], one[1], one[2], one[4], one[5], two[4], two[5]


def k_weighted(
    x: float, a: float, b: float, c: float, d: float, taps: Taps
) -> tuple[float, float, float, float, float]:
    """Return a sample after two sections, and their memory after it (transposed direct form II).

    The numerator of the second is 1, -2, 1, as BS.1770 has it.
    """
    y = taps[0] * x + a
    a = taps[1] * x - taps[3] * y + b
    b = taps[2] * x - taps[4] * y
    z = y + c
    c = -2.0 * y - taps[5] * z + d
    d = y - taps[6] * z
    return z, a, b, c, d


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


def cell_heights(cells: I32, heights: I32) -> None:
    """Note the highest magnitude of every row of float32 samples, all of them as bits."""
    for cell in range(heights.size):
        highest = np.int32(0)
        for k in range(cells.shape[1]):
            highest = max(highest, cells[cell, k] & _MAGNITUDE)
        heights[cell] = highest


def pack(samples: F32, words: U32) -> None:
    """Write samples as numbers of 24 bits, the lowest byte first, four of them to three words.

    The nearest numbers, ties to the even one; full scale is 2^23, and held.
    """
    for i in range(words.size // 3):
        a, b = number_24(samples[4 * i]), number_24(samples[4 * i + 1])
        c, d = number_24(samples[4 * i + 2]), number_24(samples[4 * i + 3])
        words[3 * i] = a | (b << _BYTES_3)
        words[3 * i + 1] = (b >> _BYTE) | (c << _BYTES_2)
        words[3 * i + 2] = (c >> _BYTES_2) | (d << _BYTE)


def number_24(sample: np.float32) -> np.uint32:
    """Return the 24 bits of a sample."""
    held = min(max(np.float64(sample) * _FULL, -_FULL), _FULL - 1.0)
    return np.uint32(np.int32(held + _ROUNDS - _ROUNDS)) & _LOW_24


def lay(
    bed: F32, gain: np.float32, one: F32, other: F32, shares: F32, speech: F32, sound: F32
) -> None:
    """Write a stereo bed times three gains, and speech, of one channel, added to both sides.

    Rows of `bed` and `sound` (steps, 2 frames) are interleaved. `gain` stays, `one` and `other`
    (steps + 1) run straight from step to step; `shares` (2 frames) tells how far, for each value.
    `speech` (steps, frames) may be without any rows.
    """
    for step in range(sound.shape[0]):
        one_from, one_by = one[step], one[step + 1] - one[step]
        other_from, other_by = other[step], other[step + 1] - other[step]
        for k in range(sound.shape[1]):
            changed = bed[step, k] * gain * (one_by * shares[k] + one_from)
            sound[step, k] = changed * (other_by * shares[k] + other_from)
        for k in range(speech.shape[1] if speech.shape[0] else 0):
            sound[step, 2 * k] += speech[step, k]
            sound[step, 2 * k + 1] += speech[step, k]


def cell_peaks(
    frames: F32,
    rows: Rows,
    taps: F32,
    heights: F32,
    limits: F32,
    floor: float,
    curves: F32,
    bits: I32,
    bends: F32,
    points: F32,
    peaks: F32,
) -> None:
    """Raise the sample peaks in `peaks` to the true peaks wherever these are above `floor`.

    `heights` are the sample peaks of all cells, those of the halo included, `rows` their samples;
    `limits` the three factors of `Interpolator`: bound, straight, bent. Overwritten are `curves`,
    as long as a row, which is `bits` as bits; `bends`, one per height and negative; and `points`,
    one per column of `taps`.
    """
    reach, tall = heights.size - peaks.size, -1
    for last in range(heights.size):
        if limits[0] * heights[last] > floor:
            tall = last
        j = last - reach
        if j < 0 or tall < j:
            continue
        for k in range(j, last + 1):
            if bends[k] < 0:
                bends[k] = bend(rows, k, frames.shape[1], curves, bits)
        bent, own = limits[2] * highest_of(bends, j, reach + 1), j + reach // 2
        if limits[1] * max(heights[own], heights[own + 1]) + bent > floor:
            cell = frames.shape[0] // heights.size
            peaks[j] = cell_peak(frames, taps, own, cell, limits[1], bent, floor, points, peaks[j])


def cell_peak(
    frames: F32,
    taps: F32,
    row: int,
    cell: int,
    straight: float,
    bent: float,
    floor: float,
    points: F32,
    peak: np.float32,
) -> np.float32:
    """Return the highest point of a row of `cell` frames where it is above `floor` and `peak`."""
    for i in range(row * cell, (row + 1) * cell):
        for channel in range(frames.shape[1]):
            beside = max(abs(frames[i, channel]), abs(frames[i + 1, channel]))
            if straight * beside + bent > max(floor, peak):
                between(frames, taps, i + 1 - taps.shape[0] // 2, channel, points)
                peak = max(peak, highest_of(points, 0, points.size))
    return peak


def highest_of(values: F32, first: int, count: int) -> np.float32:
    """Return the highest magnitude among `count` values."""
    highest = np.float32(0)
    for k in range(first, first + count):
        highest = max(highest, abs(values[k]))
    return highest


def bend(rows: Rows, row: int, channels: int, curves: F32, bits: I32) -> np.float32:
    """Return the highest second difference at all frames of a row but its first, and at the next.

    None is at the outermost frames. Magnitudes are compared as bits, which order like numbers.
    """
    here, next_, last = rows
    count = curves.size - (2 * channels if row == here.shape[0] - 1 else 0)
    for k in range(count):
        curves[k] = (last[row, k] - next_[row, k]) - (next_[row, k] - here[row, k])
    highest = np.int32(0)
    for k in range(count):
        highest = max(highest, bits[k] & _MAGNITUDE)
    bits[0] = highest
    return np.float32(curves[0])


def between(frames: F32, taps: F32, at: int, channel: int, points: F32) -> None:
    """Evaluate the points between a sample and the next; the first tap is at frame `at`.

    The number of points is a multiple of 4: as many are added up side by side.
    """
    for point in range(0, points.size, 4):
        a, b, c, d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for k in range(taps.shape[0]):
            x = frames[at + k, channel]
            a += taps[k, point] * x
            b += taps[k, point + 1] * x
            c += taps[k, point + 2] * x
            d += taps[k, point + 3] * x
        points[point], points[point + 1], points[point + 2], points[point + 3] = a, b, c, d
