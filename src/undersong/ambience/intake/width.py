"""How wide a recording is, and making narrow ones wide and too wide ones narrower.

Middle and side: M = (L + R) / 2, S = (L - R) / 2. Where left and right are nearly one, a side is
made from the middle (pseudo-stereo, after Schroeder 1958): the sum of both channels stays what it
was. It is turned by a quarter of a period, forwards and backwards by turns every third of an
octave, so left and right are equally loud everywhere. Where they are opposed, the side is turned
down.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.audio import Frames
from undersong.units import SAMPLE_RATE

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

BANDS_HZ: Final = ((300.0, 1000.0), (1000.0, 4000.0), (4000.0, 12_000.0))
"""Where correlation is measured: below, sound is wide by wavelength alone."""

_WINDOW: Final = 4096
_NOTHING: Final = 1e-12
_NARROW: Final = 0.7
_NARROW_AIM: Final = 0.5
_WIDE: Final = 0.12
_WIDE_AIM: Final = 0.25
"""Correlations that are left as they are lie between; outside, what is aimed at."""

_OPPOSED: Final = -0.5
_ONE_SIDED_DB: Final = 25.0
_BALANCE_DB: Final = 1.5
_BALANCE_MOST_DB: Final = 9.0

TAPS: Final = 2048
_TURNS_PER_OCTAVE: Final = 1.5
_NO_SIDE_HZ: Final = 150.0


class Width:
    """Streaming measurement of the spectra of both channels, and of what they have in common.

    Every window counts alike, so that one loud moment does not stand for the whole.
    """

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._left, self._right, self._both = (np.zeros(_WINDOW // 2 + 1) for _ in range(3))
        self._hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)[None, :, None]

    def push(self, frames: Frames) -> None:
        """Take stereo frames at 48 kHz; less than a window at the end is left out."""
        whole = len(frames) // _WINDOW * _WINDOW
        windows = frames[:whole].reshape(-1, _WINDOW, 2)
        spectra = np.fft.rfft(windows * self._hann, axis=1)
        spectra /= np.sqrt((np.abs(spectra) ** 2).sum(axis=(1, 2), keepdims=True) + _NOTHING)
        left, right = spectra[:, :, 0], spectra[:, :, 1]
        self._left += (np.abs(left) ** 2).sum(axis=0)
        self._right += (np.abs(right) ** 2).sum(axis=0)
        self._both += np.real(left * np.conj(right)).sum(axis=0)

    def plan(self) -> "Widening":
        """Return what should be done."""
        left, right = float(self._left.sum()), float(self._right.sum())
        balance_db = 10.0 * float(np.log10((left + 1e-20) / (right + 1e-20)))
        if abs(balance_db) > _ONE_SIDED_DB:
            return Widening(only="left" if balance_db > 0 else "right", bands=_bands(1.0, 0.0))
        flipped = float(self._both.sum()) / np.sqrt(left * right + 1e-30) < _OPPOSED
        off = min(max(balance_db, -_BALANCE_MOST_DB), _BALANCE_MOST_DB)
        return Widening(
            flipped=flipped,
            balance_db=off if abs(off) > _BALANCE_DB else 0.0,
            bands=tuple(self._band(low, high, flipped=flipped) for low, high in BANDS_HZ),
        )

    def _band(self, low_hz: float, high_hz: float, *, flipped: bool) -> tuple[float, float]:
        """Return the gain of the side, and of a side made from the middle, in a band."""
        hz = np.fft.rfftfreq(_WINDOW, 1.0 / SAMPLE_RATE)
        band = (hz >= low_hz) & (hz < high_hz)
        product = float(self._left[band].sum() * self._right[band].sum())
        common = float(self._both[band].sum()) * (-1.0 if flipped else 1.0)
        found = common / np.sqrt(product) if product > 0 else 1.0
        side = (1.0 - found) / (1.0 + found + 1e-9)  # power of the side against the middle
        if found > _NARROW:
            return 1.0, float(np.sqrt(max(_side_of(_NARROW_AIM) - side, 0.0)))
        if found < _WIDE:
            return float(np.sqrt(_side_of(_WIDE_AIM) / side)), 0.0
        return 1.0, 0.0


class Widening(Struct, frozen=True, kw_only=True):
    """What is done to the two channels.

    Attributes:
        only: the one channel that holds the sound, or nothing.
        flipped: the right channel is upside down.
        balance_db: how much louder the left is; both are moved by half of it.
        bands: for each of BANDS_HZ the gain of the side, and of a side made from the middle.
    """

    only: str = ""
    flipped: bool = False
    balance_db: float = 0.0
    bands: tuple[tuple[float, float], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What it does, in sentences."""
        made, turned = max(b[1] for b in self.bands), min(b[0] for b in self.bands)
        rows = (
            (bool(self.only), f"only the {self.only} channel holds sound: made stereo from it"),
            (self.flipped, "one channel was upside down: turned"),
            (self.balance_db != 0.0, f"one side {abs(self.balance_db):.1f} dB louder: balanced"),
            (made > 0 and not self.only, "narrow: widened, the mono sum unchanged"),
            (turned < 1.0, "too wide for one loudspeaker: narrowed"),
        )
        return tuple(text for true, text in rows if true)


