"""Does a recording repeat itself? Many that are offered are loops of half a minute."""

from typing import Final

import numpy as np

from undersong.ambience.recorded.heard import F32, MOMENTS_PER_S

_PER_S: Final = 10
_SHORTEST_S: Final = 3.0
_OVERLAP_S: Final = 4.0
_TREND_S: Final = 4.0
_WHITENING: Final = 0.7
_ALIKE: Final = 0.6
"""Mean similarity at one lag: 1 for a loop, below 0.2 for any honest recording."""


def loop_s(levels_db: F32) -> float | None:
    """Return the seconds after which a recording begins again, or None.

    Autocorrelation of the fine detail of its mel levels: slow courses are taken out, so that
    only the same sound is alike. Every lag from 3 s is tried that leaves 4 s to compare.
    """
    detail = _detail(levels_db)
    count = len(detail)
    lags = np.arange(round(_SHORTEST_S * _PER_S), count - round(_OVERLAP_S * _PER_S))
    if not lags.size:
        return None
    size = 1 << (2 * count - 1).bit_length()
    power = np.zeros(size // 2 + 1)
    for band in detail.T:
        spectrum = np.fft.rfft(band, size)
        power += spectrum.real**2 + spectrum.imag**2
    common = np.fft.irfft(power, size)[lags]
    energy = np.concatenate([[0.0], np.cumsum((detail.astype(np.float64) ** 2).sum(axis=1))])
    norm = np.sqrt(energy[count - lags] * (energy[count] - energy[lags])) + 1e-9
    alike = common / norm
    found = np.flatnonzero(alike > _ALIKE)
    return (
        float(lags[found[0] + int(alike[found[0] : found[0] + 2].argmax())]) / _PER_S
        if (found.size)
        else None
    )


def _detail(levels_db: F32) -> F32:
    """Return whitened levels at 10 per second, each band's slow course taken out."""
    step = MOMENTS_PER_S // _PER_S
    whole = len(levels_db) // step * step
    coarse = levels_db[:whole].reshape(-1, step, levels_db.shape[1]).mean(axis=1)
    half = round(_TREND_S * _PER_S / 2)
    padded = np.pad(coarse, ((half + 1, half), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0, dtype=np.float64)
    width = 2 * half + 1
    detail = coarse - (total[width:] - total[:-width]) / width
    detail -= detail.mean(axis=1, keepdims=True)
    white = detail[1:] - _WHITENING * detail[:-1]
    return np.asarray(white / (white.std(axis=0) + 1e-9), np.float32)
