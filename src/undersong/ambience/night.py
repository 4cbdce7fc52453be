"""A summer night: crickets near and far, toads if wanted, air that hardly moves, perhaps an owl."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.foliage import Crowns
from undersong.ambience.grove import Grove, Maker
from undersong.ambience.gusts import Gusts
from undersong.ambience.insects import SPECIES, Caller, Callers, Chorus
from undersong.ambience.place import Ear, Place
from undersong.ambience.songs import KINDS
from undersong.ambience.texture import LAYER_LUFS, Textures, sum_db
from undersong.audio import Frames, Gridded
from undersong.dsp.noise import Curve, Stream, Values
from undersong.units import db_to_gain


class NightOptions(GeneratorOptions):
    """What a bed file may say of a night."""

    crickets: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From one or two (0) to a meadow full (1)."
    )
    frogs: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Toads that call like small bells: none to many."
    )
    warmth_c: float = Field(
        default=19.0,
        ge=6.0,
        le=30.0,
        description="Temperature in degrees Celsius: it decides who calls, and how fast.",
    )
    distance: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From among them (0) to across the meadow (1)."
    )
    wind: float = Field(
        default=0.3, ge=0.0, le=1.0, description="From still (0) to a breeze in the trees (1)."
    )
    owls: float = Field(
        default=0.3, ge=0.0, le=1.0, description="A tawny owl far off: never (0) to often (1)."
    )


_CRICKETS = (
    *("field", "tree", "field", "wood", "field", "tree"),
    *("wood", "field", "tree", "field", "wood", "field"),
)
_FEWEST = 2
"""Crickets in the order in which they join."""

_TOADS = 5

_CALLER_LUFS = -32.5
_AMONG_DB = 3.0
"""Loudest moment of the nearest caller, and how much less each is when all are there."""

_CHORUS_LUFS = -38.0
_FULL_DB = 5.0
"""Far callers together at the middle of the option, and what they gain towards its end."""

_EBB_S = 27.0
_EBB_DB = 2.6
"""A meadow grows quiet and wakes again: scale and swing."""

_AIR_DB = -8.0
_OWL_LUFS = -32.0

_CORRELATION = {60: 0.8, 200: 0.55, 400: 0.4, 2000: 0.3, 10000: 0.3}
_FRAME = 1920


class Night(Gridded):
    """An endless summer night; see `NightOptions`."""

    name: ClassVar[str] = "night"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = NightOptions

    def __init__(self, options: NightOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        gusts = Gusts(stream=stream.child("gusts"), depth=0.12, period_s=8.0, drift=0.22)
        crowns = Crowns(gusts, 0.8 * (options.wind - 0.5), stream.child("crowns"))
        self._air = Textures(stream.child("air"), ((crowns, _FRAME),), _CORRELATION)
        meadow = _meadow(options.distance)
        callers, bands = _callers(options, stream), _bands(options)
        air_db = _AIR_DB + 6.0 * (options.wind - 0.5)
        parts_lufs = [LAYER_LUFS + air_db, *(caller.lufs(meadow) for caller in callers)]
        parts_lufs += [level_lufs for _, _, level_lufs in bands]
        level_db = LAYER_LUFS - sum_db(*np.array(parts_lufs))
        self._gain, self._air_gain = db_to_gain(float(level_db)), db_to_gain(air_db)
        ebb = Curve(stream.child("ebb"), _EBB_S)

        def ebb_db(times_s: Values) -> Values:
            return np.asarray(_EBB_DB * np.tanh(ebb(times_s)[:, 0]))

        ear = Ear(meadow, stream.child("answer"))
        owl = Maker.of(KINDS["owl"], stream.child("owl"), 0.5 * options.owls)
        self._parts: tuple[Callers | Grove | Chorus, ...] = (
            Callers(callers, ear, ebb_db),
            Grove((owl,), _valley(), stream.child("valley"), _OWL_LUFS),
            *(
                Chorus(stream.child("chorus", name), band, level_lufs, ebb_db)
                for name, band, level_lufs in bands
            ),
        )
        super().__init__(self._second, channels=2)

    def _second(self, k: int) -> Frames:
        out = self._air.block(k) * np.float32(self._air_gain)
        for part in self._parts:
            out += part.block(k)
        out *= np.float32(self._gain)
        return out


def _meadow(distance: float) -> Place:
    """Return open grass with trees around: little answer, and briefly."""
    return Place(
        nearest_m=3.0 + 12.0 * distance,
        farthest_m=14.0 + 50.0 * distance,
        foliage=0.3,
        tail_s=0.35,
        decays_s=((24_000.0, 0.06),),
        answer_db=-11.0 + 4.0 * distance,
    )


def _valley() -> Place:
    """Return the dark beyond the meadow, where the owl is."""
    return Place(
        nearest_m=60.0,
        farthest_m=220.0,
        foliage=0.3,
        tail_s=1.8,
        decays_s=((24_000.0, 0.24),),
        answer_db=-4.0,
    )


def _callers(options: NightOptions, stream: Stream) -> tuple[Caller, ...]:
    crickets = _CRICKETS[: _FEWEST + round(options.crickets * (len(_CRICKETS) - _FEWEST))]
    toads = ("toad",) * round(options.frogs * _TOADS)
    callers = []
    for i, name in enumerate((*crickets, *toads)):
        own = stream.child("caller", i)
        draws = own.child("seat").uniform(0, 5)
        if options.warmth_c < SPECIES[name].from_c:
            continue
        callers.append(
            Caller(
                species=SPECIES[name],
                warm_c=options.warmth_c + 1.5 * (draws[0] - 0.5),
                pace=0.94 + 0.12 * draws[1],
                tune=0.94 + 0.12 * draws[4],
                side=(-1.0) ** i * (0.2 + 0.8 * draws[2]),
                far=draws[3],
                level_lufs=_CALLER_LUFS - _AMONG_DB * options.crickets,
                stream=own,
            )
        )
    return tuple(callers)


def _bands(options: NightOptions) -> tuple[tuple[str, tuple[int, float], float], ...]:
    """Return callers too far to be told apart: name, pitch and spread in Hz, loudness."""
    level_lufs = _CHORUS_LUFS + _FULL_DB * (options.crickets - 0.5)
    rows = (("field", (4650, 380.0), 0.0), ("tree", (2700, 200.0), -6.0))
    return tuple(
        (name, band, level_lufs + db)
        for name, band, db in rows
        if options.crickets and options.warmth_c >= SPECIES[name].from_c
    )
