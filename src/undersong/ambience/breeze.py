"""Moving air: gusts, turbulence within them, and no whistling.

Wind has no sound; what it brushes against has. Behind every stalk and twig eddies are shed, a
dipole whose power goes with the sixth power of speed and whose frequencies go with speed
(Strouhal; Blake, "Mechanics of Flow-Induced Sound and Vibration", 1986): a gust is 18 dB an
octave of speed louder and its whole spectrum lies higher. Stalks of all widths together have no
pitch of their own, so there is nothing to whistle.
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


_POWER_DB = 18.0
"""Level of a dipole per octave of speed: the sixth power."""

_SHED_HZ = (28.0, 40.0, 90.0, 180.0, 350.0, 700.0, 1200.0, 2400.0, 4800.0, 9600.0, 27_000.0)
_SHED_DB = (-10.0, -9.0, -8.0, -6.0, -2.0, 0.0, -3.0, -13.0, -23.0, -32.0, -47.0)
"""Eddies shed by stalks and twigs of many widths, at the usual speed."""

_FAR = spectrum_db({40: -27, 100: -25, 300: -25, 800: -29, 2000: -39, 6000: -53})
"""Air further off, which hardly changes: a lull is quiet, never empty."""

_GRASS = spectrum_db({300: -60, 1000: -48, 2500: -41, 5000: -40, 12000: -47})
_GRASS_RISE_DB = 15.0
"""Blades that touch, and how much more they are heard per octave of speed."""

_FORCE_OCTAVES = 0.9
_USUAL_FORCE = 0.4
"""Octaves of speed from end to end of the option, and where levels are as above."""

_EDDIES = ((1.1, 0.7), (0.35, 0.5), (0.12, 0.4))
"""Each band has a little turbulence of its own: (scale in s, swing in dB)."""

_CORRELATION = {60: 0.75, 200: 0.55, 400: 0.4, 2000: 0.3, 10000: 0.2}
_FRAME = 1920
_OCTAVES = np.log2(bands_hz())


class Air:
    """The weather of a breeze."""

    def __init__(self, options: BreezeOptions, stream: Stream) -> None:
        """Take options; the wind is worked out as it is needed."""
        self._force = _FORCE_OCTAVES * (options.force - _USUAL_FORCE)
        self._gusts = Gusts(
            stream=stream.child("gusts"), depth=0.25 + 2.1 * options.gusts, period_s=4.4, drift=0.03
        )
        self._eddies = Swings(stream.child("eddies"), _EDDIES, by_band=True)
        self._warmth_db = -(options.warmth - 0.5) * 5.0 * (_OCTAVES - np.log2(400.0))

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        rise = self._force + self._gusts(times_s)[..., None]
        shed = np.interp(_OCTAVES - rise, np.log2(_SHED_HZ), _SHED_DB) + _POWER_DB * rise
        far = _FAR + _POWER_DB * self._force
        total = sum_db(shed, _GRASS + _GRASS_RISE_DB * rise, far)
        return np.asarray(total + self._warmth_db + self._eddies(times_s))


class Breeze(Gridded):
    """An endless breeze; see `BreezeOptions`."""

    name: ClassVar[str] = "breeze"
    version: ClassVar[int] = 3
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
