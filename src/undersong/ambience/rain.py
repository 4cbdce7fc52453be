"""Rain: a sheet of countless far drops, and near ones on whatever they fall on.

A drop is heard by what it strikes. On leaves it is a tick of a few milliseconds; on a roof the
boards or tiles answer with a thud of their own; on water there is little of a splash but often a
bubble, closed off after the impact, that rings at 1 to 10 kHz (Pumphrey, Crum and Bjoerno,
"Underwater sound produced by individual drop impacts and rainfall", Journal of the Acoustical
Society of America 85, 1989). Far drops melt into a sheet (Farnell, "Designing Sound", MIT Press
2010, on rain), which swells and thins as showers drift over.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import numpy as np
from msgspec import Struct
from pydantic import Field

from undersong.ambience.blend import Blend, Ground, tuned_db
from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.shower import Bank, Shower
from undersong.ambience.texture import Splashes, Swings
from undersong.dsp.grains import Grain, bubbles, bursts, strikes
from undersong.dsp.noise import Curve, Points, ShapedNoise, Stream, Values, bands_hz


class RainOptions(GeneratorOptions):
    """What a bed file may say of rain."""

    strength: float = Field(
        default=0.45, ge=0.0, le=1.0, description="From a drizzle (0) to a downpour (1)."
    )
    surface: Literal["leaves", "roof", "water"] = Field(
        default="leaves", description="What the near drops fall on."
    )
    nearness: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="From a distant sheet of rain (0) to drops all around (1).",
    )


def _leaves(rng: np.random.Generator, n: int) -> list[Grain]:
    """Drops on leaves: a dull or bright tick, the leaf giving way under it."""
    hz = np.exp(rng.normal(np.log(2300.0), 0.6, n))
    fall_s = 0.0045 * (2300.0 / hz) ** 0.5 * rng.uniform(0.6, 1.7, n)
    return bursts(rng, hz, rng.uniform(0.5, 1.1, n), np.full(n, 0.0006), fall_s)


def _roof(rng: np.random.Generator, n: int) -> list[Grain]:
    """Drops on a roof: boards that answer in a few low modes, under a tick."""
    lowest = np.exp(rng.normal(np.log(420.0), 0.45, (n, 1)))
    hz = lowest * np.array([1.0, 1.58, 2.24, 2.92]) * rng.uniform(0.93, 1.07, (n, 4))
    decay_s = 0.011 * (420.0 / hz) ** 0.7 * rng.uniform(0.7, 1.4, (n, 4))
    level_db = np.array([0.0, -3.0, -6.0, -9.0]) + rng.normal(0.0, 3.0, (n, 4))
    return strikes(hz, decay_s, level_db)


def _water(rng: np.random.Generator, n: int) -> list[Grain]:
    """Drops on water: what rings is the bubble that some of them close off."""
    radius_m = np.exp(rng.normal(np.log(0.0009), 0.55, n)).clip(0.0003, 0.005)
    sound = bubbles(radius_m, rng.uniform(0.0, 0.15, n), 0.12)
    size = (radius_m / 0.0009) ** 0.5
    return [grain * np.float32(s) for grain, s in zip(sound, size, strict=True)]


class Surface(Struct, frozen=True, kw_only=True):
    """What rain falls on: its drops, and the sound of all of it from afar."""

    bank: Bank
    rate_hz: float
    sheet: Points


_SURFACES: Final[Mapping[str, Surface]] = {
    "leaves": Surface(
        bank=_leaves,
        rate_hz=260.0,
        sheet={60: -5, 150: -1, 400: -3, 1000: -8, 3000: -9, 6000: -9, 12000: -16},
    ),
    "roof": Surface(
        bank=_roof,
        rate_hz=220.0,
        sheet={60: -12, 150: -6, 300: -2, 700: -5, 2000: -11, 6000: -14, 12000: -20},
    ),
    "water": Surface(
        bank=_water,
        rate_hz=320.0,
        sheet={60: -8, 150: -5, 400: -6, 1000: -9, 3000: -8, 7000: -8, 14000: -15},
    ),
}

_SHEET_SWINGS: Final = ((31.0, 1.3), (9.0, 0.9), (3.0, 0.4))
_SHEET_GRAIN: Final = ((2.3, 0.9), (0.9, 0.9), (0.3, 0.6), (0.09, 0.4))
"""How the sheet drifts, all bands together and band by band: (scale in s, swing in dB)."""

_PATTER: Final = (
    (0.021, 0.002, 0.012, {200: 0.1, 1000: 0.2, 4000: 0.25}),
    (0.005, 0.001, 0.004, {200: 0.0, 1000: 0.2, 4000: 0.35}),
)
"""Drops of middle distance, too many to be told apart: see `texture.Splashes`."""

_OCTAVES: Final = np.log2(bands_hz() / 1000.0)
_CORRELATION: Final = {60: 0.8, 200: 0.55, 400: 0.42, 2000: 0.3, 10000: 0.22}
_FRAME: Final = 480


class Sheet:
    """The weather of rain: all drops that are too far to be told apart."""

    def __init__(self, options: RainOptions, stream: Stream) -> None:
        """Take options."""
        self._drift = Swings(stream.child("drift"), _SHEET_SWINGS, by_side=False)
        self._grain = Swings(stream.child("grain"), _SHEET_GRAIN, by_band=True)
        self._patter = Splashes(stream.child("patter"), _PATTER)
        tilt_db = 2.0 * (options.strength - 0.45) * _OCTAVES
        self._level_db = tuned_db(_SURFACES[options.surface].sheet, 0.0) + tilt_db

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        level = self._level_db + self._drift(times_s) + self._grain(times_s)
        return np.asarray(level + self._patter(times_s))


class Rain(Blend):
    """Endless rain; see `RainOptions`."""

    name: ClassVar[str] = "rain"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = RainOptions

    def __init__(self, options: RainOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        surface = _SURFACES[options.surface]
        come = Curve(stream.child("come"), 6.0)
        drops = Shower(
            stream=stream.child("drops"),
            bank=surface.bank,
            rate_hz=surface.rate_hz * 2.0 ** (2.0 * (options.strength - 0.45)),
            level_db=-11.0 + 9.0 * (options.nearness - 0.5) + 3.0 * (options.strength - 0.45),
            reach_db=4.0,
            limit_db=6.0,
            rush=lambda times_s: 1.2 * come(times_s)[:, 0],
        )
        ground = Ground(
            noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION),
            weather=Sheet(options, stream.child("sheet")),
        )
        super().__init__([ground], [drops])
