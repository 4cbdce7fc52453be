"""Inner loops of noise and of what shapes it; as `kernels`.

Where an index is unsigned the compiler need not think of those below 0, which count from the end:
only then does it use the processor's vectors.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

C64 = npt.NDArray[np.complex64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]

LEAST: Final = np.float32(-120.0)
"""Exponent of 2 that counts as nothing."""

ABREAST: Final = 16
"""Blocks of random words that are drawn side by side."""

_KEYS_KEPT: Final = 256
_LOW_32, _HIGH_32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_PHILOX_0 = np.uint64(0xE14C6C93), np.uint64(0xD2E7470E)  # a multiplier's low and high half
_PHILOX_1 = np.uint64(0x95121157), np.uint64(0xCA5A8263)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_BYTE_16, _LOW_8 = np.uint16(8), np.uint16(255)
_ONE, _MANTISSA = np.float32(1), np.int32(23)
_ROUNDS = np.float32(1.5 * 2.0**23)  # added to a float32 it leaves no place for fractions
_ROOT_HALF = np.int32(0x3F3504F3)  # bits of the square root of a half
_E1, _E2, _E3 = (np.float32(c) for c in (0.69314718056, 0.240226506959, 0.0555041086648))
_E4, _E5, _E6 = (np.float32(c) for c in (0.00961812910763, 0.00133335581464, 0.000154035303934))
_L1, _L3, _L5 = (np.float32(2.0 / np.log(2.0) / c) for c in (1, 3, 5))
_L7, _L9 = (np.float32(2.0 / np.log(2.0) / c) for c in (7, 9))


def exp2(x: np.float32) -> np.float32:
    """Return 2 to the power of x, LEAST at least and below 128, to 3e-7: Taylor's series."""
    held = max(x, LEAST)
    shifted = np.float32(held + _ROUNDS)
    f = held - (shifted - _ROUNDS)
    p = np.float32((((((_E6 * f + _E5) * f + _E4) * f + _E3) * f + _E2) * f + _E1) * f + _ONE)
    whole = np.int32(shifted.view(np.int32) << _MANTISSA)
    return np.int32(p.view(np.int32) + whole).view(np.float32)


def exp2s(x: F32) -> F32:
    """Return as `exp2`, of an array, where nothing is compiled."""
    held = np.maximum(x, LEAST)
    shifted = held + _ROUNDS
    f = held - (shifted - _ROUNDS)
    p = (((((_E6 * f + _E5) * f + _E4) * f + _E3) * f + _E2) * f + _E1) * f + _ONE
    found: F32 = (p.view(np.int32) + (shifted.view(np.int32) << _MANTISSA)).view(np.float32)
    return found


def log2(x: np.float32) -> np.float32:
    """Return the logarithm of a positive number to 3e-7: the series of the area tangent."""
    bits = np.float32(x).view(np.int32)
    whole = np.int32(np.int32(bits - _ROOT_HALF) >> _MANTISSA)
    m = np.int32(bits - np.int32(whole << _MANTISSA)).view(np.float32)
    s = (m - _ONE) / (m + _ONE)
    z = s * s
    return np.float32(whole) + ((((_L9 * z + _L7) * z + _L5) * z + _L3) * z + _L1) * s


