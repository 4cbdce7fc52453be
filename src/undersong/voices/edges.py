"""Where speech begins and ends in a take.

A clean take is speech from the first to the last moment at which it is loud enough to be heard at
all (`GATE_DBFS`), lonely clicks left out. A take with a noise floor of its own (a person in a
room) is speech from where it stands out of that floor to where it sinks back.
"""

from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.units import SAMPLE_RATE, db_to_gain

Mono = npt.NDArray[np.float32]
"""One channel at `SAMPLE_RATE`, shape (n,)."""

Values = npt.NDArray[np.float64]
"""One value per millisecond."""

GATE_DBFS: Final = -54.0
"""Peak level below which a take at `units.SPEECH_LUFS` is no longer speech: over 30 dB below it."""

NOTHING_DBFS: Final = -80.0
"""Padding: digital silence, dither, what a codec leaves of either."""

BLOCK: Final = SAMPLE_RATE // 1000
"""Samples per millisecond."""

NOISE_MS: Final = 150
STEADY_DB: Final = 5.0
"""A noise floor is there when the quietest NOISE_MS of a take lie within STEADY_DB: between
words without one, the quietest moments of speech are few and lie far apart in level."""

STAND_OUT_DB: Final = 8.0
"""How far the mean of SMOOTH_MS must exceed the noise floor to count as speech."""

SPEECH_SPAN_DB: Final = 15.0
"""A noise floor lies at least this far below the loudest moment; else it is no floor."""

RUMBLE_MS: Final = 6
FLOOR_MS: Final = 30
SMOOTH_MS: Final = 10
BRIDGE_MS: Final = 20
CLICK_MS: Final = 8
ALONE_MS: Final = 60
"""A sound of at most CLICK_MS with nothing else within ALONE_MS is a click, not speech. The burst
of a final `t` is longer than the one and comes sooner than the other."""


class Edges(Struct, frozen=True, kw_only=True):
    """Speech fills samples [start, end) of a take, to the millisecond; `noisy` to about ten.

    Attributes:
        noisy: the take has a noise floor of its own that reaches above the gate.
    """

    start: int
    end: int
    noisy: bool


class _Envelope(Struct, frozen=True, kw_only=True):
    """A take millisecond by millisecond: its peak, its mean and its mean square."""

    peak: Values
    mean: Values
    square: Values

    @classmethod
    def of(cls, take: Mono) -> "_Envelope":
        blocks = np.pad(take.astype(np.float64), (0, -len(take) % BLOCK)).reshape(-1, BLOCK)
        return cls(
            peak=np.maximum(blocks.max(axis=1), -blocks.min(axis=1)),
            mean=blocks.mean(axis=1),
            square=np.einsum("ij,ij->i", blocks, blocks) / BLOCK,
        )

    def part(self, start: int, end: int) -> "_Envelope":
        return _Envelope(
            peak=self.peak[start:end], mean=self.mean[start:end], square=self.square[start:end]
        )

    def level(self, window_ms: int) -> Values:
        """Return the RMS of a window around every millisecond, without rumble and DC."""
        slow = _moving_mean(self.mean, RUMBLE_MS)
        lively = self.square - 2 * slow * self.mean + slow**2  # mean square of what differs
        return np.sqrt(np.maximum(_moving_mean(lively, window_ms), 0.0))


def find_edges(take: Mono, *, room: bool = True) -> Edges | None:
    """Return the speech edges of a levelled take, or None when nothing stands out.

    `room` False: whatever sounds is the voice itself, even where it only breathes.
    """
    envelope = _Envelope.of(take) if room else None
    floor = _noise_floor(envelope) if envelope else 0.0
    if envelope and floor > 0:
        active = envelope.level(SMOOTH_MS) > floor * db_to_gain(STAND_OUT_DB)
    else:
        active = _reaching(take, db_to_gain(GATE_DBFS))
    runs = _speech_runs(active)
    if not runs:
        return None
    return Edges(start=runs[0][0] * BLOCK, end=min(runs[-1][1] * BLOCK, len(take)), noisy=floor > 0)


def _reaching(take: Mono, gate: float) -> npt.NDArray[np.bool_]:
    """Return for every millisecond whether a sample of it is above the gate.

    As many truths as make a word are looked at in one: a peak per millisecond takes ten times as
    long, and only its being above the gate is asked for.
    """
    below = np.float32(gate)
    if below > gate:  # samples are of 32 bits: above the gate are those above the last one below it
        below = np.nextafter(below, np.float32(0.0))
    loud = np.zeros(-(-len(take) // BLOCK) * BLOCK, np.bool_)
    np.greater(np.abs(take), below, out=loud[: len(take)])
    words = loud.view(np.uint64).reshape(-1, BLOCK // 8)
    return np.asarray(reduce(np.bitwise_or, words.T) != 0)


def _noise_floor(envelope: _Envelope) -> float:
    """Return the level (RMS) of a steady background that reaches the gate, 0 if there is none."""
    sounding = np.flatnonzero(envelope.peak > db_to_gain(NOTHING_DBFS))
    if len(sounding) <= 2 * NOISE_MS:
        return 0.0
    inner = envelope.part(int(sounding[0]), int(sounding[-1]) + 1)
    levels = inner.level(FLOOR_MS)
    ranked = np.sort(levels)
    low, high = float(ranked[NOISE_MS // 10]), float(ranked[NOISE_MS])
    steady = high <= low * db_to_gain(STEADY_DB)
    below_speech = high <= float(ranked[-1]) * db_to_gain(-SPEECH_SPAN_DB)
    reaches_gate = inner.peak[levels <= high].max() > db_to_gain(GATE_DBFS)
    return high if steady and below_speech and reaches_gate else 0.0


def _moving_mean(values: Values, width: int) -> Values:
    """Return the mean over `width` values around each one; fewer at the ends."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    low = np.maximum(index - width // 2, 0)
    high = np.minimum(index + (width + 1) // 2, len(values))
    mean: Values = (total[high] - total[low]) / (high - low)
    return mean


def _speech_runs(active: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return spans of milliseconds in which something sounds, lonely clicks left out."""
    bounds = np.flatnonzero(np.diff(np.concatenate(([0], active.astype(np.int8), [0]))))
    runs: list[tuple[int, int]] = []
    for start, end in bounds.reshape(-1, 2).tolist():
        if runs and start - runs[-1][1] <= BRIDGE_MS:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return [run for k, run in enumerate(runs) if not _is_click(runs, k)]


def _is_click(runs: list[tuple[int, int]], k: int) -> bool:
    start, end = runs[k]
    before = start - runs[k - 1][1] if k > 0 else ALONE_MS
    after = runs[k + 1][0] - end if k + 1 < len(runs) else ALONE_MS
    return end - start <= CLICK_MS and min(before, after) >= ALONE_MS
