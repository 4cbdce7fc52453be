"""What a listener would notice of a duck, measured on stems alone."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from undersong.audio import BlockSource, spans
from undersong.dsp.loudness import Energies
from undersong.mix.curves import F64
from undersong.mix.mixer import Mixer

Sounding = npt.NDArray[np.bool_]

FRAME = 480
SOUNDING_DB = -35.0
JOINED = 71
"""Frames: phrases with shorter gaps are heard as one."""


class Stems(Struct, frozen=True, kw_only=True):
    """Powers in frames of 10 ms: of the voice as it is and K-weighted, of the bed, and its gain."""

    level: F64
    voice: F64
    bed: F64
    gain_db: F64

    @property
    def sounding(self) -> Sounding:
        return self.level > np.percentile(self.level, 99) * 10 ** (SOUNDING_DB / 10)

    @property
    def phrases(self) -> list[tuple[int, int]]:
        """Stretches of speech of 0.2 s and more."""
        closed = minimum_filter1d(maximum_filter1d(self.sounding.astype(int), JOINED), JOINED)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], closed, [0]])))
        return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a > 20]

    @property
    def ducked(self) -> F64:
        return self.bed * 10 ** (self.gain_db / 10)


def stems_of(mixer: Mixer) -> Stems:
    """Read voice and bed, before and after the duck, of a whole mix."""
    voice, bed, ducked = (_powers(mixer.stem(name), mixer.length) for name in NAMES)
    frames = mixer.length // FRAME
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.nan_to_num(10 * np.log10(ducked[1] / bed[1]), posinf=0, neginf=0)
    return Stems(level=voice[0], voice=voice[1], bed=bed[1], gain_db=gain[:frames])


NAMES = ("voice", "bed", "bed-ducked")


def _powers(source: BlockSource, length: int) -> tuple[F64, F64]:
    energies, plain = Energies(2, per_s=100), []
    for start, n in spans(length - length % FRAME):
        block = source.read(start, n)
        energies.push(block)
        plain.append(np.square(block.sum(1, dtype=np.float64)).reshape(-1, FRAME).mean(1))
    return np.concatenate(plain), energies.hops


def momentary(power: F64) -> F64:
    """Loudness of 400 ms around every frame."""
    return np.asarray(-0.691 + 10 * np.log10(uniform_filter1d(power, 40, mode="constant") + 1e-12))


def measures(stems: Stems) -> dict[str, float]:
    """Return every number that has a bar, by name."""
    sounding, phrases, gain = stems.sounding, stems.phrases, stems.gain_db
    voice = momentary(stems.voice)
    heard = sounding & (voice > np.median(voice[sounding]) - 10)
    above = (voice - momentary(stems.ducked))[heard]
    each = [
        10 * np.log10(stems.voice[a:b][sounding[a:b]].mean() / stems.ducked[a:b].mean())
        for a, b in phrases
        if b - a > 40
    ]
    slope = np.diff(uniform_filter1d(gain, 5))
    moving = np.sign(slope[np.abs(slope) > 0.02])
    pauses = [gain[b:c].max() for (_, b), (c, _) in pairwise(phrases) if c - b >= 400]
    return {
        "phrase_min_lu": min(each),
        "phrase_max_lu": max(each),
        "middle_lu": float(np.median(above)),
        "least_lu": float(np.percentile(above, 5)),
        "onset": _onset(gain, phrases),
        "usual_onset": _usual_onset(gain, phrases, sounding),
        "slope_db_s": float(np.percentile(np.abs(slope) * 100, 99.9)),
        "pump_db": _pump(gain, phrases),
        "reversals": float(np.sum(np.diff(moving) != 0)) / len(phrases),
        "recovered_db": float(np.mean(pauses)) if pauses else 0.0,
    }


def _onset(gain: F64, phrases: list[tuple[int, int]]) -> float:
    """Return how much of its first depth the bed has reached when a phrase begins, on average."""
    early = [
        gain[a : a + 10].mean() / gain[a + 10 : a + 40].mean()
        for a, _ in phrases
        if gain[a + 10 : a + 40].mean() < -0.5
    ]
    return float(np.mean(early)) if early else 1.0


def _usual_onset(gain: F64, phrases: list[tuple[int, int]], sounding: Sounding) -> float:
    """Return how much of the track's median depth it has reached by then, on average."""
    usual = float(np.median(gain[sounding]))
    first = np.mean([gain[a : a + 10].mean() for a, _ in phrases])
    return float(first / usual) if usual < -0.5 else 1.0


def _pump(gain: F64, phrases: list[tuple[int, int]]) -> float:
    band = sosfiltfilt(butter(2, (0.5, 8), "band", fs=100, output="sos"), gain)
    inside = [band[a + 30 : b] for a, b in phrases if b - a > 30]
    return float(np.sqrt(np.mean(np.square(np.concatenate(inside)))))


def missed(found: dict[str, float], asked_lu: float) -> list[str]:
    """Return the bars that are not held; `usual_onset`, which some beds forbid, has none here."""
    bars = {
        "phrase_min_lu": found["phrase_min_lu"] >= asked_lu - 1,
        "phrase_max_lu": found["phrase_max_lu"] <= asked_lu + 1,
        "middle_lu": abs(found["middle_lu"] - asked_lu) <= 1.5,
        "least_lu": found["least_lu"] >= asked_lu - 6,
        "onset": found["onset"] >= 0.98,
        "slope_db_s": found["slope_db_s"] <= 30,
        "pump_db": found["pump_db"] <= 0.15,
        "reversals": found["reversals"] <= 3,
        "recovered_db": found["recovered_db"] >= -1,
    }
    return [name for name, held in bars.items() if not held]
