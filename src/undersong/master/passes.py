"""Passes over a mix: one that surveys it, and short ones that measure what the master makes of it.

Where the limiter cannot reach, the master is the mix times the gain, so its energies and peaks
are known from the survey; only the seconds that it can touch are mastered and measured again.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.audio import GRID, PASS, BlockSource, Frames, Tick, shared_out, spans
from undersong.dsp.limiter import AFTER, BEFORE, MARGIN_DB
from undersong.dsp.loudness import HOPS_PER_S, STEPS_PER_S, Programme, Weighting, gated_lufs
from undersong.dsp.true_peak import CELL, HALO, cell_heights, cell_peaks
from undersong.manifest import Levels
from undersong.master.chain import Master, read_within
from undersong.units import SAMPLE_RATE, Db, Dbtp, Lufs, db_to_gain, gain_to_db

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

LOWERED_DB: Final = -1.0
"""A step counts as limited when its gain falls below this anywhere."""

_STEP = SAMPLE_RATE // STEPS_PER_S  # frames per 10 ms
_HOP = SAMPLE_RATE // HOPS_PER_S  # and per 100 ms
_WARM = 20 * _STEP  # K-weighting forgets within 0.2 s
_NEAR_DB = -0.1  # a limited peak ends at the margin: nothing below this is the highest
_AT_ONCE = 60  # seconds whose steps are added to the programme together
_UNSEEN = 0.7  # peaks 3 dB below the highest of ten seconds need not be known exactly


class Survey(Struct, frozen=True, kw_only=True, eq=False):
    """A mix in numbers.

    Attributes:
        steps: K-weighted mean square per 10 ms; an incomplete last one is left out.
        peaks: true peak per 100 ms, linear, to the end of the last second; where it is low, what
            it is at most.
        speech: the narration alone, as it is in the mix, silence where there is none; one channel
            stands for both.
        speech_hops: K-weighted mean square of the narration per 100 ms.
    """

    mix: BlockSource
    length: int
    steps: F32
    peaks: F32
    speech: BlockSource
    speech_hops: F32

    @property
    def dbtp(self) -> Dbtp:
        """True peak of the mix."""
        return Dbtp(gain_to_db(float(self.peaks.max(initial=0))))


class Mastering(Struct, frozen=True, kw_only=True):
    """How a mix becomes its master.

    Attributes:
        gain_db: the static gain.
        levels: measured after the limiter, before any encoding.
        speech_lufs: gated loudness of the narration as it is heard in that master.
        limited_share: share of 10 ms steps that the limiter lowers by more than 1 dB.
        mix_dbtp: true peak of the mix itself.
    """

    gain_db: Db
    levels: Levels
    speech_lufs: Lufs
    limited_share: float
    mix_dbtp: Dbtp

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Return the mastering of which `files.plain` made `kept`."""
        return cls(**kept | {"levels": Levels(**kept["levels"])})


class Sound(Struct, frozen=True, kw_only=True, eq=False):
    """A mix and the narration in it, as one thread reads them; attributes as in `Survey`."""

    mix: BlockSource
    speech: BlockSource


