"""A bell: a singing bowl, struck with a soft mallet and left to ring.

Modal synthesis: each mode of the bowl is a pair of tones a fraction of a hertz apart, because no
bowl is perfectly round, so it beats slowly as it dies. Ratios of the modes are those of bending
waves around a rim, measured on singing bowls at about 1, 2.7, 5.0, 7.9 and 11.3 (Rossing, "Science
of Percussion Instruments", World Scientific 2000; Terwagne and Bush, "Tibetan singing bowls",
Nonlinearity 24, 2011), each a little off, as bowls are.
"""

from typing import ClassVar

import numpy as np
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.texture import k_weight
from undersong.audio import Frames
from undersong.dsp.noise import Stream, Values
from undersong.units import LOUDNESS_OFFSET_LU, SAMPLE_RATE


class BellOptions(GeneratorOptions):
    """How the bell is."""

    pitch_hz: float = Field(default=212.0, ge=80.0, le=800.0, description="Its lowest tone.")
    decay_s: float = Field(
        default=9.0, ge=2.0, le=30.0, description="Time in which it falls by 30 dB."
    )
    brightness: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From a felt mallet (0) to a wooden one (1)."
    )


_MODES = (
    (1.0, 0.0, 1.0),
    (2.71, -6.0, 0.8),
    (5.04, -14.0, 0.5),
    (7.93, -23.0, 0.3),
    (11.3, -32.0, 0.2),
)
"""(ratio of pitch, level in dB at middle brightness, share of the decay)."""

_TILT_DB = 7.0
"""Change of level per octave from no brightness to full."""

_BEAT_HZ = (0.2, 0.5)
_TWIN = 0.3
"""How far apart the tones of a pair are, and the weaker one's share of the amplitude."""

_STROKE_LUFS = -24.3
"""Level of the stroke itself; the loudest 400 ms come to about -26 LUFS, near a voice."""

_ATTACK_S = 0.045
_RING = 1.4
"""The bell rings on for this many times its decay ..."""

_FADE = 0.3
"""... and fades to silence over this share of its length."""


class Bell:
    """One stroke of a bell; see `BellOptions`."""

    name: ClassVar[str] = "bell"
    version: ClassVar[int] = 1
    Options: ClassVar[type[GeneratorOptions]] = BellOptions

    def __init__(self, options: BellOptions, seed: int) -> None:
        """Prepare cheaply."""
        self._options = options
        self._strokes = Stream.of(seed, self.name)

    @property
    def length(self) -> int:
        """Length in samples, known without rendering."""
        return round(_RING * self._options.decay_s * SAMPLE_RATE)

    def render(self) -> Frames:
        """Return the whole sound, stereo, ending in silence."""
        t = np.arange(self.length) / SAMPLE_RATE
        u = np.arange(self.length) / (self.length - 1)
        rng = self._strokes.rng(0)
        ratios, levels_db, shares = np.array(_MODES).T
        hz = self._options.pitch_hz * ratios * rng.uniform(0.997, 1.003, size=len(ratios))
        levels_db = levels_db + _TILT_DB * (self._options.brightness - 0.4) * np.log2(ratios)
        power = 10.0 ** (levels_db / 10.0)
        loudness = LOUDNESS_OFFSET_LU + 10.0 * np.log10((power * k_weight(hz)).sum())
        peaks = np.sqrt(2.0 * power) * 10.0 ** ((_STROKE_LUFS - loudness) / 20.0)
        sound = sum(
            (
                _mode(t, tone, peak, self._options.decay_s * share, rng)
                for tone, peak, share in zip(hz, peaks, shares, strict=True)
            ),
            np.zeros((self.length, 2)),
        )
        sound *= (_ease(t / _ATTACK_S) * _ease((1.0 - u) / _FADE))[:, None]
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
