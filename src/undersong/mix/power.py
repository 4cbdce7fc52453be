"""How loud the beds of a track are from moment to moment, at any step of the duck."""

from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.dsp.loudness import lufs
from undersong.mix.curves import F64

_HALVINGS: Final = 40
_RANGE_DB: Final = (-80.0, 60.0)


class BedPower(Struct, frozen=True, kw_only=True):
    """K-weighted mean squares of all beds together, one value per moment.

    Attributes:
        whole: of the beds; `band` of their presence band, `cross` of the two multiplied.
        extra: dB that the band is lowered for each dB of the duck, beyond the rest of the bed.
    """

    whole: F64
    band: F64
    cross: F64
    extra: float

    @property
    def lufs(self) -> float:
        """Loudness before the duck; -inf for silence."""
        return lufs(float(self.whole.mean())) if self.whole.size else -np.inf

    def at(self, hops: npt.NDArray[np.int64]) -> "BedPower":
        """Return the power in some hops, which may repeat."""
        return BedPower(
            whole=self.whole[hops], band=self.band[hops], cross=self.cross[hops], extra=self.extra
        )

    def ducked_lufs(self, gain_db: F64) -> float:
        """Return the loudness when the duck stands at `gain_db`, one value per moment or one."""
        power = np.maximum(self._shaped(gain_db), 0.0)
        return lufs(float((power * 10 ** (gain_db / 10)).mean()))

    def _shaped(self, gain_db: F64) -> F64:
        """Return the power with its presence band as low as the duck has it, before the duck."""
        if not self.extra:
            return self.whole
        lower = 10 ** (self.extra * np.minimum(gain_db, 0.0) / 20) - 1
        return np.asarray(self.whole + 2 * lower * self.cross + np.square(lower) * self.band)

    def needs_db(self, level_lufs: float) -> float:
        """Return the one step of the duck that brings the beds to a level; inf for no bed."""
        if not self.whole.any():
            return np.inf
        if not self.extra:
            return level_lufs - self.lufs
        low, high = _RANGE_DB
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            above = self.ducked_lufs(np.array([middle])) > level_lufs
            low, high = (low, middle) if above else (middle, high)
        return high


def silent(hops: int, extra: float) -> BedPower:
    """Return the power of no bed at all."""
    return BedPower(whole=np.zeros(hops), band=np.zeros(hops), cross=np.zeros(hops), extra=extra)
