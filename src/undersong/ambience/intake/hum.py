"""Mains hum: lines at 50 or 60 Hz and their multiples, found and taken out only when there."""

from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.audio import Frames
from undersong.units import SAMPLE_RATE

F64 = npt.NDArray[np.float64]

MAINS_HZ: Final = (50.0, 60.0)
_HARMONICS: Final = 12
_STRAY_HZ: Final = 0.3
"""A grid is kept far nearer than this; a recorder's clock adds a little."""

_WINDOW: Final = 4 * int(SAMPLE_RATE)
_PER_HZ: Final = 4
_HIGHEST_HZ: Final = 800
_AROUND_HZ: Final = 6.0
_LINE_HZ: Final = 1.0

_SURE_DB: Final = 9.0
_ALONE_DB: Final = 14.0
_LINE_DB: Final = 6.0
"""Above what lies around it: the line that gives hum away, one that is alone, all others."""

_NOTCH_HZ: Final = 1.5
_NOTCH_SHARE: Final = 0.01


class Lines:
    """Streaming mean of the logarithm of the spectrum: what sounds at times hardly shows in it."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._sum = np.zeros(_HIGHEST_HZ * _PER_HZ + 1)
        self._count = 0
        self._rest = np.zeros((0, 2), np.float32)
        self._hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)[:, None]

    def push(self, frames: Frames) -> None:
        """Take stereo frames at 48 kHz."""
        self._rest = np.concatenate([self._rest, frames])
        while len(self._rest) >= _WINDOW:
            spectrum = np.fft.rfft(self._rest[:_WINDOW] * self._hann, axis=0)[: len(self._sum)]
            power = (spectrum.real**2 + spectrum.imag**2).sum(axis=1)
            self._sum += 10.0 * np.log10(power + 1e-12)
            self._count += 1
            self._rest = self._rest[_WINDOW // 2 :]

    def found(self) -> tuple[float, ...]:
        """Return the frequencies of the hum's lines in Hz, rising; none when there is no hum."""
        if not self._count:
            return ()
        prominence = _prominence(self._sum / self._count)
        families = [_family(prominence, mains) for mains in MAINS_HZ]
        return max(families, key=len)


def notches(lines_hz: tuple[float, ...]) -> F64:
    """Return second-order sections (n, 6) that take out narrow bands around the lines."""
    from scipy.signal import iirnotch, tf2sos  # noqa: PLC0415 - slow to import

    rows = []
    for hz in lines_hz:
        width_hz = max(_NOTCH_HZ, _NOTCH_SHARE * hz)
        rows.append(tf2sos(*iirnotch(hz, hz / width_hz, fs=float(SAMPLE_RATE))))
    return np.concatenate(rows) if rows else np.empty((0, 6))


def _family(prominence: F64, mains_hz: float) -> tuple[float, ...]:
    """Return the lines of one mains frequency, or none when they prove nothing."""
    peaks = [_peak(prominence, n, mains_hz) for n in range(1, _HARMONICS + 1)]
    strongest = max(range(_HARMONICS), key=lambda k: peaks[k][1])
    base_hz = peaks[strongest][0] / (strongest + 1)
    lines = [(hz, db) for n, (hz, db) in enumerate(peaks, 1) if _belongs(hz, db, n * base_hz)]
    best = max((db for _, db in lines), default=0.0)
    proven = best >= _ALONE_DB or (best >= _SURE_DB and len(lines) > 1)
    return tuple(hz for hz, _ in lines) if proven else ()


def _belongs(hz: float, db: float, expected_hz: float) -> bool:
    return db >= _LINE_DB and abs(hz - expected_hz) <= 2.0 / _PER_HZ


def _peak(prominence: F64, n: int, mains_hz: float) -> tuple[float, float]:
    """Return the highest line near the n-th multiple: Hz between the bins, and dB."""
    reach = max(round(_STRAY_HZ * n * _PER_HZ), 1)
    middle = round(n * mains_hz * _PER_HZ)
    low = middle - reach
    k = low + int(prominence[low : middle + reach + 1].argmax())
    left, top, right = prominence[k - 1 : k + 2]
    bend = left - 2.0 * top + right
    offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return (k + float(np.clip(offset, -0.5, 0.5))) / _PER_HZ, float(top)


def _prominence(levels_db: F64) -> F64:
    """Return how far every bin stands above the median of the bins around it, its own left out."""
    around, own = round(_AROUND_HZ * _PER_HZ), round(_LINE_HZ * _PER_HZ)
    offsets = [k for k in range(-around, around + 1) if abs(k) > own]
    padded = np.pad(levels_db, around, mode="reflect")
    count = len(levels_db)
    beside = np.stack([padded[around + k : around + k + count] for k in offsets])
    return np.asarray(levels_db - np.median(beside, axis=0))
