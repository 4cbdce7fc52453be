"""A wood: leaves in the wind, birds near and far, now and then a branch that creaks."""

from typing import ClassVar, Literal

from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.foliage import TREES, Crowns, Foliage
from undersong.ambience.grove import Grove, Maker
from undersong.ambience.gusts import Gusts
from undersong.ambience.place import Place
from undersong.ambience.songs import CHOIRS, KINDS
from undersong.ambience.texture import LAYER_LUFS, Textures
from undersong.audio import Frames, Gridded
from undersong.dsp.noise import Stream


class ForestOptions(GeneratorOptions):
    """What a bed file may say of a forest."""

    wind: float = Field(
        default=0.35,
        ge=0.0,
        le=1.0,
        description="From still air (0) to a steady wind in the crowns (1).",
    )
    birds: float = Field(default=0.5, ge=0.0, le=1.0, description="From none (0) to many (1).")
    distance: float = Field(
        default=0.4,
        ge=0.0,
        le=1.0,
        description="From a clearing among the birds (0) to birds deep in the wood (1).",
    )
    time: Literal["dawn", "day", "dusk"] = Field(
        default="day", description="Time of day; it decides who sings."
    )


_USUAL_WIND = 0.35
_WIND_OCTAVES = 1.5
"""The option at which levels are as in `foliage`, and octaves of speed from end to end of it."""

_LEAVES_DB = -14.0
"""Leaves near by against one tree's own bed: here they stay behind the birds."""

_GUST_S = 8.0
_DRIFT_OCTAVES = 0.13
"""Gusts follow each other a few canopy heights apart (see `gusts`), and the weather drifts."""

_NEAREST_LU = 0.0
"""Loudest moment of the nearest bird against leaves and air: together 3 LU above them."""

_SHARE = 0.8
"""Chances of a bird to sing that it takes when there are many."""

_CORRELATION = {60: 0.8, 200: 0.55, 400: 0.4, 2000: 0.25, 10000: 0.15}
_WOOD_FRAME = 1920
_LEAF_FRAME = 480


class Forest(Gridded):
    """An endless wood; see `ForestOptions`."""

    name: ClassVar[str] = "forest"
    version: ClassVar[int] = 3
    Options: ClassVar[type[GeneratorOptions]] = ForestOptions

    def __init__(self, options: ForestOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        wind = _WIND_OCTAVES * (options.wind - _USUAL_WIND)
        gusts = Gusts(
            stream=stream.child("gusts"),
            depth=0.1 + 0.3 * options.wind,
            period_s=_GUST_S,
            drift=_DRIFT_OCTAVES,
        )
        crowns = Crowns(gusts, wind, stream.child("crowns"))
        leaves = Foliage(TREES["beech"], gusts, wind, stream.child("leaves"), level_db=_LEAVES_DB)
        rows = ((crowns, _WOOD_FRAME), (leaves, _LEAF_FRAME))
        self._textures = Textures(stream.child("noise"), rows, _CORRELATION)
        self._grove = Grove(
            _makers(options, stream),
            _wood(options.distance),
            stream.child("grove"),
            LAYER_LUFS + _NEAREST_LU,
        )
        super().__init__(self._second, channels=2)

    def _second(self, k: int) -> Frames:
        out = self._grove.block(k)
        out += self._textures.block(k)
        return out


def _wood(distance: float) -> Place:
    """Return a wood in leaf: it answers for about a second, high tones more briefly."""
    return Place(
        nearest_m=10.0 + 6.0 * distance,
        farthest_m=36.0 + 70.0 * distance,
        foliage=0.5,
        tail_s=1.6,
        decays_s=((700.0, 0.2), (3000.0, 0.16), (24_000.0, 0.11)),
        answer_db=-10.0 + 5.0 * distance,
    )


def _makers(options: ForestOptions, stream: Stream) -> tuple[Maker, ...]:
    birds = [
        Maker.of(KINDS[kind], stream.child("bird", i), _SHARE * options.birds * KINDS[kind].share)
        for i, kind in enumerate(CHOIRS[options.time])
    ]
    creak = Maker.of(KINDS["creak"], stream.child("creak"), 0.6 * options.wind)
    return (*birds, creak)