def survey(copies: Sequence[Sound], length: int, tick: Tick | None = None) -> Survey:
    """Go once through the first `length` samples of a sound; `tick` counts samples.

    Args:
        copies: the same sound, once for each thread that may take part.
        length: in samples.
        tick: watches.

    Raises:
        ValueError: the mix holds values that are not finite.
    """
    parts = list(spans(length, PASS)) or [(0, 0)]
    found = []
    works = [partial(_looked, copy, length) for copy in copies]
    for (_, n), seen in zip(parts, shared_out(works, parts), strict=True):
        found.append(seen)
        if tick is not None:
            tick(n)
    steps, peaks, speech_hops = (np.concatenate(each) for each in zip(*found, strict=True))
    return Survey(
        mix=copies[0].mix,
        length=length,
        steps=steps[: length // _STEP],
        peaks=peaks,
        speech=copies[0].speech,
        speech_hops=speech_hops[: length // _HOP],
    )


def _looked(sound: Sound, length: int, part: tuple[int, int]) -> tuple[F32, F32, F32]:
    """Return energies per step, peaks and energies of the speech per hop of whole seconds."""
    start, n = part
    whole = -(-n // GRID) * GRID
    frames = read_within(sound.mix, length, start - _WARM, _WARM + whole + HALO)
    steps = _energies(frames[:-HALO], STEPS_PER_S)
    inner = frames[_WARM - HALO :]
    heights = cell_heights(inner)
    unseen = _UNSEEN * float(heights.max())
    cells = cell_peaks(inner, SAMPLE_RATE, floor=unseen, heights=heights)
    peaks = np.maximum(_by_hop(cells), np.float32(unseen))
    heard = read_within(sound.speech, length, start - _WARM, _WARM + whole)
    return steps.astype(np.float32), peaks, _energies(heard, HOPS_PER_S).astype(np.float32)


def master_pass(mix: Survey, *, gain_db: float, ceiling_dbtp: float) -> Mastering:
    """Measure the master of a mix at one gain."""
    master = Master(mix.mix, mix.length, gain_db=gain_db, ceiling_dbtp=ceiling_dbtp)
    gain = db_to_gain(gain_db)
    near = mix.peaks * gain > db_to_gain(ceiling_dbtp - MARGIN_DB + _NEAR_DB)
    within_reach = _seconds_within_reach(near)
    peak = float(mix.peaks[~near].max(initial=0)) * gain
    speech_hops = mix.speech_hops * np.float64(gain**2)
    programme, limited = Programme(), 0
    for first, seconds in spans(-(-mix.length // GRID), _AT_ONCE):
        steps = mix.steps[_of_seconds(first, seconds, STEPS_PER_S)] * np.float64(gain**2)
        for k in sorted(within_reach.intersection(range(first, first + seconds))):
            span = master.span(k * GRID - _WARM, _WARM + GRID + HALO)
            own = steps[_of_seconds(k - first, 1, STEPS_PER_S)]
            own[:] = _energies(span.frames[:-HALO], STEPS_PER_S)[: len(own)]
            peaks = cell_peaks(span.frames[_WARM - HALO :], SAMPLE_RATE)
            peak = max(peak, float(peaks.max()))
            if span.gain is not None:
                limited += _count_limited(span.gain)
                heard = speech_hops[_of_seconds(k, 1, HOPS_PER_S)]
                heard[:] = _limited_speech(mix, k, span.gain * np.float32(gain))[: len(heard)]
        programme.push(steps)
    return Mastering(
        gain_db=Db(gain_db),
        levels=programme.levels(true_peak=peak, length_s=mix.length / SAMPLE_RATE),
        speech_lufs=gated_lufs(speech_hops),
        limited_share=limited / max(-(-mix.length // _STEP), 1),
        mix_dbtp=mix.dbtp,
    )


def _weighting(channels: int, per_s: int) -> Weighting:
    """Weigh stereo, or one channel that is heard from both sides."""
    return Weighting(channels, SAMPLE_RATE, weights=(2.0,) if channels == 1 else None, per_s=per_s)


def _of_seconds(first: int, count: int, per_s: int) -> slice:
    return slice(first * per_s, (first + count) * per_s)


def _limited_speech(mix: Survey, k: int, gain: F32) -> F64:
    """Mean squares per 100 ms of the narration in a second, under the gain of a span around it."""
    start, n = k * GRID - _WARM, _WARM + GRID
    frames = read_within(mix.speech, mix.length, start, n) * gain[:n, np.newaxis]
    return _energies(frames, HOPS_PER_S)


def _seconds_within_reach(near: npt.NDArray[np.bool_]) -> frozenset[int]:
    """Seconds that share context with a hop near the ceiling."""
    hops = np.flatnonzero(near)
    first, last = hops * _HOP - AFTER, (hops + 1) * _HOP + BEFORE
    return frozenset(np.concatenate([first // GRID, hops // HOPS_PER_S, last // GRID]).tolist())


def _energies(frames: Frames, per_s: int) -> F64:
    """Mean squares of sound that comes with its run-in."""
    weighting = _weighting(frames.shape[1], per_s)
    return weighting.push(frames)[_WARM * per_s // SAMPLE_RATE :]


def _by_hop(cells: F32) -> F32:
    """Return the highest of the cells of every 100 ms of whole seconds."""
    return np.asarray(cells.reshape(-1, _HOP // CELL).max(1))


def _count_limited(gain: F32) -> int:
    deepest = gain[_WARM:-HALO].reshape(-1, _STEP).min(1)
    return int(np.count_nonzero(deepest < db_to_gain(LOWERED_DB)))
