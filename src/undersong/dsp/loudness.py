"""The loudness meter: ITU-R BS.1770-5, EBU Tech 3341 and Tech 3342, streaming.

Everything is computed from one series: the K-weighted, channel-weighted mean square of short
steps. One channel alone is measured as it is, 3.01 LU below the same sound on both channels.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.audio import Frames
from undersong.dsp.filters import KFilter
from undersong.dsp.true_peak import TruePeak
from undersong.manifest import Levels
from undersong.units import LOUDNESS_OFFSET_LU, Dbtp, Lu, Lufs, db_to_gain

F64 = npt.NDArray[np.float64]

WEIGHTS: Final = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    4: (1.0, 1.0, 1.41, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    7: (1.0, 1.0, 1.0, 0.0, 1.0, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41),
}
"""Weight of each channel by their number, in the order of WAVE files (BS.1770-5 tables 3 and 4):
L R, then C, then the LFE, which does not count, then back, then side. L R Ls Rs for four."""

RATES_HZ: Final = (8_000, 192_000)
STEPS_PER_S: Final = 100  # fine enough for cases 13 and 14 of Tech 3341
HOPS_PER_S: Final = 10  # 75 % overlap of 400 ms, BS.1770-5 Annex 1
MOMENTARY_S: Final = 0.4
SHORT_TERM_S: Final = 3.0

_ABSOLUTE_GATE_LUFS = -70.0
_INTEGRATED_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0  # Tech 3342
_RANGE_PERCENTILES = (10, 95)
_RANGE_SILENCE_S = 1.5  # appended to a file, Tech 3342 section 3
_STEPS_PER_HOP = STEPS_PER_S // HOPS_PER_S
_LONGEST_OVERLAP = round(SHORT_TERM_S * STEPS_PER_S) - 1
_ROOM = 1024  # numbers that a new row has room for
_AT_ONCE = 576_000
"""Frames filtered together: 10 s and a run-in let the compiled filter work wide. Not a power of
two, or its lanes would share one corner of the processor's cache."""

_FINE, _GRAINS = 2_000, 10
"""Hops of more frames are added up from so many grains: these go into stretches with less rest."""

_CALIBRATION_LU = LOUDNESS_OFFSET_LU
_NOT_NUMBERS = "the sound holds values that are not numbers (NaN) or infinite"
_NOTHING = 1e-24  # mean square, -240 dB: far below the last bit of any format


