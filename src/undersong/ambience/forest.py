"""A wood: leaves in the wind, birds near and far, now and then a branch that creaks."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.grove import Grove, Maker
from undersong.ambience.gusts import Gusts
from undersong.ambience.songs import CHOIRS, KINDS
from undersong.ambience.texture import Splashes, Swings, Texture, Weather, levelling_db
from undersong.audio import Frames, Gridded
from undersong.dsp.noise import ShapedNoise, Stream, Values, spectrum_db


class ForestOptions(GeneratorOptions):
    """What a bed file may say of a forest."""

    wind: float = Field(
        default=0.35,
        ge=0.0,
        le=1.0,
        description="From still air (0) to a steady wind in the crowns (1).",
    )
    birds: float = Field(default=0.5, ge=0.0, le=1.0, description="From none (0) to many (1).")
    time: Literal["dawn", "day", "dusk"] = Field(
        default="day", description="Time of day; it decides who sings."
    )


_CROWNS = spectrum_db({40: -16, 100: -12, 300: -10, 800: -13, 2000: -21, 5000: -33, 12000: -48})
"""The wood as a whole: air in all crowns together, near and far."""

_LEAVES = spectrum_db({200: -44, 700: -31, 1800: -22, 3500: -18, 7000: -20, 14000: -28})
"""Leaves near by."""

_CROWNS_RISE = spectrum_db({40: 4, 300: 6, 2000: 9, 10000: 11})
_LEAVES_RISE = 12.0
"""How much they rise per octave of wind speed, in dB."""

_STILL_DB = -22.0
"""However still the air, some leaf moves."""

_RUSTLE = (
    (0.31, 0.12, 0.35, {40: 0.55}),
    (0.045, 0.012, 0.04, {40: 0.5}),
    (0.011, 0.003, 0.008, {40: 0.6}),
)
"""Leaves touch: see `texture.Splashes`."""

_SWAY = ((1.7, 1.0),)
_STIR = ((0.9, 1.0), (0.2, 0.8))
"""Crowns and twigs go their own ways, band by band: (scale in s, swing in dB)."""

_CORRELATION = {60: 0.8, 200: 0.55, 400: 0.4, 2000: 0.25, 10000: 0.15}
_USUAL_WIND = 0.35
_WIND_OCTAVES = 1.5
"""The option at which levels are as above, and octaves of wind speed from end to end of it."""

_NEAREST_DBFS = -29.5
_STILLNESS_DB = 6.0
"""RMS of the nearest bird at the usual wind, and how much more still air lets it stand out."""

_STILLNESS_DB = 6.0
"""RMS of the nearest bird, and how much more still air lets it stand out."""

_CELL_S = 15.0
_CREAK_CELL_S = 41.0


class Crowns:
    """The weather of the whole wood."""

    def __init__(self, gusts: Gusts, wind: float, stream: Stream) -> None:
        """Take the wind that moves it."""
        self._gusts = gusts
        self._rise = _WIND_OCTAVES * (wind - _USUAL_WIND)
        self._sway = Swings(stream.child("sway"), _SWAY, by_band=True)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        rise = self._rise + self._gusts(times_s)[..., None]
        return np.asarray(_CROWNS + _CROWNS_RISE * rise + self._sway(times_s))


class Leaves:
    """The weather of leaves near by."""

    def __init__(self, gusts: Gusts, wind: float, stream: Stream) -> None:
        """Take the wind that moves them."""
        self._gusts = gusts
        self._rise = _WIND_OCTAVES * (wind - _USUAL_WIND)
        self._stir = Swings(stream.child("stir"), _STIR, by_band=True)
        self._rustle = Splashes(stream.child("rustle"), _RUSTLE)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        rise = self._rise + self._gusts(times_s)[..., None]
        moved = np.maximum(_LEAVES_RISE * rise, _STILL_DB)
        return np.asarray(_LEAVES + moved + self._rustle(times_s) + self._stir(times_s))


class Forest(Gridded):
    """An endless wood; see `ForestOptions`."""

    name: ClassVar[str] = "forest"
    version: ClassVar[int] = 1
    Options: ClassVar[type[GeneratorOptions]] = ForestOptions

    def __init__(self, options: ForestOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        gusts = Gusts(stream=stream.child("gusts"), depth=0.2 + 0.16 * options.wind)
        layers: tuple[tuple[Weather, int], ...] = (
            (Crowns(gusts, options.wind, stream.child("crowns")), 1920),
            (Leaves(gusts, options.wind, stream.child("leaves")), 240),
        )
        gain_db = levelling_db([weather for weather, _ in layers])
        self._textures = [
            Texture(
                noise=ShapedNoise(stream.child("noise", frame), frame, _CORRELATION),
                weather=weather,
                gain_db=gain_db,
            )
            for weather, frame in layers
        ]
        nearest = _NEAREST_DBFS + _STILLNESS_DB * (_USUAL_WIND - options.wind)
        self._grove = Grove(_makers(options, stream), stream.child("grove"), nearest)
        super().__init__(self._second, channels=2)

    def _second(self, k: int) -> Frames:
        out = self._grove.block(k)
        for texture in self._textures:
            out += texture.block(k)
        return out


def _makers(options: ForestOptions, stream: Stream) -> tuple[Maker, ...]:
    birds = [
        Maker(
            kind=KINDS[kind],
            stream=stream.child("bird", i),
            cell_s=_CELL_S,
            share=0.75 * options.birds * KINDS[kind].share,
        )
        for i, kind in enumerate(CHOIRS[options.time])
    ]
    creak = Maker(
        kind=KINDS["creak"],
        stream=stream.child("creak"),
        cell_s=_CREAK_CELL_S,
        share=0.8 * options.wind,
    )
    return (*birds, creak)
