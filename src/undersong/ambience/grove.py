"""Sounds at places: when they come, how far they are, how the place answers.

A sound is drawn, placed and rendered whole from its number in the rhythm of its maker, so any of
them can be made on its own. Distance takes level as 1/d, and high tones as air (ISO 9613-2,
table 2: 20 degrees, 70 % humidity) and foliage (ISO 9613-2, table A.1) do.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from undersong.ambience.rhythm import Rhythm
from undersong.ambience.texture import k_weight
from undersong.audio import GRID, Frames, silence
from undersong.dsp.noise import Stream, Values
from undersong.units import SAMPLE_RATE

Rng = np.random.Generator
Spectrum = npt.NDArray[np.complex64]

PHRASE_RATE_HZ = 24_000
"""Phrases are drawn at this rate: nothing that sings, creaks or drips needs more."""

_LENGTHS = (1 << 17, 3 << 16, 1 << 18)
"""Frames of rendered sounds, their tails included: 2.7, 4.1 or 5.4 s."""

_OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)
_AIR_DB = (0.0001, 0.0003, 0.0011, 0.0028, 0.005, 0.009, 0.0229, 0.0766, 0.26)
_FOLIAGE_DB = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.09, 0.12, 0.15)
"""Losses per metre by octave; the last of each is carried on from those before it."""

_DB_TO_NEPER = np.log(10.0) / 20.0

_FADE = 4_800
_WINDOW = 9_600
_GAP_S = 0.6
"""A maker is silent for at least this long between two of its sounds."""

_VISIT = 7
"""Beats that a maker stays at one place."""

_KEEP = 12
"""Rendered sounds kept in memory, about 1.5 MB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of sound-maker.

    Attributes:
        phrase: draws one phrase: dry, mono, at `PHRASE_RATE_HZ`, at any level.
        level_db: its level among the others; 0 is the loudest that is allowed.
        near: the least distance at which it is met, 0 to 1 of the place's depth.
        share: how readily it sounds.
        period_s: mean distance of its chances to sound.
        length_s: no phrase is longer.
        regular: whether it keeps a beat, as a drip does, or comes when it likes, as birds do.
    """

    phrase: Callable[[Rng], Values]
    level_db: float = 0.0
    near: float = 0.15
    share: float = 1.0
    period_s: float = 12.0
    length_s: float = 3.4
    regular: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """From a maker to the ear, for rendered sounds of one length.

    Attributes:
        half: length of the sound at `PHRASE_RATE_HZ`.
        answer: spectra of the place's answer, (2, bins).
        loss: nepers per metre, (bins,).
        weighting: gain of the K-weighting, (bins,).
    """

    half: int
    answer: Spectrum
    loss: npt.NDArray[np.float32]
    weighting: npt.NDArray[np.float32]

    @classmethod
    def of(cls, length: int, place: Place, answer: Values) -> "_Path":
        half = length // 2
        hz = np.fft.rfftfreq(half, 1.0 / PHRASE_RATE_HZ)
        loss_db = np.array(_AIR_DB) + place.foliage * np.array(_FOLIAGE_DB)
        loss = _DB_TO_NEPER * np.interp(hz, _OCTAVES_HZ, loss_db)
        return cls(
            half=half,
            answer=np.fft.rfft(answer.astype(np.float32), half).astype(np.complex64, copy=False),
            loss=loss.astype(np.float32),
            weighting=np.sqrt(k_weight(hz)).astype(np.float32),
        )

    def moment_lufs(self, dry: Spectrum) -> float:
        """Loudness of the loudest 400 ms of a mono sound whose power two channels share."""
        weighted = np.fft.irfft(dry * self.weighting, self.half)
        energy = np.cumsum(weighted.astype(np.float64) ** 2)
        moment = float((energy[_WINDOW:] - energy[:-_WINDOW]).max()) / _WINDOW
        return float(-0.691 + 10.0 * np.log10(moment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One bird, one tree that creaks, one crack that drips.

    Attributes:
        kind: what it is.
        stream: where its choices come from.
        share: of its beats on which it sounds.
        pace: its period against its kind's; no two makers of a place have the same.
        phase: of its first beat, in periods.
    """

    kind: Kind
    stream: Stream
    share: float
    pace: float
    phase: float

    @classmethod
    def of(cls, kind: Kind, stream: Stream, share: float) -> "Maker":
        """Return a maker with a pace and a phase of its own."""
        pace, phase = stream.child("pace").uniform(0, 2)
        return cls(kind=kind, stream=stream, share=share, pace=0.8 + 0.5 * pace, phase=phase)

    @property
    def rhythm(self) -> Rhythm:
        """When it may sound."""
        regular = self.kind.regular
        return Rhythm(
            stream=self.stream.child("rhythm"),
            period_s=self.kind.period_s * self.pace,
            phase=self.phase,
            wander=0.8 if regular else 0.0,
            jitter=0.06 if regular else 1.0,
        )

    def sounds(self, beat: int) -> bool:
        """Whether it sounds on a beat: rather in some visits than in others, never over itself."""
        mood = 2.0 * float(self.stream.child("mood").uniform(beat // _VISIT, 1)[0])
        if self.stream.child("sounds").uniform(beat, 1)[0] >= self.share * mood:
            return False
        before_s, start_s = self.rhythm.times_s(beat - 1, 2)
        return bool(start_s - before_s > self.kind.length_s + _GAP_S)

    def spot(self, beat: int) -> tuple[float, float]:
        """Return where it is: from left (-1) to right (1), and from near (0) to far (1)."""
        rng = self.stream.child("spot").rng(0 if self.kind.regular else beat // _VISIT)
        return float(rng.uniform(-1.0, 1.0)), float(rng.uniform(self.kind.near, 1.0))


class Grove:
    """All makers of a place; `block(k)` is what they sound in second `k`, stereo."""

    def __init__(
        self, makers: tuple[Maker, ...], place: Place, stream: Stream, nearest_lufs: float
    ) -> None:
        """Take the makers; `nearest_lufs` is the loudest moment (400 ms) of the nearest sound."""
        self._makers = [(maker, maker.rhythm) for maker in makers]
        self._place = place
        self._stream = stream
        self._nearest_lufs = nearest_lufs
        self._paths: dict[int, _Path] = {}
        self._kept: OrderedDict[tuple[int, int], Frames] = OrderedDict()

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        out, first = silence(GRID, 2), k * GRID
        reach_s = _LENGTHS[-1] / SAMPLE_RATE
        for index, (maker, rhythm) in enumerate(self._makers):
            for beat, start_s in zip(*rhythm.between(k - reach_s, k + 1.0), strict=True):
                if not maker.sounds(int(beat)):
                    continue
                offset = int(start_s * SAMPLE_RATE) - first
                if offset >= GRID:
                    continue
                sound = self._sound(index, int(beat))
                first_here = max(offset, 0)
                part = sound[first_here - offset : GRID - offset]
                out[first_here : first_here + len(part)] += part
        return out

    def _sound(self, index: int, beat: int) -> Frames:
        key = (index, beat)
        if key not in self._kept:
            self._kept[key] = self._render(self._makers[index][0], beat)
            if len(self._kept) > _KEEP:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _render(self, maker: Maker, beat: int) -> Frames:
        side, far = maker.spot(beat)
        rng = maker.stream.child("phrase").rng(beat)
        phrase = maker.kind.phrase(rng).astype(np.float32)
        length = 2 * len(phrase) + int(self._place.tail_s * SAMPLE_RATE)
        path = self._path(next(full for full in _LENGTHS if full >= length))
        dry = np.fft.rfft(phrase, path.half).astype(np.complex64, copy=False)
        level_db = self._nearest_lufs + maker.kind.level_db - rng.uniform(0.0, 3.0)
        gain = 2.0 * 10.0 ** ((level_db - path.moment_lufs(dry)) / 20.0)
        distance_m = self._place.distance_m(far)
        dry *= np.exp((self._place.nearest_m - distance_m) * path.loss) * np.float32(gain)
        away = self._place.nearest_m / distance_m
        turn = (1.0 + 0.75 * side) * np.pi / 4.0
        direct = away * np.array([np.cos(turn), np.sin(turn)])
        wet = np.sqrt(away / 2.0) * 10.0 ** (self._place.answer_db / 20.0)
        both = path.answer * np.float32(wet)
        both += direct.astype(np.float32)[:, None]
        both *= dry
        sound = np.fft.irfft(both, 2 * path.half)[:, :length]
        sound = np.ascontiguousarray(sound.T, np.float32)
        sound[-_FADE:] *= np.linspace(1.0, 0.0, _FADE, dtype=np.float32)[:, None]
        return sound

    def _path(self, length: int) -> _Path:
        if length not in self._paths:
            answer = self._place.answer(self._stream.child("answer"))
            self._paths[length] = _Path.of(length, self._place, answer)
        return self._paths[length]
