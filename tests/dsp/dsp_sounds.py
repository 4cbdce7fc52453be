"""Sounds to measure, and a true peak found by brute force."""

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from undersong.audio import Frames

F64 = npt.NDArray[np.float64]


def noise(seconds: float, rate: int = 48_000, *, seed: int = 1, pole: float = 0.0) -> F64:
    """Stereo noise of unit power, darker as the pole comes nearer to 1."""
    white = np.random.default_rng(seed).standard_normal((round(seconds * rate), 2))
    return np.asarray(lfilter([np.sqrt(1 - pole * pole)], [1, -pole], white, axis=0))


def speech(seconds: float, rate: int = 48_000, *, seed: int = 1) -> F64:
    """Mono sound with pitch, formant-like slope, syllables and pauses of several seconds."""
    t = np.arange(round(seconds * rate)) / rate
    rng = np.random.default_rng(seed)
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * t + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase + k * k) / k**1.2 for k in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 4.1 * t), 0, 1) ** 2
    phrases = np.sin(2 * np.pi * t / 6.83 + np.sin(t / 17) + rng.uniform(0, 6)) > -0.2
    return np.asarray(voice * syllables * phrases * (1 + 0.5 * np.sin(t / 3)) / 8)


def stereo(mono: F64) -> F64:
    """The same on both sides."""
    return np.stack([mono, mono], axis=1)


def frames(sound: F64, peak: float | None = None) -> Frames:
    """Float32, scaled to a sample peak where one is given."""
    scale = 1.0 if peak is None else peak / np.abs(sound).max()
    return np.ascontiguousarray(sound * scale, np.float32)


def brute_true_peak_db(sound: Frames, factor: int = 8) -> float:
    """True peak in dB by exact band-limited interpolation (FFT) of every loud stretch."""
    length, margin = 32_768, 2_048
    padded = np.pad(sound.astype(np.float64), ((margin, margin + length), (0, 0)))
    loud = np.abs(sound).max() / 4
    highest = 0.0
    for start in range(0, len(sound), length):
        stretch = padded[start : start + length + 2 * margin]
        if np.abs(stretch).max() < loud:
            continue
        spectrum = np.fft.rfft(stretch, axis=0)
        fine = np.fft.irfft(spectrum * factor, len(stretch) * factor, axis=0)
        highest = max(highest, float(np.abs(fine[margin * factor : -margin * factor]).max()))
    return 20 * float(np.log10(highest))
