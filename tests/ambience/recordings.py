"""Recordings made on the spot: places with and without calls, and what goes wrong in the field."""

from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.ambience.waves import Waves, WavesOptions
from undersong.audio import Frames

SECOND = 48_000

CALLS = ((4.0, 1800.0), (9.5, 3200.0), (14.2, 2400.0), (20.6, 4300.0), (25.8, 1500.0))
"""Seconds and Hz at which something calls."""

CALL_S = 0.3


def air(seconds: int, seed: int = 5) -> Frames:
    """A breeze: texture, nothing that stands out."""
    return Breeze(BreezeOptions(), seed).read(0, seconds * SECOND)


def sea(seconds: int, seed: int = 5) -> Frames:
    """Waves: slow rises that are no events."""
    return Waves(WavesOptions(), seed).read(0, seconds * SECOND)


def call(hz: float) -> Frames:
    """A short rising call, (n, 2): as wide as calls in the open are."""
    t = np.arange(int(CALL_S * SECOND)) / SECOND
    phase = 2 * np.pi * (hz * t + 0.2 * hz * t**2)
    sides = np.stack([np.sin(phase), 0.7 * np.sin(phase + 1.0)], axis=1)
    return (sides * np.hanning(len(t))[:, None] ** 0.5).astype(np.float32)


@cache
def meadow() -> Frames:
    """Half a minute of air in which something calls five times."""
    sound = air(30)
    for at_s, hz in CALLS:
        start = int(at_s * SECOND)
        sound[start : start + int(CALL_S * SECOND)] += 0.03 * call(hz)
    return sound


def written(path: Path, sound: Frames, rate: int = SECOND, subtype: str = "PCM_24") -> Path:
    """Write a sound file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, subtype=subtype)
    return path
