"""K-weighting, the frequency weighting of every loudness measurement."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from undersong.audio import Frames
from undersong.dsp.compiled import Kernels, kernels
from undersong.dsp.kernels import LANES

F64 = npt.NDArray[np.float64]

# The analogue prototype behind the two tables of BS.1770-5 Annex 1, as derived by libebur128.
SHELF_HZ = 1681.974450955533
SHELF_DB = 3.999843853973347
SHELF_Q = 0.7071752369554196
SHELF_SLOPE = 0.4996667741545416
HIGH_PASS_HZ = 38.13547087602444
HIGH_PASS_Q = 0.5003270373238773

# Keeps the filter's memory out of denormal numbers, which some processors handle a hundred times
# slower, in digital silence. 400 dB below full scale; the high-pass removes what is left of it.
_OFFSET = 1e-20

_FORGETS_S = 0.2  # by then the slowest pole, at 38 Hz, is 400 dB down


def k_weighting(rate: int) -> F64:
    """Return the two second-order sections of K-weighting for any sampling rate.

    Shape (2, 6), rows b0 b1 b2 a0 a1 a2 as scipy wants them. At 48 kHz they are the tables of
    BS.1770-5, elsewhere the same analogue response. The high-pass keeps the table's numerator
    1, -2, 1 at every rate, as libebur128 and ffmpeg do: its gain of 0.04 dB at 48 kHz becomes
    0.05 dB at 44.1 kHz, 0.09 dB at 22.05 kHz and 0.26 dB at 8 kHz.
    """
    k = math.tan(math.pi * SHELF_HZ / rate)
    high = 10 ** (SHELF_DB / 20)
    band = high**SHELF_SLOPE
    a0 = 1 + k / SHELF_Q + k * k
    shelf = (
        (high + band * k / SHELF_Q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / SHELF_Q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / SHELF_Q + k * k) / a0,
    )
    k = math.tan(math.pi * HIGH_PASS_HZ / rate)
    a0 = 1 + k / HIGH_PASS_Q + k * k
    high_pass = (1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / HIGH_PASS_Q + k * k) / a0)
    return np.array([shelf, high_pass])


class KFilter:
    """K-weighting that carries its state: however the input is cut the power is the same.

    Compiled where numba works, else scipy's; they differ in the last digits of float64. No sum of
    values is finite that are not all finite themselves.

    Attributes:
        state: float64 (channels, 4), where it goes on.
    """

    def __init__(self, weights: Sequence[float], rate: int) -> None:
        """Start from silence; one weight per channel."""
        self._weights = weights
        self._sections = k_weighting(rate)
        self.state = np.zeros((len(weights), 4))
        self._warm = round(_FORGETS_S * rate)

    def push(self, frames: Frames, step: int = 1) -> F64:
        """Return squares of weighted channels, added up over every `step` of whole steps (n,)."""
        found = kernels()
        if found is None:
            return np.asarray(self._interpreted(frames).reshape(-1, step).sum(1))
        return self._compiled(found, np.ascontiguousarray(frames, np.float32), step)

    def _compiled(self, found: Kernels, frames: Frames, step: int) -> F64:
        sums = np.zeros(len(frames) // step)
        for first in range(0, len(self._weights), 2):
            group = slice(first, first + 2)
            own = np.ascontiguousarray(frames[:, group])
            wide = self._in_stretches(found, own, group, step, sums)
            for k, weight in enumerate(self._weights[group]) if wide < sums.size else ():
                found.weigh(
                    own[wide * step :],
                    k,
                    weight,
                    sections=self._sections,
                    state=self.state[first + k],
                    offset=_OFFSET,
                    step=step,
                    sums=sums[wide:],
                )
        return sums

    def _in_stretches(
        self, found: Kernels, frames: Frames, group: slice, step: int, sums: F64
    ) -> int:
        """Go on through one or two channels of a long sound; return how many steps that was."""
        stretches, run_in = LANES // frames.shape[1], -(-self._warm // step)
        each = sums.size // stretches
        if each < run_in:
            return 0
        squares = found.weigh_wide(
            frames[: each * stretches * step],
            sections=self._sections,
            state=self.state[group],
            offset=_OFFSET,
            run_in=run_in,
            step=step,
        )
        found_here: F64 = (squares * self._weights[group]).sum(2).reshape(-1)
        sums[: found_here.size] += found_here
        return found_here.size

    def _interpreted(self, frames: Frames) -> F64:
        from scipy.signal import sosfilt  # noqa: PLC0415 - half a second of import

        planes = np.add(frames.T, _OFFSET, dtype=np.float64)
        state = self.state.reshape(-1, 2, 2).transpose(1, 0, 2)
        weighted, after = sosfilt(self._sections, planes, zi=state)
        self.state = np.ascontiguousarray(after.transpose(1, 0, 2)).reshape(-1, 4)
        np.square(weighted, out=weighted)
        return np.asarray(np.asarray(self._weights, np.float64) @ weighted)
