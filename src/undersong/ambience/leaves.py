"""Leaves close by: one tree, or reeds, in a wind that comes and goes."""

from typing import ClassVar, Literal

from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.foliage import TREES, Crowns, Foliage
from undersong.ambience.gusts import Gusts
from undersong.ambience.texture import Textures
from undersong.audio import Gridded
from undersong.dsp.noise import Stream


class LeavesOptions(GeneratorOptions):
    """What a bed file may say of leaves."""

    tree: Literal["beech", "aspen", "pine", "reeds"] = Field(
        default="beech",
        description="Broad leaves that rustle, leaves that flutter, needles that sigh, or reeds.",
    )
    wind: float = Field(
        default=0.45, ge=0.0, le=1.0, description="From hardly any (0) to a fresh wind (1)."
    )
    gusts: float = Field(
        default=0.25, ge=0.0, le=1.0, description="From steady (0) to coming and going (1)."
    )
    distance: float = Field(
        default=0.2,
        ge=0.0,
        le=1.0,
        description="From right above (0) to a wood across the field (1).",
    )


_USUAL_WIND = 0.45
_WIND_OCTAVES = 1.4
"""The option at which levels are as in `foliage`, and octaves of speed from end to end of it."""

_GUST_OCTAVES = 0.5
_DRIFT_OCTAVES = 0.2
"""A crown is larger than the eddies of a light wind, so they cancel in the sum of its leaves; what
is left is the weather."""

_GUST_S = {"beech": 6.0, "aspen": 6.0, "pine": 7.5, "reeds": 4.0}
"""Gusts follow each other faster over low things: see `gusts`."""

_AWAY_DB = 24.0
"""How far leaves fall behind the wood as a whole from end to end of `distance`."""

_CORRELATION = {60: 0.8, 200: 0.55, 400: 0.4, 2000: 0.25, 10000: 0.18}
_WOOD_FRAME = 1920
_LEAF_FRAME = 480


class Leaves(Gridded):
    """Endless leaves; see `LeavesOptions`."""

    name: ClassVar[str] = "leaves"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = LeavesOptions

    def __init__(self, options: LeavesOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        wind = _WIND_OCTAVES * (options.wind - _USUAL_WIND)
        gusts = Gusts(
            stream=stream.child("gusts"),
            depth=_GUST_OCTAVES * options.gusts**2,
            period_s=_GUST_S[options.tree],
            drift=_DRIFT_OCTAVES,
        )
        crowns = Crowns(gusts, wind, stream.child("crowns"))
        near = Foliage(
            TREES[options.tree],
            gusts,
            wind,
            stream.child("near"),
            level_db=-_AWAY_DB * options.distance,
        )
        rows = ((crowns, _WOOD_FRAME), (near, _LEAF_FRAME))
        textures = Textures(stream.child("noise"), rows, _CORRELATION)
        super().__init__(textures.block, channels=2)
