"""Waves on a shore: each one swells, breaks, washes up and draws back, over a distant surf.

Every wave is an event with its own size, place and pace; waves come as the `swell` brings them, in
sets and never to a beat. A wave is four courses of power, each with a spectrum of its own that
tilts as the foam dies.
"""

from typing import ClassVar, Final, Literal

import numpy as np
from msgspec import Struct
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.phase import Phase
from undersong.ambience.swell import Arrival, Swell
from undersong.ambience.texture import (
    Splashes,
    Swings,
    Texture,
    level_db,
    levelling_db,
    powers_of,
)
from undersong.audio import Gridded
from undersong.dsp.noise import Powers, ShapedNoise, Stream, Values, bands_hz, spectrum_db


class WavesOptions(GeneratorOptions):
    """What a bed file may say of waves."""

    swell: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From ripples (0) to heavy rollers (1)."
    )
    period_s: float = Field(
        default=9.0, ge=6.0, le=16.0, description="Usual time from one wave to the next."
    )
    distance: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        description="From the water's edge (0) to the far side of the dunes (1).",
    )
    shore: Literal["sand", "pebble"] = Field(
        default="sand", description="What waves run up on; pebbles rattle as they draw back."
    )


class Wave(Struct, frozen=True, kw_only=True):
    """One wave.

    Attributes:
        topples_s: when its crest topples, in seconds from the start of the sound.
        size_db: its level among waves.
        pace: how much longer than usual everything takes.
        plunge_db: how much of it is crash rather than wash.
        side_db: level of the left over the right channel.
        peel_s: how much earlier it topples on the left.
    """

    topples_s: float
    size_db: float
    pace: float
    plunge_db: float
    side_db: float
    peel_s: float


_OCTAVES = np.log2(bands_hz() / 1000.0)

_APPROACH: Final = Phase(
    start_s=-5.0,
    peak_s=4.9,
    order=9.0,
    spectrum={50: -5, 120: -3, 300: -8, 700: -15, 2000: -27, 8000: -48},
    tilt=0.6,
)
_BREAK: Final = Phase(
    start_s=-0.9,
    peak_s=1.3,
    order=1.6,
    spectrum={50: -8, 120: -4, 300: -2, 700: -3, 2000: -9, 5000: -17, 12000: -27},
    tilt=-0.3,
)
_WASH: Final = Phase(
    start_s=-0.1,
    peak_s=2.2,
    order=1.5,
    spectrum={60: -30, 200: -20, 500: -13, 1200: -10, 3000: -13, 8000: -18, 14000: -24},
    tilt=0.25,
)
_RETREAT: Final = {
    "sand": Phase(
        start_s=1.0,
        peak_s=4.6,
        order=5.0,
        spectrum={100: -45, 400: -32, 1000: -23, 2500: -19, 6000: -19, 14000: -26},
        tilt=0.2,
    ),
    "pebble": Phase(
        start_s=1.0,
        peak_s=4.0,
        order=5.0,
        spectrum={100: -44, 400: -30, 900: -19, 2000: -11, 4500: -11, 14000: -21},
        tilt=0.1,
    ),
}
_SURF: Final = {50: -12, 120: -10, 300: -9, 800: -10, 2000: -16, 5000: -24, 12000: -37}
"""The waves of the whole coast together."""

_GROWTH: Final = 0.6
_SIZES_DB: Final = (-4.5, 2.0)
"""Loudness of a wave over its height, and within which bounds: breaking is limited by depth."""

_REACH_S: Final = (9.0, 20.0)
"""How long before and after its toppling a wave can be heard."""

_SURF_SWINGS: Final = ((23.0, 1.2), (7.0, 1.2))
_SURF_LEANS: Final = ((7.0, 0.5), (2.3, 1.0))
"""How the distant surf comes and goes, and how it leans to a side: (scale in s, swing in dB)."""

_FROTH_SWINGS: Final = ((0.9, 0.5), (0.25, 0.5), (0.07, 0.5))
"""How uneven the water is, band by band."""

_LAPS: Final = ((0.7, 0.3, 0.7, {60: 0.45, 1000: 0.52, 8000: 0.52}),)
_SPATTER: Final = (
    (0.2, 0.05, 0.15, {60: 0.1, 400: 0.28, 8000: 0.42}),
    (0.05, 0.01, 0.03, {60: 0.0, 400: 0.15, 2000: 0.35, 8000: 0.5}),
)
_RATTLE: Final = (
    (0.05, 0.008, 0.03, {900: 0.0, 2000: 0.5, 8000: 0.6}),
    (0.016, 0.003, 0.01, {900: 0.0, 2000: 0.6, 8000: 0.7}),
)
"""What laps, spatters and, on pebbles, rattles: see `texture.Splashes`."""