class Weighting:
    """K-weighted, channel-weighted mean square per hop, as it comes; nothing is kept.

    However the input is cut the series is the same but for the last digits of float64.
    """

    def __init__(
        self,
        channels: int,
        rate: int = 48_000,
        *,
        weights: Sequence[float] | None = None,
        per_s: int = HOPS_PER_S,
    ) -> None:
        """Start from silence, with `per_s` hops per second.

        Raises:
            ValueError: rate outside RATES_HZ, or not one weight per channel.
        """
        low, high = RATES_HZ
        if not low <= rate <= high:
            msg = f"cannot measure loudness at {rate} Hz; from {low} to {high} Hz it can be"
            raise ValueError(msg)
        self._weights = np.array(_default_weights(channels) if weights is None else weights)
        if channels < 1 or self._weights.shape != (channels,):
            msg = f"{self._weights.size} channel weights for {channels} channels"
            raise ValueError(msg)
        self._rate, self._per_s = rate, per_s
        self._filter = KFilter(self._weights.tolist(), rate)
        self._frames = 0
        self._open = 0.0  # energy of the hop that is not complete yet

    @property
    def frames(self) -> int:
        """Frames taken so far."""
        return self._frames

    def push(self, frames: Frames) -> F64:
        """Take frames (n, channels) of any length; return the hops completed by them, a new array.

        Raises:
            ValueError: wrong shape, or values that are not finite; nothing of `frames` is taken.
        """
        self._expect_channels(frames)
        before = self._filter.state.copy(), self._frames, self._open
        with np.errstate(invalid="ignore"):  # where a channel counts for nothing
            taken = [
                self._take(frames[start : start + _AT_ONCE])
                for start in range(0, len(frames), _AT_ONCE)
            ]
        hops = np.concatenate(taken) if taken else np.empty(0)
        if not (math.isfinite(self._open) and np.isfinite(hops).all()):
            self._filter.state, self._frames, self._open = before
            raise ValueError(_NOT_NUMBERS)
        return hops

    def expect(self, frames: Frames) -> None:
        """Raise ValueError unless `frames` can be pushed."""
        self._expect_channels(frames)
        if not np.isfinite(frames).all():
            raise ValueError(_NOT_NUMBERS)

    def _expect_channels(self, frames: Frames) -> None:
        if frames.shape[1:] != self._weights.shape:
            msg = f"frames of shape (n, {len(self._weights)}) expected, not {frames.shape}"
            raise ValueError(msg)

    def _take(self, frames: Frames) -> F64:
        hop, uneven = divmod(self._rate, self._per_s)
        sums = self._uneven(frames) if uneven else self._even(frames, hop)
        self._frames += len(frames)
        complete: F64 = sums * (self._per_s / self._rate)
        complete[complete < _NOTHING] = 0
        return complete

    def _even(self, frames: Frames, hop: int) -> F64:
        """Return the energies of hops that end here, all of one length."""
        head = min(-self._frames % hop, len(frames))
        whole = (len(frames) - head) // hop * hop
        grain = hop // _GRAINS if hop > _FINE and hop % _GRAINS == 0 else hop
        self._open += self._energy(frames[:head])
        if (self._frames + head) % hop or not head:
            first = np.empty(0)
        else:
            first, self._open = np.array([self._open]), 0.0
        inner = self._filter.push(frames[head : head + whole], grain)
        self._open += self._energy(frames[head + whole :])
        return np.concatenate([first, inner.reshape(-1, hop // grain).sum(1)])

    def _energy(self, frames: Frames) -> float:
        return float(self._filter.push(frames, len(frames))[0]) if len(frames) else 0.0

    def _uneven(self, frames: Frames) -> F64:
        """Return the energies of hops that end here, at a rate that gives two lengths of them."""
        ends = self._hop_ends(self._frames, self._frames + len(frames))
        starts = np.append(0, ends[ends < len(frames)])
        sums: F64 = np.add.reduceat(self._filter.push(frames), starts)
        sums[0] += self._open
        self._open = float(sums[-1]) if sums.size > ends.size else 0.0
        return sums[: ends.size]

    def _hop_ends(self, start: int, end: int) -> npt.NDArray[np.int64]:
        """Where hops end in (start, end], counted from `start`; hop k ends at k rate / per_s."""
        first, last = start * self._per_s // self._rate, end * self._per_s // self._rate
        hops = np.arange(first + 1, last + 1, dtype=np.int64)
        return -(-hops * self._rate // self._per_s) - start


class Row:
    """Numbers in a row that grows at its end; float64, seen through views."""

    def __init__(self) -> None:
        """Start empty."""
        self._room = np.empty(_ROOM)
        self._size = 0

    def append(self, values: F64) -> None:
        """Add values at the end."""
        size = self._size + len(values)
        if size > len(self._room):
            room = np.empty(max(size, len(self._room) + len(self._room) // 2))
            room[: self._size] = self._room[: self._size]
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    @property
    def values(self) -> F64:
        """All of them: a view, which must not be written to."""
        return self._room[: self._size]


class Energies:
    """The series of a `Weighting`, kept. Memory: 8 bytes per hop; arguments and errors as there."""

    def __init__(
        self,
        channels: int,
        rate: int = 48_000,
        *,
        weights: Sequence[float] | None = None,
        per_s: int = HOPS_PER_S,
    ) -> None:
        """Start from silence, with `per_s` hops per second."""
        self._weighting = Weighting(channels, rate, weights=weights, per_s=per_s)
        self._hops = Row()

    @property
    def frames(self) -> int:
        """Frames taken so far."""
        return self._weighting.frames

    @property
    def hops(self) -> F64:
        """Mean squares of all complete hops: a view, which must not be written to.

        An incomplete last hop is left out.
        """
        return self._hops.values

    def push(self, frames: Frames) -> None:
        """Take frames (n, channels) of any length."""
        self._hops.append(self._weighting.push(frames))


class Programme:
    """Loudness of a whole sound, gathered from its mean squares per 10 ms as they come.

    Memory: 80 bytes per second. An incomplete last hop of 100 ms is left out.
    """

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._hops = Row()
        self._recent = np.empty(0)  # as many steps as the next window may still need
        self._waiting = np.empty(0)  # steps of the hop that is not complete yet
        self._highest = {MOMENTARY_S: 0.0, SHORT_TERM_S: 0.0}

    def push(self, steps: F64) -> None:
        """Take mean squares, STEPS_PER_S, any number of them."""
        waiting = np.concatenate([self._waiting, steps])
        hops = hops_of(waiting)
        self._hops.append(hops)
        self._waiting = waiting[len(hops) * _STEPS_PER_HOP :]
        near = np.concatenate([self._recent, steps])
        for seconds, highest in self._highest.items():
            overlap = round(seconds * STEPS_PER_S) - 1
            fresh = near[max(len(self._recent) - overlap, 0) :]
            window = _sliding(fresh, seconds, STEPS_PER_S).max(initial=highest)
            self._highest[seconds] = float(window)
        self._recent = near[-_LONGEST_OVERLAP:]

    def levels(self, *, true_peak: float, length_s: float, gain: float = 1.0) -> Levels:
        """Return the levels so far, as if the sound ended here and were multiplied by `gain`."""
        hops = self._hops.values * gain**2
        peak = true_peak * gain
        return Levels(
            integrated_lufs=gated_lufs(hops),
            short_term_max_lufs=lufs(self._highest[SHORT_TERM_S] * gain**2),
            momentary_max_lufs=lufs(self._highest[MOMENTARY_S] * gain**2),
            range_lu=range_lu(hops),
            true_peak_dbtp=Dbtp(20 * math.log10(peak) if peak > 0 else -math.inf),
            length_s=length_s,
        )


class Meter:
    """Streaming meter of everything in `Levels`.

    Results do not depend on how the input is cut, but for the last digits of float64. Memory: 80
    bytes per second and ten seconds of sound. `weights` as in WEIGHTS when None; more than
    eight channels count equally.
    """

    def __init__(
        self, channels: int, rate: int = 48_000, weights: Sequence[float] | None = None
    ) -> None:
        """Start from silence; ValueError as from `Weighting`."""
        self._rate = rate
        self._weighting = Weighting(channels, rate, weights=weights, per_s=STEPS_PER_S)
        self._programme = Programme()
        self._true_peak = TruePeak(channels, rate)
        self._gathered = np.empty((_AT_ONCE, channels), np.float32)
        self._waiting = 0

    def push(self, frames: Frames) -> None:
        """Take frames (n, channels) of any length; ValueError as from `Weighting.push`."""
        self._weighting.expect(frames)
        start = 0
        while start < len(frames):
            part = frames[start : start + _AT_ONCE - self._waiting]
            self._gathered[self._waiting : self._waiting + len(part)] = part
            self._waiting += len(part)
            start += len(part)
            if self._waiting == _AT_ONCE:
                self._take()

    def levels(self, gain_db: float = 0.0) -> Levels:
        """Return the levels so far, as if the sound ended here and were changed by `gain_db`."""
        self._take()
        return self._programme.levels(
            true_peak=self._true_peak.peak,
            length_s=self._weighting.frames / self._rate,
            gain=db_to_gain(gain_db),
        )

    def _take(self) -> None:
        frames, self._waiting = self._gathered[: self._waiting], 0
        self._programme.push(self._weighting.push(frames))
        self._true_peak.push(frames)


def momentary(steps: F64) -> F64:
    """Return LUFS of every 400 ms of steps: value k ends 10 ms * (40 + k) after the start."""
    return _decibels(_sliding(steps, MOMENTARY_S, STEPS_PER_S))


def short_term(steps: F64) -> F64:
    """Return LUFS of every 3 s of steps: value k ends 10 ms * (300 + k) after the start."""
    return _decibels(_sliding(steps, SHORT_TERM_S, STEPS_PER_S))


def hops_of(steps: F64) -> F64:
    """Join steps to hops of 100 ms; an incomplete last one is left out."""
    whole = len(steps) // _STEPS_PER_HOP * _STEPS_PER_HOP
    return np.asarray(steps[:whole].reshape(-1, _STEPS_PER_HOP).mean(1))


def lufs(mean_square: float) -> Lufs:
    """Loudness of a K-weighted mean square: -0.691 + 10 log10 z, -inf for 0 (BS.1770-5)."""
    return Lufs(_CALIBRATION_LU + 10 * math.log10(mean_square) if mean_square > 0 else -math.inf)


def mean_square(loudness_lufs: float) -> float:
    """Return the K-weighted mean square of a loudness: the inverse of `lufs`."""
    return float(10 ** ((loudness_lufs - _CALIBRATION_LU) / 10))


def gated_lufs(hops: F64) -> Lufs:
    """Integrated loudness from 100-ms hops: blocks of 400 ms, both gates (BS.1770-5 Annex 1)."""
    blocks = _sliding(hops, MOMENTARY_S, HOPS_PER_S)
    blocks = blocks[blocks > mean_square(_ABSOLUTE_GATE_LUFS)]
    if not blocks.size:
        return lufs(0)
    relative = float(blocks.mean()) * 10 ** (_INTEGRATED_GATE_LU / 10)
    return lufs(float(blocks[blocks > relative].mean()))


def range_lu(hops: F64) -> Lu:
    """Loudness range from 100-ms hops, as of a file (Tech 3342); 0 below 3 s or in silence."""
    if len(hops) < SHORT_TERM_S * HOPS_PER_S:
        return Lu(0)
    padded = np.append(hops, np.zeros(round(_RANGE_SILENCE_S * HOPS_PER_S)))
    windows = _sliding(padded, SHORT_TERM_S, HOPS_PER_S)
    windows = windows[windows >= mean_square(_ABSOLUTE_GATE_LUFS)]
    if not windows.size:
        return Lu(0)
    relative = float(windows.mean()) * 10 ** (_RANGE_GATE_LU / 10)
    windows = np.sort(windows[windows >= relative])
    low, high = (lufs(windows[_rank(windows.size, p)]) for p in _RANGE_PERCENTILES)
    return Lu(high - low)


def _rank(n: int, percentile: int) -> int:
    """Index of a percentile: round((n - 1) p / 100), halves up (Tech 3342 section 4)."""
    return (2 * (n - 1) * percentile + 100) // 200


def _sliding(series: F64, seconds: float, per_s: int) -> F64:
    """Mean over every window of `seconds`; sums of positive numbers, so silence stays exactly 0."""
    window = round(seconds * per_s)
    if len(series) < window:
        return np.empty(0)
    return np.convolve(series, np.full(window, 1 / window), "valid")


def _decibels(mean_squares: F64) -> F64:
    with np.errstate(divide="ignore"):
        return np.asarray(_CALIBRATION_LU + 10 * np.log10(mean_squares))


def _default_weights(channels: int) -> tuple[float, ...]:
    return WEIGHTS.get(channels, (1.0,) * channels)
