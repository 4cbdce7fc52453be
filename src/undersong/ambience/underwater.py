"""Under warm water: a soft, low surge overhead, and bubbles that rise in strings.

Below the surface little is heard of the air's hiss: what reaches the ear is the low murmur of
water that moves, swelling as each wave passes overhead, and bubbles, which are far better singers
here than above. A string of them is let go by one opening, so they come quickly one after another
and have nearly one pitch (Leighton, "The Acoustic Bubble", Academic Press 1994, on bubbles from a
nozzle); as the opening runs dry the string slows and its bubbles shrink. For how a bubble sounds,
see `dsp.grains.bubbles`; the sea's own murmur falls by about 17 dB per decade above 1 kHz (Knudsen,
Alford and Emling, "Underwater ambient noise", Journal of Marine Research 7, 1948).
"""

from typing import ClassVar, Final

import numpy as np
from pydantic import Field

from undersong.ambience.blend import Blend, Ground, tuned_db
from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.phase import Phase
from undersong.ambience.shower import Rush, Shower
from undersong.ambience.swell import Swell
from undersong.ambience.texture import Swings, level_db, powers_of
from undersong.dsp.grains import Grain, bubbles
from undersong.dsp.noise import Curve, ShapedNoise, Stream, Values, bands_hz, spectrum_db
from undersong.units import SAMPLE_RATE


class UnderwaterOptions(GeneratorOptions):
    """What a bed file may say of water around the listener."""

    depth: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From just below the surface (0) to deep (1)."
    )
    motion: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From still water (0) to a slow, strong surge (1)."
    )
    bubbles: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From none (0) to many strings of them (1)."
    )


_MURMUR: Final = {40: -5, 80: 0, 160: -2, 300: -6, 600: -14, 1200: -24, 3000: -35, 10000: -47}
_OVERHEAD: Final = Phase(
    start_s=-5.0,
    peak_s=5.0,
    order=4.0,
    spectrum={40: -2, 80: 0, 160: 0, 300: -3, 600: -9, 1200: -18, 3000: -30, 10000: -44},
    tilt=0.0,
)
"""Spectra of the water at rest, and of a wave that passes overhead."""

_PERIOD_S: Final = 8.0
_REACH_S: Final = (7.0, 20.0)
_SWINGS: Final = ((29.0, 1.0), (9.0, 0.8))
_EDDIES: Final = ((2.6, 0.9), (0.8, 0.9), (0.25, 0.8))
"""How the water wanders, all bands together and band by band: (scale in s, swing in dB)."""

_STRINGS_HZ: Final = 1.5
_FIZZ_HZ: Final = 30.0
_STRING_S: Final = 0.85
_OCTAVES: Final = np.log2(bands_hz() / 400.0)
_CORRELATION: Final = {40: 0.8, 150: 0.6, 300: 0.45, 2000: 0.35, 10000: 0.3}
_FRAME: Final = 1920


def _strings(rng: np.random.Generator, n: int) -> list[Grain]:
    """Strings of bubbles, each from one opening."""
    return [_string(rng) for _ in range(n)]


def _string(rng: np.random.Generator) -> Grain:
    count = int(rng.integers(2, 9))
    radius_m = float(np.exp(rng.normal(np.log(0.0062), 0.35)))
    sizes = rng.lognormal(0.0, 0.08, count) * np.linspace(1.0, rng.uniform(0.6, 1.0), count)
    sounds = bubbles(radius_m * sizes, rng.uniform(0.0, 0.12, count), 0.25)
    gaps = rng.uniform(0.035, 0.12) * np.linspace(1.0, 1.8, count) * rng.uniform(0.7, 1.3, count)
    starts = ((np.cumsum(gaps) - gaps[0]) * SAMPLE_RATE).astype(np.intp)
    out = np.zeros(int((_STRING_S + 0.05) * SAMPLE_RATE), np.float32)
    for start, size, sound in zip(starts, sizes, sounds, strict=True):
        part = out[start : start + len(sound)]
        if start + len(sound) < len(out):
            part += sound * np.float32(size**1.5 * rng.uniform(0.5, 1.0))
    return out


def _fizz(rng: np.random.Generator, n: int) -> list[Grain]:
    """Small bubbles, one by one."""
    radius_m = np.exp(rng.normal(np.log(0.0025), 0.4, n)).clip(0.0008, 0.008)
    return bubbles(radius_m, 0.1 * rng.random(n), 0.12)


class Depths:
    """The weather under water: a murmur, and waves that pass overhead."""

    def __init__(self, options: UnderwaterOptions, stream: Stream) -> None:
        """Take options."""
        self._swell = Swell(stream.child("swell"), _PERIOD_S)
        self._swings = Swings(stream.child("swings"), _SWINGS, by_side=False)
        self._eddies = Swings(stream.child("eddies"), _EDDIES, by_band=True)
        self._leans = Swings(stream.child("leans"), ((6.0, 1.2),))
        self._murmur_db = tuned_db(_MURMUR, 0.0)
        loudest_db = tuned_db(_OVERHEAD.spectrum, -1.0 + 12.0 * (options.motion - 0.4))
        self._surge_db = float((loudest_db - spectrum_db(_OVERHEAD.spectrum)).mean())
        self._dull_db = -5.0 * (options.depth - 0.5) * np.maximum(_OCTAVES + 1.0, 0.0)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        arrivals = self._swell.between(times_s[0] - _REACH_S[1], times_s[-1] + _REACH_S[0])
        powers = powers_of(np.repeat(self._swings(times_s)[:, 0], 2, axis=1), self._murmur_db)
        for one in arrivals:
            surge_db = self._surge_db + min(0.6 * one.height_db, 3.0)
            _OVERHEAD.add_to(powers, times_s, one.time_s, gain_db=surge_db)
        level = level_db(powers) + self._eddies(times_s) + self._leans(times_s)
        return np.asarray(level + self._dull_db)


class Underwater(Blend):
    """Endless warm water all around; see `UnderwaterOptions`."""

    name: ClassVar[str] = "underwater"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = UnderwaterOptions

    def __init__(self, options: UnderwaterOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        come = _coming(Curve(stream.child("come"), 4.0))
        near_db = -4.0 * (options.depth - 0.5)
        often = 4.0 ** (options.bubbles - 0.4) * float(options.bubbles > 0.0)
        showers = [
            Shower(
                stream=stream.child("strings"),
                bank=_strings,
                rate_hz=_STRINGS_HZ * often,
                level_db=-9.0 + 8.0 * (options.bubbles - 0.4) + near_db,
                reach_db=4.0,
                limit_db=5.0,
                rush=come,
                unique=True,
            ),
            Shower(
                stream=stream.child("fizz"),
                bank=_fizz,
                rate_hz=_FIZZ_HZ * often,
                level_db=-12.0 + 6.0 * (options.bubbles - 0.4) + near_db,
                rush=come,
            ),
        ]
        ground = Ground(
            noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION),
            weather=Depths(options, stream.child("depths")),
        )
        super().__init__([ground], showers if options.bubbles > 0.0 else [])


def _coming(curve: Curve) -> Rush:
    def rush(times_s: Values) -> Values:
        return np.asarray(4.0 * curve(times_s)[:, 0] - 1.5)

    return rush