def draw_spectra(  # noqa: PLR0913, PLR0917 - called as machine code, with one array after another
    draws: U16,
    table: F32,
    sides: F32,
    levels: F32,
    edges: U64,
    shares: F32,
    gains: F32,
    spectra: F32,
) -> None:
    """Look up random spectra, give both channels their common part, and shape them.

    Row f of `draws` holds a number for every bin of what the channels have in common, then of what
    sets them apart: its upper byte is a row of `table` for the radius, column 0, its lower one for
    the direction, columns 1 and 2. `sides` (2, bins) are gains of the two, `levels`
    (frames, 2, bands) those of the channels as exponents of 2: bins `edges[b]` to `edges[b + 1]`
    lie between bands b and b + 1, `shares` (bins) of the way. `gains` (2, bins) is overwritten,
    `spectra` (frames, 2, bins, 2) is written.
    """
    bins = sides.shape[1]
    for f in range(spectra.shape[0]):
        for channel in range(2):
            for b in range(levels.shape[2] - 1):
                low = levels[f, channel, b]
                step = levels[f, channel, b + 1] - low
                for k in range(edges[b], edges[b + 1]):
                    gains[channel, k] = low + shares[k] * step
            for k in range(bins):
                gains[channel, k] = exp2(gains[channel, k])
        for k in range(bins):
            a, b = draws[f, k], draws[f, bins + k]
            common = table[a >> _BYTE_16, 0] * sides[0, k]
            apart = table[b >> _BYTE_16, 0] * sides[1, k]
            for part in range(2):
                one = common * table[a & _LOW_8, 1 + part]
                other = apart * table[b & _LOW_8, 1 + part]
                spectra[f, 0, k, part] = (one + other) * gains[0, k]
                spectra[f, 1, k, part] = (one - other) * gains[1, k]


def overlap(waves: F32, window: F32, sound: F32) -> None:
    """Add up frames, each half over the next, under a window; `waves` (frames, 2, samples).

    `sound` (frames - 1, half a frame, 2) is written.
    """
    half = sound.shape[1]
    for f in range(sound.shape[0]):
        for k in range(half):
            up, down = window[k], window[half + k]
            sound[f, k, 0] = waves[f + 1, 0, k] * up + waves[f, 0, half + k] * down
            sound[f, k, 1] = waves[f + 1, 1, k] * up + waves[f, 1, half + k] * down


def add_curves(  # noqa: PLR0913, PLR0917 - as `draw_spectra`
    knots: F64, times: F64, period: float, first: int, swing: float, courses: F64
) -> None:
    """Add `swing` times uniform cubic B-splines at `times` to `courses` (n, lanes).

    Row k of `knots` (count, lanes) is knot `first` + k, which stands at that many periods. What is
    added has variance `swing` squared where the knots' is 1.
    """
    for i in range(times.size):
        position = times[i] / period
        cell = np.floor(position)
        u = position - cell
        a, d = (1.0 - u) * (1.0 - u) * (1.0 - u), u * u * u
        b, c = 3.0 * d - 6.0 * u * u + 4.0, 3.0 * (u + u * u - d) + 1.0
        scale = swing / np.sqrt(a * a + b * b + c * c + d * d)
        a, b, c, d = scale * a, scale * b, scale * c, scale * d
        k = np.uint64(np.int64(cell) - 1 - first)
        for lane in range(knots.shape[1]):
            near = b * knots[k + np.uint64(1), lane] + c * knots[k + np.uint64(2), lane]
            courses[i, lane] += near + (a * knots[k, lane] + d * knots[k + np.uint64(3), lane])


def add_shots(  # noqa: PLR0913, PLR0917 - as `draw_spectra`
    moments: F64,
    sizes: F32,
    times: F64,
    cell: float,
    first: int,
    back: int,
    rates: F32,
    powers: F32,
) -> None:
    """Add pulses to `powers` (2, n) at rising `times`.

    Pulse k begins at moment k with `sizes` (2, count) left and right, belongs to cell `first` + k,
    and is heard in that cell and the next `back`. It is the difference of two powers of 2: `rates`
    per second.
    """
    begin, end, n = 0, 0, times.size
    for k in range(moments.size):
        while begin < n and np.floor(times[begin] / cell) < first + k:
            begin += 1
        while end < n and np.floor(times[end] / cell) <= first + k + back:
            end += 1
        for i in range(np.uint64(begin), np.uint64(end)):
            age = np.float32(max(times[i] - moments[k], 0.0))
            pulse = exp2(age * rates[0]) - exp2(age * rates[1])
            powers[0, i] += pulse * sizes[0, k]
            powers[1, i] += pulse * sizes[1, k]


