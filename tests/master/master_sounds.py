"""Mixes to master: plain arrays behind the contract of a block source."""

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter, resample_poly

from undersong.audio import Frames, silence


class Tape:
    """A finite source that refuses to be read outside its length, and counts what is read."""

    def __init__(self, sound: npt.NDArray[np.floating]) -> None:
        self.sound = np.ascontiguousarray(sound, np.float32)
        self.read_frames = 0

    @property
    def channels(self) -> int:
        return int(self.sound.shape[1])

    def read(self, start: int, n: int) -> Frames:
        assert 0 <= start <= start + n <= len(self.sound)
        self.read_frames += n
        return self.sound[start : start + n].copy()


class Hush:
    """Narration that says nothing."""

    channels = 1

    def read(self, start: int, n: int) -> Frames:
        assert start >= 0
        return silence(n, 1)


class Both(Tape):
    """Mono narration on both channels of a stereo mix; silent outside its length."""

    def __init__(self, sound: npt.NDArray[np.floating]) -> None:
        super().__init__(np.repeat(sound, 2, axis=1))


def narration(seconds: float, *, crest: float = 1.0, seed: int = 0) -> npt.NDArray[np.float64]:
    """Stereo voice-like phrases over a dark bed; a higher crest has rarer and higher peaks."""
    rng = np.random.default_rng(seed)
    n = round(seconds * 48_000)
    t = np.arange(n) / 48_000
    phase = 2 * np.pi * np.cumsum(120 + 25 * np.sin(4.4 * t)) / 48_000
    voice = sum(np.sin(k * phase + k * k) / k**1.2 for k in range(1, 16))
    voice *= np.clip(np.sin(2 * np.pi * 4.1 * t), 0, 1) ** 2 * (np.sin(2 * np.pi * t / 6.1) > -0.1)
    voice *= 1 + (crest - 1) * (np.sin(2 * np.pi * t / 1.7) > 0.95)
    bed = lfilter([0.05], [1, -0.95], rng.standard_normal((n, 2)), axis=0)
    return np.asarray(0.05 * voice[:, np.newaxis] + 0.1 * bed)


def true_peak_db(sound: Frames, factor: int = 8) -> float:
    """True peak in dB, by upsampling every second that may hold it."""
    second, margin = 48_000, 480
    padded = np.pad(sound, ((margin, margin + second), (0, 0)))
    loud = np.abs(sound).max() / 2
    stretches = (padded[at : at + second + 2 * margin] for at in range(0, len(sound), second))
    highest = max(
        np.abs(resample_poly(stretch, factor, 1)[margin * factor : -margin * factor]).max()
        for stretch in stretches
        if np.abs(stretch).max() >= loud
    )
    return 20 * float(np.log10(highest))
