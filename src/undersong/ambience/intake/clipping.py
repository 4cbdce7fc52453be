"""Recordings whose peaks were cut off: finding it, and drawing short cuts anew."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.ambience.recorded.heard import Flags, runs
from undersong.audio import Frames

_RUN: Final = 3
"""Equal samples in a row at the top: fewer happen by chance."""

_NEAR_TOP: Final = 0.98
_LEAST: Final = 0.02
_LONGEST_S: Final = 0.002
"""What lasts longer cannot be guessed."""

_OVERSHOOT: Final = 2.0
_CARRIED: Final = 512


class Flats:
    """Streaming search for flat tops; memory is a count per value that was found flat."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._counts: Counter[float] = Counter()
        self.top = 0.0
        self._samples = 0

    def push(self, frames: Frames) -> None:
        """Look at frames (n, channels) of any length."""
        self._samples += frames.size
        if not frames.size:
            return
        self.top = max(self.top, float(np.abs(frames).max()))
        for channel in frames.T:
            sizes = np.abs(channel)
            flat = _flat(channel, float(sizes.max()) * _NEAR_TOP)
            values, counts = np.unique(sizes[flat], return_counts=True)
            for value, count in zip(values.tolist(), counts.tolist(), strict=True):
                self._counts[value] += count

    @property
    def share(self) -> float:
        """Share of all samples that lie in flat tops."""
        cut = sum(count for size, count in self._counts.items() if size >= self.top * _NEAR_TOP)
        return cut / max(self._samples, 1)


def redrawn(blocks: Iterator[Frames], top: float, rate: int) -> Iterator[Frames]:
    """Yield the sound with flat tops of up to 2 ms drawn anew, as curves that rise above them.

    A cubic leaves each side with the slope found there (Hermite). It never falls below the cut,
    and rises to twice its height at most.
    """
    longest = round(_LONGEST_S * rate)
    carried: Frames | None = None
    for new in blocks:
        block = new if carried is None else np.concatenate([carried, new])
        fixed = block.copy()
        for k in range(block.shape[1]):
            _redraw(fixed[:, k], top, longest)
        safe = max(len(block) - _CARRIED, 0)
        yield fixed[:safe]
        carried = fixed[safe:]  # a cut that goes on in the next block is still as it was
    if carried is not None:
        yield carried


def _redraw(channel: npt.NDArray[np.float32], top: float, longest: int) -> None:
    for run in runs(_flat(channel, top * _NEAR_TOP)):
        first, last = run.start, run.end - 1
        if last - first + 1 > longest or first < 2 or last + 2 >= len(channel):  # noqa: PLR2004 - two samples tell a slope
            continue
        before, after = float(channel[first - 1]), float(channel[last + 1])
        width = last - first + 2
        rise = (before - float(channel[first - 2])) * width
        fall = (float(channel[last + 2]) - after) * width
        u = np.arange(1, width) / width
        curve = (
            (2 * u**3 - 3 * u**2 + 1) * before
            + (u**3 - 2 * u**2 + u) * rise
            + (3 * u**2 - 2 * u**3) * after
            + (u**3 - u**2) * fall
        )
        sign, cut = np.sign(channel[first]), abs(float(channel[first]))
        channel[first : last + 1] = sign * np.clip(sign * curve, cut, _OVERSHOOT * cut)


def _flat(channel: npt.NDArray[np.float32], least: float) -> Flags:
    """Return where a channel stays on one value, `least` or more, for `_RUN` samples."""
    high = np.abs(channel) >= max(least, _LEAST)
    same = np.zeros(len(channel), np.bool_)
    level = (np.diff(channel) == 0.0) & high[1:]
    for run in runs(level):
        if run.end - run.start >= _RUN - 1:
            same[run.start : run.end + 1] = True
    return same