def add_phase(  # noqa: PLR0913, PLR0917 - as `draw_spectra`
    times: F64,
    origins: F64,
    facts: F32,
    levels: F32,
    spectrum: F32,
    octaves: F32,
    courses: F32,
    powers: F32,
) -> None:
    """Add the power of a part of a wave's life to `powers` (2, bands, n) at `times` (n).

    `origins` (2) is where the life begins on each side, `levels` (2) and `spectrum` (bands) are
    exponents of 2, `octaves` (bands) the places of the bands. `facts`: 1 over its pace, start,
    peak, order and tilt, as of `phase.Phase`, the last two for exponents of 2. `courses` (2, n) is
    overwritten.
    """
    pace, start, peak, order, tilt = facts[0], facts[1], facts[2], facts[3], facts[4]
    for side in range(2):
        for i in range(times.size):
            age = np.float32(times[i] - origins[side]) * pace - start
            x = max(age / peak, np.float32(1e-12))
            courses[0, i] = order * (log2(x) + (_ONE - x) * _TO_2) + levels[side]
            courses[1, i] = tilt * min(max(age - peak, np.float32(-4)), np.float32(8))
        for band in range(spectrum.size):
            for i in range(times.size):
                level = courses[0, i] + courses[1, i] * octaves[band] + spectrum[band]
                powers[side, band, i] += exp2(level)


_TO_2 = np.float32(1.0 / np.log(2.0))


def add_grains(  # noqa: PLR0913, PLR0917 - as `draw_spectra`
    samples: F32, begins: U64, ends: U64, starts: U64, gains: F32, out: F32
) -> None:
    """Add parts of `samples`, each from its begin to its end, to `out` from its start on."""
    for k in range(begins.size):
        begin, start, gain = begins[k], starts[k], gains[k]
        for i in range(ends[k] - begin):
            out[start + i] += samples[begin + i] * gain


def draw_words(keys: U64, counter: int, state: U64, words: U64) -> None:
    """Write the blocks of Philox 4x64-10 from `counter` + 1 on, as numpy's.

    `words` (n, ABREAST, 4) is written. `keys` holds both words of the key for each of the ten
    rounds; `state` (4, ABREAST) is overwritten.
    """
    for group in range(words.shape[0]):
        for lane in range(ABREAST):
            state[0, lane] = np.uint64(counter + 1 + group * ABREAST + lane)
            state[1, lane] = state[2, lane] = state[3, lane] = np.uint64(0)
        for r in range(10):
            for lane in range(ABREAST):
                high, low = product(state[0, lane], _PHILOX_0[0], _PHILOX_0[1])
                high_1, low_1 = product(state[2, lane], _PHILOX_1[0], _PHILOX_1[1])
                state[0, lane] = high_1 ^ state[1, lane] ^ keys[r, 0]
                state[2, lane] = high ^ state[3, lane] ^ keys[r, 1]
                state[1, lane], state[3, lane] = low_1, low
        for lane in range(ABREAST):
            for j in range(4):
                words[group, lane, j] = state[j, lane]


def product(x: np.uint64, low: np.uint64, high: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the upper and the lower word of x times a word of two halves."""
    a, b = x & _LOW_32, x >> _HIGH_32
    p = a * low
    t = a * high + (p >> _HIGH_32)
    u = b * low + (t & _LOW_32)
    return b * high + (t >> _HIGH_32) + (u >> _HIGH_32), (u << _HIGH_32) | (p & _LOW_32)


@lru_cache(_KEYS_KEPT)
def round_keys(key: int) -> U64:
    """Return what `draw_words` needs of a key of 128 bits: a Weyl sequence of both its words."""
    rounds, words = np.arange(10, dtype=np.uint64)[:, np.newaxis], divmod(key, 1 << 64)[::-1]
    return np.asarray(np.array(words, np.uint64) + rounds * np.array([_WEYL_0, _WEYL_1]))
