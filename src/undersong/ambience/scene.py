"""Where a layer is in a scene: how far off, how wide, and how both wander with time."""

from typing import Final

import numpy as np
from msgspec import Struct

from undersong.ambience.air import way_through_air
from undersong.audio import GRID, BlockSource, Frames, Gridded
from undersong.dsp.noise import Curve, Stream, Values

VERSION: Final = 2
"""Rises whenever a placed layer sounds otherwise; part of every bed's digest."""

_POINTS_PER_S: Final = 20
_DB_TO_NEPER: Final = float(np.log(10.0)) / 20.0


class Wander(Struct, frozen=True, kw_only=True):
    """A slow course within limits, from nowhere in particular.

    Attributes:
        level_db: the layer is louder or quieter by up to this.
        width: it is wider or narrower by up to this.
        over_s: how long it takes to go from one to another.
    """

    level_db: float = 0.0
    width: float = 0.0
    over_s: float = 90.0


class Placing(Struct, frozen=True, kw_only=True):
    """Where a layer is.

    Attributes:
        width: 0 is mono, 1 as the layer is.
        distance_m: 0 is as the layer is; see `air`.
    """

    width: float = 1.0
    distance_m: float = 0.0
    wander: Wander | None = None


AS_IT_IS: Final = Placing()


def placed(source: BlockSource, placing: Placing, stream: Stream) -> BlockSource:
    """Return a stereo source in its place; itself when nothing is asked for."""
    if placing.distance_m > 0.0:
        source = _Afar(source, placing.distance_m)
    if placing.width != 1.0 or placing.wander is not None:
        source = _Swaying(source, placing, stream)
    return source


class _Afar(Gridded):
    """A source heard through the air: overlap-save convolution, block by block."""

    def __init__(self, source: BlockSource, distance_m: float) -> None:
        self._source = source
        way = np.ascontiguousarray(way_through_air(distance_m).T)
        self._spectrum = np.fft.rfft(way, 2 * GRID).astype(np.complex64)
        super().__init__(self._second, channels=2, keep=2)

    def _second(self, k: int) -> Frames:
        sound = np.ascontiguousarray(self._source.read((k - 1) * GRID, 2 * GRID).T)
        heard = np.fft.irfft(np.fft.rfft(sound) * self._spectrum)
        return np.ascontiguousarray(heard[:, GRID:].T, np.float32)


class _Swaying(Gridded):
    """A source whose level and width wander within their limits."""

    def __init__(self, source: BlockSource, placing: Placing, stream: Stream) -> None:
        self._source, self._width = source, placing.width
        self._wander = placing.wander or Wander()
        self._course = Curve(stream, self._wander.over_s, 2)
        super().__init__(self._second, channels=2, keep=2)

    def _second(self, k: int) -> Frames:
        sound = self._source.read(k * GRID, GRID)
        points_s = k + np.arange(_POINTS_PER_S + 1) / _POINTS_PER_S
        level_db, wider = np.tanh(self._course(points_s)).T
        width = self._width + self._wander.width * _between(wider)
        gain = np.exp(_between(level_db * self._wander.level_db * _DB_TO_NEPER)) / np.float32(2.0)
        middle = (sound[:, 0] + sound[:, 1]) * gain
        side = (sound[:, 0] - sound[:, 1]) * gain * np.maximum(width, np.float32(0.0))
        np.add(middle, side, out=sound[:, 0])
        np.subtract(middle, side, out=sound[:, 1])
        return sound


def _between(points: Values) -> Frames:
    """Draw straight lines from point to point of a second."""
    first, step = (
        each.astype(np.float32)[:, np.newaxis] for each in (points[:-1], np.diff(points))
    )
    ramp = np.arange(GRID // _POINTS_PER_S, dtype=np.float32) / np.float32(GRID // _POINTS_PER_S)
    return np.asarray(first + step * ramp).reshape(-1)
