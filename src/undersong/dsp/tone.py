"""What a sound engineer does to a voice: equaliser, de-esser, compressor, small room.

Every function takes one channel at `units.SAMPLE_RATE`, shape (n,), and returns a new array. All
are finite and pure: the same sound in gives the same samples out, and silence stays silence.
"""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from undersong.dsp.compiled import kernels
from undersong.dsp.noise import Stream
from undersong.units import SAMPLE_RATE, db_to_gain

Mono = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
Section = tuple[float, float, float, float, float, float]
"""One second-order section, b0 b1 b2 a0 a1 a2, a0 being 1."""

STEP: Final = SAMPLE_RATE // 1000
"""Dynamics are decided once per millisecond and are straight lines between."""

FLOOR_DB: Final = -120.0

WINDOW_MS: Final = 8
HISS_SHARE_DB: Final = -6.0
"""Hiss that lies further than this below the whole of its moment is left alone."""
HISS_FLOOR_DB: Final = -30.0
"""Hiss this far below the speech is nobody's trouble."""

ACTIVE_SHARE: Final = 10 ** (-12 / 10)
"""Frames of at least this share of the mean energy count as active."""

ROOM_SEED: Final = 1
ROOM_BAND_HZ: Final = (200.0, 4_500.0)
"""Walls and furniture swallow the rest: a bright or booming tail is heard as an effect."""
PREDELAY_S: Final = 0.006


