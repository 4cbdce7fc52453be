"""Recordings made on the spot: places with and without calls, and what goes wrong in the field."""

from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from undersong.ambience.waves import Waves, WavesOptions
from undersong.audio import Frames

SECOND = 48_000

CALLS = ((4.0, 1800.0), (9.5, 3200.0), (14.2, 2400.0), (20.6, 4300.0), (25.8, 1500.0))
"""Seconds and Hz at which something calls."""

CALL_S = 0.3
AIR_RMS = 10 ** (-34.8 / 20)


def air(seconds: int, seed: int = 5) -> Frames:
    """Moving air: noise that falls by 7 dB per octave from 250 Hz on, nothing that stands out.

    It is no bed of ours, so that a bed may sound otherwise one day and these tests stay.
    """
    rng = np.random.default_rng(seed)
    n = seconds * SECOND
    hz = np.fft.rfftfreq(n, 1 / SECOND)
    shape = np.minimum(hz / 100.0, 1.0) ** 2 / (1.0 + (hz / 250.0) ** 2.4) ** 0.5
    own = np.fft.irfft(np.fft.rfft(rng.standard_normal((3, n))) * shape, n)
    slow = np.interp(np.arange(n), np.arange(0, n + SECOND, SECOND), _swells(seconds + 1, rng))
    sides = np.stack([own[0] + own[1], own[0] + own[2]], axis=1) * slow[:, None]
    return np.ascontiguousarray(sides * (AIR_RMS / sides.std()), np.float32)


def _swells(count: int, rng: np.random.Generator) -> np.ndarray:
    """Gains that wander by some 2 dB from second to second."""
    walk = np.convolve(rng.standard_normal(count + 8), np.hanning(9), "valid")
    return np.asarray(10 ** (1.5 * walk / max(walk.std(), 1e-9) / 20))


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
