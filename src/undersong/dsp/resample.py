"""Changing the sampling rate of short sounds."""

import numpy as np
import soxr

from undersong.audio import Frames, silence
from undersong.units import SAMPLE_RATE


def to_48k(frames: Frames, rate: int) -> Frames:
    """Convert a whole short sound to 48 kHz at soxr's very high quality.

    Frames (n, channels) at `rate` give exactly n * 48000 / rate frames, rounded, halves up. The
    result is a new array.

    Raises:
        ValueError: `rate` is not positive.
    """
    if rate <= 0:
        msg = f"not a sampling rate: {rate} Hz"
        raise ValueError(msg)
    if rate == SAMPLE_RATE:
        return np.array(frames, np.float32)
    length = (2 * len(frames) * SAMPLE_RATE + rate) // (2 * rate)
    if not len(frames):
        return silence(0, frames.shape[1])
    found = soxr.resample(np.ascontiguousarray(frames, np.float32), rate, SAMPLE_RATE, "VHQ")
    if len(found) < length:
        found = np.concatenate([found, silence(length - len(found), frames.shape[1])])
    return np.asarray(found[:length], np.float32)
