"""Running water: bubbles of every size, so many that most melt into a continuum.

Water by itself is almost silent; what sounds in a brook is air that it closes off. Every bubble is
a short tone that rises as it nears the surface, its pitch set by its radius (`dsp.grains.bubbles`;
Minnaert 1933, van den Doel 2005). Small ones are countless and make a hiss; large ones, which
gurgle, can be told apart. Their number follows the flow, which swirls at every scale behind stones.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from pydantic import Field

from undersong.ambience.blend import Blend, Ground, tuned_db
from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.shower import Bank, Rush, Shower
from undersong.ambience.texture import Splashes, Swings, sum_db
from undersong.dsp.grains import Grain, bubbles
from undersong.dsp.noise import ShapedNoise, Stream, Values, bands_hz


class BrookOptions(GeneratorOptions):
    """What a bed file may say of a stream."""

    flow: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From a trickle (0) to a rushing stream (1)."
    )
    gurgle: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From an even bed of sand (0) to deep pools (1)."
    )
    distance: float = Field(
        default=0.3, ge=0.0, le=1.0, description="From beside it (0) to across a meadow (1)."
    )


_RUSH: Final = {50: -10, 120: -8, 300: -4, 600: -4, 1200: -7, 2500: -11, 5000: -16, 12000: -26}
_FIZZ: Final = {300: -30, 800: -14, 1600: -8, 3000: -6, 6000: -9, 12000: -17}
"""Spectra of the whole stream, and of small bubbles near by."""

_RUSH_SWINGS: Final = ((43.0, 1.6), (8.0, 0.4))
_EDDIES: Final = ((1.7, 0.4), (0.45, 0.5), (0.13, 0.5))
"""How the flow swirls, all bands together and band by band: (scale in s, swing in dB)."""

_BABBLE: Final = (
    (0.13, 0.02, 0.08, {150: 0.1, 400: 0.2, 1500: 0.2, 6000: 0.15}),
    (0.023, 0.003, 0.014, {200: 0.0, 500: 0.2, 2000: 0.3, 8000: 0.25}),
)
"""Bubbles of middle size, too many to be told apart: see `texture.Splashes`."""

_SPECTRUM_OF_SIZES: Final = 1.5
"""A bubble's amplitude grows with this power of its radius (van den Doel 2005)."""

_OCTAVES: Final = np.log2(bands_hz() / 1000.0)
_CORRELATION: Final = {60: 0.8, 200: 0.55, 400: 0.42, 2000: 0.3, 10000: 0.2}
_FRAME: Final = 480


def _bubbles_of(middle_m: float, sigma: float, rise: float, longest_s: float) -> Bank:
    """Return the bank of bubbles of log-normal radii."""

    def bank(rng: np.random.Generator, count: int) -> list[Grain]:
        sizes = np.exp(np.clip(rng.normal(0.0, sigma, count), -2.0 * sigma, 2.0 * sigma))
        sound = bubbles(middle_m * sizes, rise * rng.random(count), longest_s)
        loud = (sizes**_SPECTRUM_OF_SIZES).astype(np.float32)
        return [grain * size for grain, size in zip(sound, loud, strict=True)]

    return bank


def _wandering(stream: Stream, rows: Sequence[tuple[float, float]]) -> Rush:
    """Return a rush that wanders at several scales: (scale in s, swing in dB)."""
    swings = Swings(stream, rows, by_side=False)
    return lambda times_s: swings(times_s)[:, 0, 0]


class Current:
    """The weather of a stream."""

    def __init__(self, options: BrookOptions, stream: Stream) -> None:
        """Take options."""
        self._swings = Swings(stream.child("swings"), _RUSH_SWINGS, by_side=False)
        self._eddies = Swings(stream.child("eddies"), _EDDIES, by_band=True)
        self._babble = Splashes(stream.child("babble"), _BABBLE)
        flow = options.flow - 0.4
        self._rush_db = tuned_db(_RUSH, 12.0 * flow) + 1.5 * flow * np.abs(_OCTAVES)
        self._fizz_db = tuned_db(_FIZZ, -3.0 - 5.0 * options.distance)
        self._far_db = -2.5 * options.distance * np.maximum(_OCTAVES + 1.0, 0.0)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        swings, eddies = self._swings(times_s), self._eddies(times_s)
        near = self._fizz_db + self._babble(times_s) + eddies
        total = sum_db(self._rush_db + 0.6 * eddies, near)
        return np.asarray(total + swings + self._far_db)


class Brook(Blend):
    """An endless stream; see `BrookOptions`."""

    name: ClassVar[str] = "stream"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = BrookOptions

    def __init__(self, options: BrookOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        swirl = _wandering(stream.child("swirl"), ((43.0, 1.8), (1.3, 0.8)))
        pools = _wandering(stream.child("pools"), ((43.0, 1.8), (2.7, 1.6)))
        near_db = -8.0 * options.distance
        small = Shower(
            stream=stream.child("small"),
            bank=_bubbles_of(0.0017, 0.4, 0.1, 0.06),
            rate_hz=320.0 * 2.0 ** (options.flow - 0.4),
            level_db=-7.0 + near_db,
            reach_db=4.0,
            rush=swirl,
        )
        large = Shower(
            stream=stream.child("large"),
            bank=_bubbles_of(0.0050, 0.4, 0.1, 0.2),
            rate_hz=110.0 * 2.0 ** (options.flow - 0.4),
            level_db=-11.0 + 12.0 * (options.gurgle - 0.5) + near_db,
            reach_db=3.0,
            limit_db=6.0,
            rush=pools,
        )
        ground = Ground(
            noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION),
            weather=Current(options, stream.child("current")),
        )
        super().__init__([ground], [small, large])