class Widener:
    """Applies a `Widening`, streaming; the sound comes out TAPS / 2 samples late."""

    def __init__(self, plan: Widening) -> None:
        """Prepare the filters."""
        self._plan = plan
        self._past = np.zeros((TAPS - 1, 2), np.float32)
        self._side, self._made = _filters(plan.bands)

    def push(self, frames: Frames) -> Frames:
        """Return as many frames as are given."""
        sound = self._evened(frames)
        middle, side = sound.mean(axis=1), (sound[:, 0] - sound[:, 1]) / 2.0
        new = np.stack([middle, side], axis=1)
        held = np.concatenate([self._past, new])
        self._past = held[-(TAPS - 1) :]
        size = 1 << (len(held) + TAPS - 1).bit_length()
        spectra = np.fft.rfft(held, size, axis=0)
        wide = spectra[:, 1] * np.fft.rfft(self._side, size)
        wide += spectra[:, 0] * np.fft.rfft(self._made, size)
        out_side = np.fft.irfft(wide, size)[TAPS - 1 : len(held)].astype(np.float32)
        out_middle = held[TAPS - 1 - TAPS // 2 : len(held) - TAPS // 2, 0]
        return np.stack([out_middle + out_side, out_middle - out_side], axis=1)

    def _evened(self, frames: Frames) -> Frames:
        plan = self._plan
        if plan.only:
            return np.repeat(frames[:, [0 if plan.only == "left" else 1]], 2, axis=1)
        gain = 10.0 ** (plan.balance_db / 40.0)
        sides = np.array([1.0 / gain, -gain if plan.flipped else gain], np.float32)
        return frames * sides


def _side_of(correlation: float) -> float:
    """Return the power of the side against the middle that gives this correlation."""
    return (1.0 - correlation) / (1.0 + correlation)


def _bands(side: float, _made: float) -> tuple[tuple[float, float], ...]:
    made = float(np.sqrt(_side_of(_NARROW_AIM)))
    return tuple((side, made) for _ in BANDS_HZ)


def _filters(bands: tuple[tuple[float, float], ...]) -> tuple[F64, F64]:
    """Return the taps for the side and for the middle that becomes a side."""
    hz = np.maximum(np.fft.rfftfreq(TAPS, 1.0 / SAMPLE_RATE), 1.0)
    centres = [np.sqrt(low * high) for low, high in BANDS_HZ]
    side, made = (
        np.interp(np.log(hz), np.log(centres), [band[k] for band in bands]) for k in (0, 1)
    )
    made = made * hz**2 / (hz**2 + _NO_SIDE_HZ**2)
    turns = np.sqrt(2.0) * np.sin(2.0 * np.pi * _TURNS_PER_OCTAVE * np.log2(hz / _NO_SIDE_HZ))
    half = np.exp(-1j * np.pi * np.arange(len(hz)))  # a delay of TAPS / 2
    window = np.hanning(TAPS + 1)[:-1]
    taps_side = np.fft.irfft(side * half) * window
    taps_made = np.fft.irfft(1j * made * turns * half) * window
    return taps_side, taps_made
