"""Places: how far a sound in them is, what the way takes from it, and how the place answers.

Distance takes level as 1/d, and high tones as air (ISO 9613-2, table 2: 20 degrees, 70 %
humidity) and foliage (ISO 9613-2, table A.1) do.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.ambience.texture import k_weight
from undersong.audio import Frames
from undersong.dsp.noise import Stream, Values
from undersong.units import LOUDNESS_OFFSET_LU, SAMPLE_RATE

Spectrum = npt.NDArray[np.complex64]
Gains = npt.NDArray[np.float32]

PHRASE_RATE_HZ = 24_000
"""Phrases are drawn at this rate: nothing that sings, creaks or drips needs more."""

_LENGTHS = (1 << 15, 1 << 16, 1 << 17, 3 << 16, 1 << 18)
LONGEST = _LENGTHS[-1]
"""Frames of rendered sounds, their tails included: 0.7 to 5.4 s."""

_OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)
_AIR_DB = (0.0001, 0.0003, 0.0011, 0.0028, 0.005, 0.009, 0.0229, 0.0766, 0.26)
_FOLIAGE_DB = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.09, 0.12, 0.15)
"""Losses per metre by octave; the last of each is carried on from those before it."""

_DB_TO_NEPER = np.log(10.0) / 20.0

_FADE = 4_800
_WINDOW = 9_600


class Place(Struct, frozen=True, kw_only=True):
    """What a place does to a sound in it.

    Attributes:
        nearest_m: distance of a sound at 0.
        farthest_m: distance of a sound at 1.
        foliage: share of the way that leads through leaves.
        tail_s: how long the place answers.
        decays_s: (up to Hz, time in which the answer falls to 1/e) rows, rising.
        answer_db: level of the answer to the nearest sound against the sound itself; it falls
            half as fast with distance, so that far sounds are mostly answer.
        onset_s: how late the answer begins and how long it builds up.
    """

    nearest_m: float
    farthest_m: float
    foliage: float
    tail_s: float
    decays_s: tuple[tuple[float, float], ...]
    answer_db: float
    onset_s: tuple[float, float] = (0.012, 0.03)

    def distance_m(self, far: float) -> float:
        """Return the distance of a sound from near (0) to far (1)."""
        return float(self.nearest_m * (self.farthest_m / self.nearest_m) ** far)

    def answer(self, stream: Stream) -> Values:
        """Return the answer to a unit impulse, (2, frames) at `PHRASE_RATE_HZ`: power 1 each."""
        n = int(self.tail_s * PHRASE_RATE_HZ)
        t = np.arange(n) / PHRASE_RATE_HZ
        late_s, build_s = self.onset_s
        hz = np.fft.rfftfreq(n, 1.0 / PHRASE_RATE_HZ)
        noise = np.fft.rfft(stream.normal(0, 2 * n).reshape(2, n))
        total, low_hz = np.zeros((2, n)), 0.0
        for high_hz, decay_s in self.decays_s:
            band = np.where((hz >= low_hz) & (hz < high_hz), noise, 0.0)
            total += np.fft.irfft(band, n) * np.exp(-t / decay_s)
            low_hz = high_hz
        total *= np.clip((t - late_s) / build_s, 0.0, 1.0)
        return np.asarray(total / np.sqrt((total**2).sum(axis=1, keepdims=True)))


class _Path(Struct, frozen=True, kw_only=True):
    """From a maker to the ear, for rendered sounds of one length.

    Attributes:
        half: length of the sound at `PHRASE_RATE_HZ`.
        answer: spectra of the place's answer, (2, bins).
        loss: nepers per metre, (bins,).
    """

    half: int
    answer: Spectrum
    loss: Gains

    @classmethod
    def of(cls, length: int, place: Place, answer: Values) -> "_Path":
        half = length // 2
        hz = np.asarray(np.fft.rfftfreq(half, 1.0 / PHRASE_RATE_HZ), np.float64)
        loss_db = np.array(_AIR_DB) + place.foliage * np.array(_FOLIAGE_DB)
        loss = _DB_TO_NEPER * np.interp(hz, _OCTAVES_HZ, loss_db)
        return cls(
            half=half,
            answer=np.fft.rfft(answer.astype(np.float32), half).astype(np.complex64, copy=False),
            loss=loss.astype(np.float32),
        )

    def lag(self, lag_s: float) -> Spectrum | Gains:
        """Return the spectrum of a delay, made at the rate of phrases."""
        if not lag_s:
            return np.ones(1, np.float32)
        turn = -2j * np.pi * PHRASE_RATE_HZ / self.half * lag_s
        return np.asarray(np.exp(turn * np.arange(self.half // 2 + 1)), np.complex64)


def _moment_lufs(phrase: Gains) -> float:
    """Loudness of the loudest 400 ms of a mono phrase whose power two channels share."""
    n = next(full for full in _LENGTHS if full >= len(phrase) + _WINDOW)
    weighted = np.fft.irfft(np.fft.rfft(phrase, n) * _weighting(n), n)
    energy = np.cumsum(weighted.astype(np.float64) ** 2)
    moment = float((energy[_WINDOW:] - energy[:-_WINDOW]).max()) / _WINDOW
    return float(LOUDNESS_OFFSET_LU + 10.0 * np.log10(moment))


@cache
def _weighting(n: int) -> Gains:
    hz = np.asarray(np.fft.rfftfreq(n, 1.0 / PHRASE_RATE_HZ), np.float64)
    return np.sqrt(k_weight(hz)).astype(np.float32)


class Ear:
    """What is heard of sounds in a place; the place answers each alike."""

    def __init__(self, place: Place, stream: Stream) -> None:
        """Take the place; `stream` is where its answer comes from."""
        self._place = place
        self._stream = stream
        self._paths: dict[int, _Path] = {}

    def hear(
        self, phrase: Values, side: float, far: float, level_lufs: float, *, lag_s: float = 0.0
    ) -> Frames:
        """Return a sound as it arrives, stereo, with the answer of the place, fading to silence.

        Args:
            phrase: dry, mono, at `PHRASE_RATE_HZ`.
            side: from left (-1) to right (1).
            far: from the nearest (0) to the farthest (1) point of the place.
            level_lufs: its loudest moment (400 ms) if it were at the nearest point.
            lag_s: how much later it reaches the right ear.
        """
        length = 2 * len(phrase) + int(self._place.tail_s * SAMPLE_RATE)
        path = self._path(next(full for full in _LENGTHS if full >= length))
        mono = phrase.astype(np.float32)
        dry = np.fft.rfft(mono, path.half).astype(np.complex64, copy=False)
        gain = 2.0 * 10.0 ** ((level_lufs - _moment_lufs(mono)) / 20.0)
        distance_m = self._place.distance_m(far)
        dry *= np.exp((self._place.nearest_m - distance_m) * path.loss) * np.float32(gain)
        away = self._place.nearest_m / distance_m
        turn = (1.0 + 0.75 * side) * np.pi / 4.0
        wet = np.sqrt(away / 2.0) * 10.0 ** (self._place.answer_db / 20.0)
        both = path.answer * np.float32(wet)
        both[0] += np.float32(away * np.cos(turn))
        both[1] += np.float32(away * np.sin(turn)) * path.lag(lag_s)
        both *= dry
        sound = np.ascontiguousarray(np.fft.irfft(both, 2 * path.half)[:, :length].T, np.float32)
        sound[-_FADE:] *= np.linspace(1.0, 0.0, _FADE, dtype=np.float32)[:, None]
        return sound

    def _path(self, length: int) -> _Path:
        if length not in self._paths:
            answer = self._place.answer(self._stream)
            self._paths[length] = _Path.of(length, self._place, answer)
        return self._paths[length]