def high_pass(hz: float) -> Section:
    """Return a Butterworth high-pass of second order. Source: Audio EQ Cookbook (R. B.-Johnson)."""
    cos, alpha = _angle(hz, math.sqrt(0.5))
    return _section((1 + cos) / 2, -(1 + cos), (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha)


def low_shelf(hz: float, gain_db: float) -> Section:
    """Return a shelf that lifts what lies below `hz`, half of it at `hz` (Audio EQ Cookbook)."""
    cos, alpha = _angle(hz, math.sqrt(0.5))
    a = 10 ** (gain_db / 40)
    root = 2 * math.sqrt(a) * alpha
    return _section(
        a * ((a + 1) - (a - 1) * cos + root),
        2 * a * ((a - 1) - (a + 1) * cos),
        a * ((a + 1) - (a - 1) * cos - root),
        (a + 1) + (a - 1) * cos + root,
        -2 * ((a - 1) + (a + 1) * cos),
        (a + 1) + (a - 1) * cos - root,
    )


def high_shelf(hz: float, gain_db: float) -> Section:
    """Return a shelf that lifts what lies above `hz`, half of it at `hz` (Audio EQ Cookbook)."""
    cos, alpha = _angle(hz, math.sqrt(0.5))
    a = 10 ** (gain_db / 40)
    root = 2 * math.sqrt(a) * alpha
    return _section(
        a * ((a + 1) + (a - 1) * cos + root),
        -2 * a * ((a - 1) + (a + 1) * cos),
        a * ((a + 1) + (a - 1) * cos - root),
        (a + 1) - (a - 1) * cos + root,
        2 * ((a - 1) - (a + 1) * cos),
        (a + 1) - (a - 1) * cos - root,
    )


def bell(hz: float, gain_db: float, q: float) -> Section:
    """Return a peak or dip around `hz` (Audio EQ Cookbook)."""
    cos, alpha = _angle(hz, q)
    a = 10 ** (gain_db / 40)
    return _section(1 + alpha * a, -2 * cos, 1 - alpha * a, 1 + alpha / a, -2 * cos, 1 - alpha / a)


def all_pass(hz: float, q: float) -> Section:
    """Return a section that changes phase only, by 180 degrees at `hz` (Audio EQ Cookbook).

    A synthetic voice puts all its harmonics in step at every pulse; out of step they sound the
    same and their peaks are lower.
    """
    cos, alpha = _angle(hz, q)
    return _section(1 - alpha, -2 * cos, 1 + alpha, 1 + alpha, -2 * cos, 1 - alpha)


def equalised(sound: Mono, sections: Iterable[Section]) -> Mono:
    """Run sections one after another over a sound."""
    chain = np.array(list(sections), np.float64)
    if not len(chain):
        return sound.copy()
    filtered, compiled = sound.astype(np.float64), kernels()
    if compiled is not None:
        compiled.cascade(filtered, chain)
    else:
        from scipy.signal import sosfilt  # noqa: PLC0415 - half a second of import

        filtered = sosfilt(chain, filtered)
    found: Mono = filtered.astype(np.float32)
    return found


class Squeeze(Struct, frozen=True, kw_only=True):
    """How a compressor acts.

    Attributes:
        above_db: where it begins, seen from the sound's own active level (`active_db`).
        ratio: louder by `ratio` dB becomes louder by 1 dB.
        knee_db: width of the bend.
        window_ms: over which the level is taken; the gain moves over twice as long.
    """

    above_db: float
    ratio: float
    knee_db: float
    window_ms: int


def compressed(sound: Mono, squeeze: Squeeze) -> Mono:
    """Bring loud moments nearer to the others, without any make-up gain.

    It sees the whole sound, so the gain is down when a loud moment begins and no peak slips by.
    """
    over = _peaks_db(sound, squeeze.window_ms) - active_db(sound) - squeeze.above_db
    bent = _bend(over, squeeze.knee_db)
    return _with_gain(sound, -bent * (1 - 1 / squeeze.ratio), squeeze.window_ms)


def de_essed(sound: Mono, *, above_hz: float, most_db: float) -> Mono:
    """Lower hiss above `above_hz` where it makes up too much of the moment, by up to `most_db`."""
    hiss = equalised(sound, [high_pass(above_hz)])
    excess = _level_db(hiss, WINDOW_MS) - _level_db(sound, WINDOW_MS) - HISS_SHARE_DB
    loud = _level_db(hiss, WINDOW_MS) > active_db(sound) + HISS_FLOOR_DB
    cut_db = np.where(loud, np.clip(excess, 0.0, most_db), 0.0)
    softer = _with_gain(hiss, -cut_db, WINDOW_MS)
    return sound - (hiss - softer)


def room(sound: Mono, *, decay_s: float, level_db: float) -> Mono:
    """Return what a small room answers, `room_length(decay_s)` samples longer than the sound.

    A diffuse tail that falls by 60 dB in `decay_s` and begins after the sound does; its energy is
    `level_db` from the sound's. The room is always the same one.
    """
    found: Mono = _convolved(sound, _answer(decay_s, level_db)).astype(np.float32)
    return found


def room_length(decay_s: float) -> int:
    """Return how many samples a room adds to a sound."""
    return round((PREDELAY_S + decay_s) * SAMPLE_RATE) - 1


def active_db(sound: Mono) -> float:
    """Return the level (RMS) of the loud part of a sound: of frames within 12 dB of the mean."""
    squares = _squares(sound, 50)
    if not squares.any():
        return FLOOR_DB
    loud = squares[squares > squares.mean() * ACTIVE_SHARE]
    return _db(float(loud.mean()))


def _answer(decay_s: float, level_db: float) -> Values:
    n = room_length(decay_s) + 1 - round(PREDELAY_S * SAMPLE_RATE)
    fall = 10 ** (-3 * np.arange(n) / n) * np.linspace(1, 0, n) ** 0.5
    noise = Stream.of(ROOM_SEED, "room").normal(0, n) * fall
    low, high = ROOM_BAND_HZ
    tail = equalised(noise.astype(np.float32), [high_pass(low), high_shelf(high, -18)])
    answer = np.concatenate((np.zeros(round(PREDELAY_S * SAMPLE_RATE)), tail.astype(np.float64)))
    scaled: Values = answer * (db_to_gain(level_db) / np.sqrt(np.sum(answer**2)))
    return scaled


def _convolved(sound: Mono, answer: Values) -> Values:
    """Convolve by overlapping and adding; the result is as long as both less one."""
    size = 1 << (4 * len(answer) - 1).bit_length()
    step = size - len(answer) + 1
    spectrum = np.fft.rfft(answer, size)
    out = np.zeros(-(-len(sound) // step) * step + len(answer) - 1)
    for start in range(0, len(sound), step):
        heard = np.fft.rfft(sound[start : start + step].astype(np.float64), size)
        out[start : start + size] += np.fft.irfft(heard * spectrum, size)[: len(out) - start]
    found: Values = out[: len(sound) + len(answer) - 1]
    return found


def _angle(hz: float, q: float) -> tuple[float, float]:
    w = 2 * math.pi * hz / SAMPLE_RATE
    return math.cos(w), math.sin(w) / (2 * q)


def _section(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> Section:  # noqa: PLR0913, PLR0917 - a section has six numbers
    return (b0 / a0, b1 / a0, b2 / a0, 1.0, a1 / a0, a2 / a0)


def _squares(sound: Mono, width_ms: int) -> Values:
    width = width_ms * STEP
    blocks = np.pad(sound.astype(np.float64), (0, -len(sound) % width)).reshape(-1, width)
    found: Values = np.einsum("ij,ij->i", blocks, blocks) / width
    return found


def _db(mean_square: float) -> float:
    return max(10 * math.log10(mean_square), FLOOR_DB) if mean_square > 0 else FLOOR_DB


def _level_db(sound: Mono, window_ms: int) -> Values:
    """Return the level (RMS) around every millisecond."""
    kernel = np.hanning(2 * window_ms + 3)[1:-1]
    smooth = np.convolve(_squares(sound, 1), kernel / kernel.sum(), mode="same")
    found: Values = 10 * np.log10(np.maximum(smooth, 10 ** (FLOOR_DB / 10)))
    return found


def _peaks_db(sound: Mono, window_ms: int) -> Values:
    """Return 3 dB below the highest peak of the window around every millisecond: RMS of a sine."""
    blocks = np.pad(np.abs(sound), (0, -len(sound) % STEP)).reshape(-1, STEP).max(axis=1)
    around = np.pad(blocks.astype(np.float64), window_ms)
    held = sliding_window_view(around, 2 * window_ms + 1).max(axis=1)
    found: Values = 20 * np.log10(np.maximum(held, 10 ** (FLOOR_DB / 20))) - 3.0
    return found


def _bend(over_db: Values, knee_db: float) -> Values:
    """Return how far a level lies above the threshold, rounded off within the knee."""
    knee = np.clip(over_db + knee_db / 2, 0.0, knee_db) ** 2 / (2 * max(knee_db, 1e-9))
    found: Values = np.where(over_db > knee_db / 2, over_db, knee)
    return found


def _with_gain(sound: Mono, gain_db: Values, window_ms: int) -> Mono:
    """Apply a gain given per millisecond, smoothed over the window on both sides."""
    kernel = np.hanning(2 * window_ms + 3)[1:-1]
    padded = np.pad(gain_db, window_ms, mode="edge")
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    middles = (np.arange(len(smooth)) + 0.5) * STEP
    gain = 10 ** (np.interp(np.arange(len(sound)), middles, smooth) / 20)
    found: Mono = (sound * gain).astype(np.float32)
    return found