_CORRELATION: Final = {60: 0.9, 200: 0.6, 400: 0.4, 2000: 0.28, 10000: 0.2}
_FRAME: Final = 960


class Sea:
    """The weather of waves: levels of everything that the sea does, at any time."""

    def __init__(self, options: WavesOptions, stream: Stream) -> None:
        """Take options; waves are drawn as they are needed."""
        self._options = options
        self._waves = stream.child("waves")
        self._known: dict[int, Wave] = {}
        self._swell = Swell(stream.child("swell"), options.period_s)
        self._surf = Swings(stream.child("surf"), _SURF_SWINGS, by_side=False)
        self._leans = Swings(stream.child("leans"), _SURF_LEANS)
        self._froth = Swings(stream.child("froth"), _FROTH_SWINGS, by_band=True)
        self._laps = Splashes(stream.child("laps"), _LAPS)
        self._spatter = Splashes(stream.child("spatter"), _SPATTER)
        pebble = options.shore == "pebble"
        self._rattle = Splashes(stream.child("rattle"), _RATTLE if pebble else ())
        self._slowness = (options.period_s / 9.0) ** 0.5
        self._surf_db = (
            spectrum_db(_SURF)
            + 6.0 * (options.distance - 0.3)
            + 3.0 * (options.swell - 0.4)
            + 4.0 * np.log2(options.period_s / 9.0)
        )
        self._far_db = -options.distance * np.maximum(_OCTAVES + 1.0, 0.0) * 3.0

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        washed = self._continuum(times_s)
        drawn_back = np.zeros_like(washed)
        near, retreat = self._near(times_s), _RETREAT[self._options.shore]
        for wave in near:
            foam_db = _level_db(wave) - 8.0 * self._options.distance
            _add(_WASH, washed, times_s, wave, foam_db)
            _add(retreat, drawn_back, times_s, wave, foam_db)
        drawn_back *= self._rattle.powers(times_s)
        washed += drawn_back
        washed *= self._laps.powers(times_s)
        for wave in near:
            crest_db = _level_db(wave)
            _add(_APPROACH, washed, times_s, wave, crest_db + 4.0 * self._options.swell)
            _add(_BREAK, washed, times_s, wave, crest_db + wave.plunge_db)
        washed *= self._spatter.powers(times_s)
        return np.asarray(level_db(washed) + self._froth(times_s) + self._far_db)

    def _near(self, times_s: Values) -> list[Wave]:
        """Return the waves that can be heard."""
        arrivals = self._swell.between(times_s[0] - _REACH_S[1], times_s[-1] + _REACH_S[0])
        known = self._known
        self._known = {one.number: known.get(one.number) or self._wave(one) for one in arrivals}
        return list(self._known.values())

    def _wave(self, arrival: Arrival) -> Wave:
        rng, options = self._waves.rng(arrival.number), self._options
        size = float(np.clip(_GROWTH * arrival.height_db + rng.normal(0.0, 0.8), *_SIZES_DB))
        return Wave(
            topples_s=arrival.time_s,
            size_db=size,
            pace=float(0.75 + 0.5 * options.swell + 0.02 * size)
            * self._slowness
            * rng.uniform(0.88, 1.14),
            plunge_db=4.0 * (options.swell - 0.4) + rng.normal(0.0, 1.0),
            side_db=rng.uniform(-3.0, 3.0),
            peel_s=rng.uniform(-0.9, 0.9),
        )

    def _continuum(self, times_s: Values) -> Powers:
        courses_db = self._surf(times_s) + self._leans(times_s)
        return powers_of(courses_db[..., 0], self._surf_db)


_SIDES = np.array([0.5, -0.5])


def _level_db(wave: Wave) -> Values:
    """Level of a wave, shape (2,): left, right."""
    return np.asarray(wave.size_db + wave.side_db * _SIDES)


def _add(phase: Phase, powers: Powers, times_s: Values, wave: Wave, gain_db: Values) -> None:
    topples_s = wave.topples_s - wave.peel_s * _SIDES
    phase.add_to(powers, times_s, topples_s, pace=wave.pace, gain_db=gain_db)


class Waves(Gridded):
    """Endless waves; see `WavesOptions`."""

    name: ClassVar[str] = "waves"
    version: ClassVar[int] = 3
    Options: ClassVar[type[GeneratorOptions]] = WavesOptions

    def __init__(self, options: WavesOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        sea = Sea(options, stream.child("sea"))
        texture = Texture(
            noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION),
            weather=sea,
            gain_db=levelling_db([sea]),
        )
        super().__init__(texture.block, channels=2)
