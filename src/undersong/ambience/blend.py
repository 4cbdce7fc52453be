"""A place made of layers: noise that follows weathers, and showers of small things."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from undersong.ambience.shower import Shower
from undersong.ambience.texture import LAYER_LUFS, Texture, Weather, k_weight, levelling_db
from undersong.audio import GRID, Frames, Gridded, silence
from undersong.dsp.noise import Points, ShapedNoise, Values, bands_hz, spectrum_db
from undersong.units import SAMPLE_RATE


class Ground(Struct, frozen=True, kw_only=True):
    """Noise, and the weather that it follows."""

    noise: ShapedNoise
    weather: Weather


class Blend(Gridded):
    """Grounds and showers together, at `LAYER_LUFS` over minutes."""

    def __init__(self, grounds: Sequence[Ground], showers: Sequence[Shower]) -> None:
        """Take what sounds; blocks are made when read."""
        self._gain_db = levelling_db([*(ground.weather for ground in grounds), *showers])
        self._textures = [
            Texture(noise=ground.noise, weather=ground.weather, gain_db=self._gain_db)
            for ground in grounds
        ]
        self._showers = tuple(showers)
        super().__init__(self._second, channels=2)

    def _second(self, k: int) -> Frames:
        out = silence(GRID, 2)
        for texture in self._textures:
            out += texture.block(k)
        for shower in self._showers:
            out += shower.block(k, self._gain_db)
        return out


def tuned_db(points: Points, level_db: float) -> Values:
    """Levels of a spectrum drawn through (Hz: dB) points, moved to a loudness.

    Args:
        points: see `dsp.noise.spectrum_db`.
        level_db: its K-weighted loudness (BS.1770-5), re `LAYER_LUFS`.
    """
    levels, hz = spectrum_db(points), np.geomspace(30.0, 17_000.0, 200)
    dense = np.interp(np.log(hz), np.log(bands_hz()), levels)
    power = np.sum(10.0 ** (dense / 10.0) * k_weight(hz) * np.gradient(hz)) / (SAMPLE_RATE / 2.0)
    return np.asarray(levels + LAYER_LUFS + 0.691 - 10.0 * np.log10(2.0 * power) + level_db)
