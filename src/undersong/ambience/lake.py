"""A lake shore: small waves lap at several places, each in its own time.

Wind waves on a lake are short, a second or three apart, and too small to break. Where one reaches
the shore it slaps into a hollow, which answers low, and trickles back between stones or stems.
Every place along the shore has waves of its own; they come in groups, as waves do (`swell`). Air
that a slap closes in rings as bubbles (`dsp.grains.bubbles`).
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import numpy as np
from msgspec import Struct
from pydantic import Field

from undersong.ambience.blend import Blend, Ground, tuned_db
from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.phase import Phase
from undersong.ambience.shower import Shower
from undersong.ambience.swell import Arrival, Swell
from undersong.ambience.texture import Splashes, Swings, level_db, powers_of
from undersong.dsp.grains import Grain, bubbles
from undersong.dsp.noise import Points, Powers, ShapedNoise, Stream, Values, bands_hz


class LakeOptions(GeneratorOptions):
    """What a bed file may say of a lake."""

    wind: float = Field(
        default=0.35, ge=0.0, le=1.0, description="From a still evening (0) to a fresh day (1)."
    )
    shore: Literal["stones", "reeds", "jetty"] = Field(
        default="stones", description="What the water laps at."
    )
    nearness: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From across the bay (0) to at one's feet (1)."
    )


class Shore(Struct, frozen=True, kw_only=True):
    """What water laps at: its slap, its trickle, and bubbles of what radius (m) it closes in."""

    slap: Points
    trickle: Points
    bubble_m: float
    bubble_db: float


_SHORES: Final[Mapping[str, Shore]] = {
    "stones": Shore(
        slap={60: -16, 150: -8, 350: -4, 800: -6, 2000: -12, 6000: -24, 12000: -34},
        trickle={150: -34, 400: -19, 1000: -9, 2200: -6, 5000: -11, 12000: -22},
        bubble_m=0.0032,
        bubble_db=-13.0,
    ),
    "reeds": Shore(
        slap={60: -20, 150: -12, 350: -8, 800: -9, 2000: -13, 6000: -20, 12000: -30},
        trickle={150: -36, 400: -22, 1000: -12, 2200: -7, 5000: -7, 12000: -15},
        bubble_m=0.0022,
        bubble_db=-15.0,
    ),
    "jetty": Shore(
        slap={60: -9, 150: -1, 350: -1, 800: -8, 2000: -18, 6000: -30, 12000: -40},
        trickle={150: -32, 400: -17, 1000: -11, 2200: -11, 5000: -16, 12000: -26},
        bubble_m=0.0062,
        bubble_db=-11.0,
    ),
}

_PLACES: Final = ((-0.7, 0.0, 2.1), (0.75, -1.5, 2.7), (0.1, -3.0, 3.4), (-0.2, -6.0, 1.6))
"""Places along the shore: (from left to right, level in dB, usual time between waves in s)."""

_SLAP_S: Final = (0.1, 1.1)
_TRICKLE_S: Final = (0.45, 1.3)
"""(time to the loudest moment, order) of the parts of a lap; see `phase.Phase`."""

_REACH_S: Final = (1.0, 6.0)
_WATER: Final = {60: -10, 150: -9, 400: -9, 1000: -13, 2500: -18, 6000: -25, 12000: -36}
_WATER_SWINGS: Final = ((33.0, 1.5), (11.0, 1.0))
_RIPPLES: Final = ((0.9, 1.0), (0.28, 1.0), (0.09, 0.8))
_DRIPS: Final = (
    (0.11, 0.01, 0.05, {300: 0.1, 1000: 0.35, 6000: 0.5}),
    (0.027, 0.002, 0.012, {500: 0.0, 1500: 0.4, 6000: 0.55}),
)
"""The open water, how it comes and goes, and how trickles are uneven."""

_CORRELATION: Final = {60: 0.85, 200: 0.55, 400: 0.38, 2000: 0.26, 10000: 0.2}
_FRAME: Final = 480
_OCTAVES: Final = np.log2(bands_hz() / 1000.0)
_SIDES: Final = np.array([-1.0, 1.0])


class Lap(Struct, frozen=True, kw_only=True, eq=False):
    """One wave: when it comes, how much longer than usual it takes, and its level (2,) in dB."""

    comes_s: float
    slowness: float
    level_db: Values


class Laps:
    """Waves at one place of the shore."""

    def __init__(self, place: tuple[float, float, float], slowness: float, stream: Stream) -> None:
        """Take a row of `_PLACES`."""
        side, level_db, period_s = place
        self._level_db = level_db + 10.0 * np.log10(1.0 + side * _SIDES * 0.85)
        self._slowness = slowness
        self._swell = Swell(stream.child("swell"), period_s * slowness, group=1.7)
        self._draws = stream.child("draws")

    def near(self, times_s: Values) -> list[Lap]:
        """Return the laps that can be heard."""
        found = self._swell.between(times_s[0] - _REACH_S[1], times_s[-1] + _REACH_S[0])
        return [self._lap(arrival) for arrival in found]

    def _lap(self, arrival: Arrival) -> Lap:
        late, size = self._draws.normal(2 * arrival.number, 2)
        level_db = np.clip(0.8 * arrival.height_db + 1.5 * size, -14.0, 4.0) + self._level_db
        comes_s = float(arrival.time_s + 0.12 * late)
        return Lap(comes_s=comes_s, slowness=self._slowness, level_db=level_db)


class Bay:
    """The weather of a lake shore."""

    def __init__(self, options: LakeOptions, stream: Stream) -> None:
        """Take options; waves are drawn as they are needed."""
        shore = _SHORES[options.shore]
        slowness = 0.8 + 0.5 * options.wind
        self._places = [Laps(row, slowness, stream.child("place", row[2])) for row in _PLACES]
        self._slap = Phase(
            start_s=-_SLAP_S[0], peak_s=_SLAP_S[0], order=_SLAP_S[1], spectrum=shore.slap, tilt=-1.0
        )
        self._trickle = Phase(
            start_s=0.0,
            peak_s=_TRICKLE_S[0],
            order=_TRICKLE_S[1],
            spectrum=shore.trickle,
            tilt=0.8,
        )
        self._swings = Swings(stream.child("water"), _WATER_SWINGS, by_side=False)
        self._ripples = Swings(stream.child("ripples"), _RIPPLES, by_band=True)
        self._drips = Splashes(stream.child("drips"), _DRIPS)
        self._water_db = tuned_db(_WATER, -7.0 + 5.0 * (options.wind - 0.35))
        self._near_db = -24.0 + 9.0 * (options.nearness - 0.5) + 3.0 * (options.wind - 0.35)
        self._far_db = -3.0 * (1.0 - options.nearness) * np.maximum(_OCTAVES + 0.5, 0.0)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        laps = self._laps(times_s)
        near = np.zeros((2, len(bands_hz()), len(times_s)), np.float32)
        for lap in laps:
            _add(self._trickle, near, times_s, lap)
        near *= self._drips.powers(times_s)
        for lap in laps:
            _add(self._slap, near, times_s, lap)
        swings_db = self._swings(times_s)[:, 0]
        near *= powers_of(swings_db + self._near_db, np.zeros(1))
        near += powers_of(0.5 * swings_db, self._water_db)
        return np.asarray(level_db(near) + self._ripples(times_s) + self._far_db)

    def _laps(self, times_s: Values) -> list[Lap]:
        return [lap for place in self._places for lap in place.near(times_s)]

    def rush(self, times_s: Values) -> Values:
        """How many bubbles the laps close in, in dB re the usual number, (n,)."""
        power = np.zeros(len(times_s))
        for lap in self._laps(times_s):
            age = (times_s - lap.comes_s) / lap.slowness
            size = 10.0 ** (lap.level_db.mean() / 10.0)
            power += np.exp(-np.maximum(age, 0.0) / 0.4) * (age > 0.0) * size
        return np.asarray(10.0 * np.log10(power + 1e-3) + 1.0)


def _add(phase: Phase, powers: Powers, times_s: Values, lap: Lap) -> None:
    phase.add_to(powers, times_s, lap.comes_s, pace=lap.slowness, gain_db=lap.level_db)


class Lake(Blend):
    """An endless lake shore; see `LakeOptions`."""

    name: ClassVar[str] = "lake"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = LakeOptions

    def __init__(self, options: LakeOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        shore = _SHORES[options.shore]
        bay = Bay(options, stream.child("bay"))

        def bank(rng: np.random.Generator, count: int) -> list[Grain]:
            sizes = rng.lognormal(0.0, 0.4, count).clip(0.4, 2.5)
            sound = bubbles(shore.bubble_m * sizes, 0.12 * rng.random(count), 0.2)
            return [g * np.float32(s**1.5) for g, s in zip(sound, sizes, strict=True)]

        gulps = Shower(
            stream=stream.child("gulps"),
            bank=bank,
            rate_hz=22.0,
            level_db=shore.bubble_db + 8.0 * (options.nearness - 0.5),
            reach_db=4.0,
            limit_db=6.0,
            rush=bay.rush,
        )
        ground = Ground(noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION), weather=bay)
        super().__init__([ground], [gulps])
