"""Metal that is struck and rings: modal synthesis, shared by bells and bowls.

Each mode is a pair of tones a fraction of a hertz apart, because nothing cast is perfectly round,
so it beats slowly as it dies.
"""

import numpy as np
from msgspec import Struct

from undersong.ambience.texture import k_weight
from undersong.audio import Frames
from undersong.dsp.noise import Stream, Values
from undersong.units import LOUDNESS_OFFSET_LU, SAMPLE_RATE

_TILT_DB = 7.0
"""Change of level per octave from a felt mallet to a wooden one."""

_MIDDLE = 0.4
"""Brightness at which levels are as the modes say."""

_BEAT_HZ = (0.2, 0.5)
_TWIN = 0.3
"""How far apart the tones of a pair are, and the weaker one's share of the amplitude."""

_STROKE_LUFS = -24.3
"""Level of the stroke itself; the loudest 400 ms come to about -26 LUFS, near a voice."""

_RING = 1.4
"""It rings on for this many times its decay ..."""

_FADE = 0.3
"""... and fades to silence over this share of its length."""


class Struck(Struct, frozen=True, kw_only=True):
    """One stroke.

    Attributes:
        modes: (ratio of pitch, level in dB at middle brightness, share of the decay) rows.
        pitch_hz: its lowest tone.
        decay_s: time in which it falls by 30 dB.
        brightness: from a felt mallet (0) to a wooden one (1).
        attack_s: how long the stroke takes to swell.
    """

    modes: tuple[tuple[float, float, float], ...]
    pitch_hz: float
    decay_s: float
    brightness: float
    attack_s: float

    @property
    def length(self) -> int:
        """Length in samples."""
        return round(_RING * self.decay_s * SAMPLE_RATE)

    def render(self, strokes: Stream) -> Frames:
        """Return the whole sound, stereo, ending in silence."""
        t = np.arange(self.length) / SAMPLE_RATE
        u = np.arange(self.length) / (self.length - 1)
        rng = strokes.rng(0)
        ratios, levels_db, shares = np.array(self.modes).T
        hz = self.pitch_hz * ratios * rng.uniform(0.997, 1.003, size=len(ratios))
        levels_db = levels_db + _TILT_DB * (self.brightness - _MIDDLE) * np.log2(ratios)
        power = 10.0 ** (levels_db / 10.0)
        loudness = LOUDNESS_OFFSET_LU + 10.0 * np.log10((power * k_weight(hz)).sum())
        peaks = np.sqrt(2.0 * power) * 10.0 ** ((_STROKE_LUFS - loudness) / 20.0)
        sound = sum(
            (
                _mode(t, tone, peak, self.decay_s * share, rng)
                for tone, peak, share in zip(hz, peaks, shares, strict=True)
            ),
            np.zeros((self.length, 2)),
        )
        sound *= (_ease(t / self.attack_s) * _ease((1.0 - u) / _FADE))[:, None]
        return np.ascontiguousarray(sound, np.float32)


def _mode(t: Values, hz: float, peak: float, decay_s: float, rng: np.random.Generator) -> Values:
    """Return one mode as a pair of tones, (n, 2): one rather left, the other rather right."""
    way = float(rng.choice([-1.0, 1.0]))
    phase, apart_hz = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(*_BEAT_HZ)
    envelope = peak / (1.0 + _TWIN) * 10.0 ** (-1.5 * t / decay_s)
    sound = np.zeros((len(t), 2))
    for share, tone_hz, place in ((1.0, hz, 0.25 * way), (_TWIN, hz + apart_hz, -0.7 * way)):
        tone = share * envelope * np.sin(2.0 * np.pi * tone_hz * t + phase)
        sound += tone[:, None] * np.sqrt([(1.0 - place) / 2.0, (1.0 + place) / 2.0])
    return sound


def _ease(u: Values) -> Values:
    """Rise from 0 to 1 as a raised cosine, and stay there."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(u, 0.0, 1.0)))
