"""What stands out of a recording: calls, cracks, drops that a listener would know again.

A moment stands out when a band rises above what is usual there, within the seconds around it, by
far more than it usually strays. Sounds that happen all the time are no events but the texture:
the bar rises until enough of the recording is left clear.
"""

from typing import Final

import numpy as np

from undersong.ambience.recorded.heard import (
    F32,
    MOMENTS_PER_S,
    Flags,
    Passage,
    decibels,
    marked,
    runs,
)

_USUAL_PER_S: Final = 10
_USUAL_S: Final = 8
"""The usual level of a band: its median over these seconds."""

_STRAY_LEAST_DB: Final = 0.8
_RISE_DB: Final = 5.0
_BAR: Final = 4.5
_BAR_STEP: Final = 1.25
_BAR_STEPS: Final = 16
_FOOT: Final = 2.5
"""In strays above the usual: where an event is noticed, and where it begins and ends."""

_GAP: Final = MOMENTS_PER_S * 3 // 10
_BEFORE: Final = 3
_AFTER: Final = 8
_LONGEST: Final = 12 * MOMENTS_PER_S
_CLEAR_RUN: Final = MOMENTS_PER_S * 14 // 10
_CLEAR_SHARE: Final = 0.35
_PART: Final = 300 * MOMENTS_PER_S
"""Moments judged at once: hours need no more memory."""

_CONTEXT: Final = _USUAL_S * MOMENTS_PER_S


def usual_db(levels_db: F32) -> F32:
    """Return the usual level of every band at every moment, (moments, bands)."""
    from scipy.ndimage import median_filter  # noqa: PLC0415 - slow to import, when listening

    step = MOMENTS_PER_S // _USUAL_PER_S
    count = len(levels_db)
    padded = np.pad(levels_db, ((0, -count % step), (0, 0)), mode="edge")
    coarse = padded.reshape(-1, step, levels_db.shape[1]).mean(axis=1)
    window = min(_USUAL_S * _USUAL_PER_S, len(coarse)) | 1
    usual = median_filter(coarse, size=(window, 1), mode="nearest")
    return np.repeat(usual, step, axis=0)[:count]


def standouts(kept_levels: np.typing.NDArray[np.uint8], closed: Flags) -> tuple[Passage, ...]:
    """Return the passages that stand out, in order; those that touch `closed` left out."""
    strays, rises = _strays(kept_levels)
    low = strays > _FOOT
    found: list[Passage] = []
    bar = _BAR
    for _ in range(_BAR_STEPS):
        peaks = (strays > bar) & (rises > _RISE_DB)
        found = _around(peaks, low, len(kept_levels))
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


def _strays(kept_levels: np.typing.NDArray[np.uint8]) -> tuple[F32, F32]:
    """Return, for every moment, how far its most striking band strays, in strays and in dB."""
    rises = [_rise_db(kept_levels, at) for at in range(0, len(kept_levels), _PART)]
    rise = np.concatenate(rises)
    typical = np.median(np.abs(rise), axis=0).astype(np.float32) * 1.4826
    stray = rise / np.maximum(typical, _STRAY_LEAST_DB)
    best = stray.argmax(axis=1)
    rows = np.arange(len(rise))
    return stray[rows, best].astype(np.float32), rise[rows, best].astype(np.float32)


def _rise_db(kept_levels: np.typing.NDArray[np.uint8], at: int) -> np.typing.NDArray[np.float16]:
    """Return levels over the usual of moments [at, at + _PART), smoothed over 60 ms."""
    first = max(at - _CONTEXT, 0)
    levels = decibels(kept_levels[first : at + _PART + _CONTEXT])
    smooth = levels.copy()
    smooth[1:-1] = (levels[:-2] + levels[1:-1] + levels[2:]) / 3.0
    rise = smooth - usual_db(levels)
    return rise[at - first : at - first + _PART].astype(np.float16)


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
