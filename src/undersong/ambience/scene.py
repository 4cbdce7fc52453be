"""Where a layer is in a scene: how far off, how wide, and how both wander with time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from undersong.ambience.air import way_through_air
from undersong.audio import GRID, BlockSource, Frames, Gridded
from undersong.dsp.noise import Curve, Stream

VERSION: Final = 2
"""Rises whenever a placed layer sounds otherwise; part of every bed's digest."""

_POINTS_PER_S: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """A slow course within limits, from nowhere in particular.

    Attributes:
        level_db: the layer is louder or quieter by up to this.
        width: it is wider or narrower by up to this.
        over_s: how long it takes to go from one to another.
    """

    level_db: float = 0.0
    width: float = 0.0
    over_s: float = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
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
        self._spectrum = np.fft.rfft(way_through_air(distance_m), 2 * GRID, axis=0)
        super().__init__(self._second, channels=2, keep=2)

    def _second(self, k: int) -> Frames:
        sound = self._source.read((k - 1) * GRID, 2 * GRID)
        heard = np.fft.irfft(np.fft.rfft(sound, axis=0) * self._spectrum, axis=0)
        return np.ascontiguousarray(heard[GRID:], np.float32)


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
        course = np.tanh(self._course(points_s))
        at = np.arange(GRID) / GRID * _POINTS_PER_S
        level_db, wider = (np.interp(at, np.arange(len(points_s)), lane) for lane in course.T)
        width = np.maximum(self._width + self._wander.width * wider, 0.0)
        gain = 10.0 ** (self._wander.level_db * level_db / 20.0)
        middle = (sound[:, 0] + sound[:, 1]) / 2.0
        side = (sound[:, 0] - sound[:, 1]) / 2.0 * width
        wide = np.stack([(middle + side) * gain, (middle - side) * gain], axis=1)
        return np.ascontiguousarray(wide, np.float32)
