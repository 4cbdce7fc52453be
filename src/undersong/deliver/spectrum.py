"""A mel spectrogram of a whole track, one column per pixel, in memory that does not grow."""

from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from undersong.audio import BlockSource
from undersong.units import SAMPLE_RATE

F32 = npt.NDArray[np.float32]

WINDOW: Final = 4096
"""Samples of one spectrum: 85 ms, fine enough for the lines of a voice."""

BANDS: Final = 160
"""Mel bands between LOWEST_HZ and HIGHEST_HZ."""

LOWEST_HZ: Final = 40.0
HIGHEST_HZ: Final = 16_000.0

_LOOKS = 4  # spectra averaged in one column, where it is long enough
_AT_ONCE_S = 10  # sound in memory
_SILENT = 1e-14  # power, -140 dB


class MelPicture(Struct, frozen=True, kw_only=True, eq=False):
    """Levels of mel bands over time.

    Attributes:
        levels_db: float32 (BANDS, columns): power in dB, averaged over each band.
        centres_hz: (BANDS,), where each band lies.
        column: samples per column; the last column may reach beyond the track.
    """

    levels_db: F32
    centres_hz: npt.NDArray[np.float64]
    column: int


def mel_picture(source: BlockSource, length: int, columns: int) -> MelPicture:
    """Analyse `length` samples of `source`, its channels averaged, into at most `columns`."""
    looks = max(1, min(_LOOKS, round(length / columns / WINDOW)))
    hop = max(-(-length // (columns * looks)), WINDOW // 4)
    count = -(-length // (hop * looks))
    power = np.empty((WINDOW // 2 + 1, count), np.float32)  # 12 MB for the width of a picture
    per_block = max(1, _AT_ONCE_S * SAMPLE_RATE // (hop * looks))
    for first in range(0, count, per_block):
        wanted = min(per_block, count - first)
        reach = (wanted * looks - 1) * hop + WINDOW
        sound = source.read(first * looks * hop - WINDOW // 2, reach)
        power[:, first : first + wanted] = _power(sound, hop).reshape(-1, wanted, looks).mean(2)
    bank = _bank()
    return MelPicture(
        levels_db=10 * np.log10(np.maximum(bank @ power, _SILENT)),
        centres_hz=bank @ np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE),
        column=hop * looks,
    )


def _power(sound: F32, hop: int) -> F32:
    """Return the power (WINDOW / 2 + 1, n) of every windowful; 1 for a full-scale sine's line."""
    windows = sliding_window_view(sound, WINDOW, axis=0)[::hop].mean(1)
    hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    spectra = np.fft.rfft(windows * (hann / (WINDOW / 4)), axis=1)
    return np.asarray(spectra.real**2 + spectra.imag**2, np.float32).T


def _bank() -> F32:
    """Return librosa's mel filter bank (BANDS, WINDOW / 2 + 1), rows adding up to 1.

    Only the filters are librosa's: its spectrogram would load 70 MB more for a short-time
    transform that numpy does as well.
    """
    from librosa.filters import mel  # noqa: PLC0415 - slow to import, and only pictures need it

    bank = mel(sr=int(SAMPLE_RATE), n_fft=WINDOW, n_mels=BANDS, fmin=LOWEST_HZ, fmax=HIGHEST_HZ)
    return np.asarray(bank / bank.sum(1, keepdims=True), np.float32)
