"""Moving air: gusts at several time scales, turbulence within them, and no whistling.

Wind has no sound; what it brushes against has. The level of each band follows the wind speed with
a power of its own, higher bands more steeply, so the sound brightens as the wind rises.
"""

from typing import ClassVar

import numpy as np
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.gusts import Gusts
from undersong.ambience.texture import Swings, Texture, levelling_db, sum_db
from undersong.audio import Gridded
from undersong.dsp.noise import ShapedNoise, Stream, Values, bands_hz, spectrum_db


class BreezeOptions(GeneratorOptions):
    """What a bed file may say of a breeze."""

    force: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From a breath of air (0) to a fresh wind (1)."
    )
    gusts: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From steady (0) to coming and going (1)."
    )
    warmth: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="From airy and open (0) to low and sheltered (1).",
    )


_OCTAVES = np.log2(bands_hz() / 400.0)

_BED = spectrum_db({40: -12, 90: -9, 200: -7, 400: -3, 700: -6, 1200: -14, 2400: -28, 6000: -46})
"""The wind at its usual speed."""

_FAR = spectrum_db({40: -15, 100: -13, 300: -12, 800: -17, 2000: -31, 6000: -50})
"""Air further off, which hardly changes: a lull is quiet, never empty."""

_STEEPNESS = spectrum_db({40: 4, 150: 6, 400: 9, 1000: 12, 3000: 14, 10000: 15})
"""How much each band rises per octave of speed, in dB."""

_GRASS = spectrum_db({300: -60, 1000: -45, 2500: -38, 5000: -38, 12000: -46})
"""What the wind brushes against."""

_BODY_OCTAVES = 0.75
_BODY_DB = 7.0
"""A broad emphasis, far too wide to whistle, that wanders up with the speed."""

_EDDIES = ((1.1, 1.1), (0.35, 0.7), (0.12, 0.4))
"""Turbulence band by band: (scale in s, swing in dB)."""

_FLUTTER = ((0.12, 0.8), (0.05, 0.5))
"""Turbulence of all bands together, more of it in fast air: (scale in s, swing in dB)."""

_CORRELATION = {60: 0.75, 200: 0.55, 400: 0.4, 2000: 0.3, 10000: 0.2}
_FRAME = 1920


class Air:
    """The weather of a breeze."""

    def __init__(self, options: BreezeOptions, stream: Stream) -> None:
        """Take options; the wind is worked out as it is needed."""
        self._force = 0.9 * (options.force - 0.4)
        self._gusts = Gusts(stream=stream.child("gusts"), depth=0.19 + 0.21 * options.gusts)
        self._eddies = Swings(stream.child("eddies"), _EDDIES, by_band=True)
        self._flutter = Swings(stream.child("flutter"), _FLUTTER)
        self._warmth_db = -(options.warmth - 0.5) * 5.0 * _OCTAVES

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        gust = self._gusts(times_s)[..., None]
        rise = self._force + gust
        bump = _BODY_DB * np.exp(-0.5 * ((_OCTAVES - rise) / _BODY_OCTAVES) ** 2)
        wind = _BED + _STEEPNESS * rise + bump
        grass = _GRASS + 11.0 * rise
        total = sum_db(wind, grass, _FAR + 10.0 * self._force + 2.0 * gust) + self._warmth_db
        quick = self._flutter(times_s) * np.clip(1.0 + 0.6 * rise, 0.3, 2.0)
        return np.asarray(total + quick + self._eddies(times_s))


class Breeze(Gridded):
    """An endless breeze; see `BreezeOptions`."""

    name: ClassVar[str] = "breeze"
    version: ClassVar[int] = 1
    Options: ClassVar[type[GeneratorOptions]] = BreezeOptions

    def __init__(self, options: BreezeOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        air = Air(options, stream.child("air"))
        texture = Texture(
            noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION),
            weather=air,
            gain_db=levelling_db([air]),
        )
        super().__init__(texture.block, channels=2)
