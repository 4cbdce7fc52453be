"""What stands out of a recording: calls, cracks, drops that a listener would know again.

A moment stands out when a band rises suddenly above what is usual there, within the seconds
around it, by far more than it usually strays. Sounds that happen all the time are no events but
the texture: the bar rises until enough of the recording is left clear.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.ambience.recorded.heard import (
    BANDS,
    F32,
    MOMENTS_PER_S,
    Bytes,
    Flags,
    Passage,
    decibels,
    marked,
    runs,
)

Halves = npt.NDArray[np.float16]

_USUAL_PER_S: Final = 10
_USUAL_S: Final = 8
_USUAL_PERCENT: Final = 35
"""The usual level of a band: what it exceeds for most of these seconds, calls or not."""

_STRAY_LEAST_DB: Final = 0.8
_STRAY_OF_FALLS: Final = 1.4826
"""Standard deviation of normal chance over the median of its size."""

_RISE_DB: Final = 5.0
_BAR: Final = 4.0
_BAR_STEP: Final = 1.25
_BAR_STEPS: Final = 16
_FOOT: Final = 0.55
"""In strays above the usual: where an event is noticed; it begins and ends at this share of it."""

_JUST_BEFORE: Final = (20, 6)
"""An event rises suddenly: against the moments from 400 to 120 ms before. A wave does not."""

_GAP: Final = MOMENTS_PER_S * 3 // 10
_BEFORE: Final = 3
_AFTER: Final = 8
_LONGEST: Final = 12 * MOMENTS_PER_S
_CLEAR_RUN: Final = MOMENTS_PER_S * 14 // 10
_CLEAR_SHARE: Final = 0.3
_PART: Final = 300 * MOMENTS_PER_S
"""Moments judged at once: hours need no more memory."""

_CONTEXT: Final = _USUAL_S * MOMENTS_PER_S


def usual_db(levels_db: F32) -> F32:
    """Return the usual level of every band at every moment, (moments, bands)."""
    from scipy.ndimage import percentile_filter  # noqa: PLC0415 - slow to import, when listening

    step = MOMENTS_PER_S // _USUAL_PER_S
    count = len(levels_db)
    padded = np.pad(levels_db, ((0, -count % step), (0, 0)), mode="edge")
    coarse = padded.reshape(-1, step, levels_db.shape[1]).mean(axis=1)
    window = min(_USUAL_S * _USUAL_PER_S, len(coarse)) | 1
    usual = percentile_filter(coarse, _USUAL_PERCENT, size=(window, 1), mode="nearest")
    return np.repeat(usual, step, axis=0)[:count]


def standouts(kept_levels: Bytes, closed: Flags) -> tuple[Passage, ...]:
    """Return the passages that stand out, in order; those that touch `closed` left out."""
    strays, sudden = _strays(kept_levels)
    found: list[Passage] = []
    bar = _BAR
    for _ in range(_BAR_STEPS):
        found = _around(sudden > bar, strays > bar * _FOOT, len(kept_levels))
        if _is_clear_enough(marked(found, len(kept_levels)) | closed):
            break
        bar *= _BAR_STEP
    else:
        return ()
    return tuple(
        event
        for event in found
        if event.end - event.start <= _LONGEST and not closed[event.start : event.end].any()
    )


def _strays(kept_levels: Bytes) -> tuple[F32, F32]:
    """Return, for every moment, how far its most striking band strays, and how far suddenly."""
    parts = [_rises_db(kept_levels, at) for at in range(0, len(kept_levels), _PART)]
    typical = _typical_db([rise for rise, _ in parts])
    stray = [(rise / typical).max(axis=1).astype(np.float32) for rise, _ in parts]
    sudden = [_sudden(rise, onset, typical) for rise, onset in parts]
    return np.concatenate(stray), np.concatenate(sudden)


def _typical_db(rises: list[Halves]) -> F32:
    """Return how far each band strays by chance: what rises may be calls, what falls is chance."""
    bands = (np.concatenate([rise[:, k] for rise in rises]) for k in range(BANDS))
    falls = (-band[band < 0] for band in bands)
    middles = [float(np.median(fall)) if fall.size else 0.0 for fall in falls]
    typical = np.maximum(np.array(middles) * _STRAY_OF_FALLS, _STRAY_LEAST_DB)
    return typical.astype(np.float32)


def _sudden(rise: Halves, onset: Halves, typical: F32) -> F32:
    """Return for every moment how far a band both stands out and rose suddenly, in strays."""
    both = np.minimum(rise, onset)
    both[both < _RISE_DB] = 0.0
    return np.asarray((both / typical).max(axis=1), np.float32)


def _rises_db(kept_levels: Bytes, at: int) -> tuple[Halves, Halves]:
    """Return, for moments [at, at + _PART), levels over the usual and over those just before.

    Both are smoothed over 60 ms.
    """
    first = max(at - _CONTEXT, 0)
    levels = decibels(kept_levels[first : at + _PART + _CONTEXT])
    smooth = levels.copy()
    smooth[1:-1] = (levels[:-2] + levels[1:-1] + levels[2:]) / 3.0
    total = np.cumsum(np.pad(levels, ((_JUST_BEFORE[0] + 1, 0), (0, 0)), mode="edge"), axis=0)
    low, high = 0, _JUST_BEFORE[0] - _JUST_BEFORE[1]
    before = (total[high : high + len(levels)] - total[low : low + len(levels)]) / (high - low)
    own = slice(at - first, at - first + _PART)
    rise, onset = smooth - usual_db(levels), smooth - before
    return rise[own].astype(np.float16), onset[own].astype(np.float16)


def _around(peaks: Flags, low: Flags, count: int) -> list[Passage]:
    """Return the passages that lie around peaks, as far as the low bar is passed."""
    risen = marked(_closed_gaps(runs(low | peaks), 4), count)
    grown = [
        Passage(max(run.start - _BEFORE, 0), min(run.end + _AFTER, count))
        for run in runs(risen)
        if peaks[run.start : run.end].any()
    ]
    return _closed_gaps(grown, _GAP)


def _closed_gaps(passages: list[Passage], gap: int) -> list[Passage]:
    """Return passages with those nearer than `gap` moments joined."""
    joined: list[Passage] = []
    for passage in passages:
        if joined and passage.start - joined[-1].end < gap:
            joined[-1] = Passage(joined[-1].start, max(passage.end, joined[-1].end))
        else:
            joined.append(passage)
    return joined


def _is_clear_enough(taken: Flags) -> bool:
    clear = sum(run.end - run.start for run in runs(~taken) if run.end - run.start >= _CLEAR_RUN)
    return clear >= _CLEAR_SHARE * len(taken)
