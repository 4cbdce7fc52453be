"""Speech laid over a bed that two gains change, in one go: to the bit what numpy makes of it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from undersong.audio import Frames
from undersong.dsp.compiled import Kernels
from undersong.mix.curves import SHARES, STEP
from undersong.mix.gains import F32

_SHARES: Final = np.repeat(SHARES, 2)


class Laying(NamedTuple):
    """A bed, what is done to it, and the speech over it, for a part of a second.

    Attributes:
        bed: (n, 2).
        gain: of all of it.
        levels, duck: its gains at every STEP of the second and one beyond; in between they run
            straight.
        speech: (n, 1), or (0, 1) where there is none.
        start: sample of the second at which the part begins.
    """

    bed: Frames
    gain: float
    levels: F32
    duck: F32
    speech: Frames
    start: int

    def write(self, found: Kernels, out: Frames) -> None:
        """Write the sum to `out` (n, 2)."""
        for first, last in _parts(self.start, len(out)):
            step, skip = divmod(self.start + first, STEP)
            width = min(STEP, last - first)
            found.lay(
                self.bed[first:last],
                self.gain,
                (self.levels[step:], self.duck[step:]),
                shares=_SHARES[2 * skip : 2 * (skip + width)],
                speech=self.speech[first:last],
                sound=out[first:last],
            )


def _parts(start: int, n: int) -> Iterator[tuple[int, int]]:
    """Yield spans of `n` samples from `start` on: in the first step, whole steps, in the last."""
    whole = min(-start % STEP, n)
    end = whole + (n - whole) // STEP * STEP
    for first, last in ((0, whole), (whole, end), (end, n)):
        if first < last:
            yield first, last
