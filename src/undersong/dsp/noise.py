"""Randomness by position, and noise shaped in time and frequency that can be read anywhere.

Everything here is a pure function of a key and a position, so any second of an endless sound can
be made on its own. The generator is Philox 4x64-10 (Salmon, Moraes, Dror and Shaw, "Parallel
random numbers: as easy as 1, 2, 3", SC11): a block cipher of a counter, with no state to run up.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.audio import GRID, Frames
from undersong.dsp.compiled import Kernels, kernels
from undersong.dsp.noise_kernels import U64
from undersong.dsp.plain_noise import PlainLoops, below_bins
from undersong.units import SAMPLE_RATE

Values = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.float32]
Powers = npt.NDArray[np.float32]
Points = Mapping[int, float] | Mapping[float, float]
"""A curve over frequency, drawn through (Hz: level or share) points."""

_ORIGIN = 1 << 40
"""Counter of position 0: positions may be as far below it as any event before the start."""

_BANDS_HZ = 40.0 * 2.0 ** (0.6 * np.arange(15))
"""Where shaped noise is told its level: 15 bands, 40 Hz to 13.5 kHz, 0.6 octave apart."""

_FLOOR_HZ = 30.0
_CEILING_HZ = 17_000.0
"""Shaped noise falls off below and above these: no infrasound, no needless hiss."""

_USUAL = 0.95
_USUAL_SIZE = 1.0 + (1.0 / _USUAL - 1.0) * np.log(1.0 - _USUAL)
"""Share of an exponential distribution that is used, and the mean of that share."""

_DB_TO_2 = np.log2(10.0) / 20.0
_TO_2 = 1.0 / np.log(2.0)
"""What makes of levels in dB, and of natural exponents, exponents of 2."""


def loops() -> Kernels | PlainLoops:
    """Return the loops of `noise_kernels`: compiled, or where that does not work as numpy."""
    return kernels() or PlainLoops()


def bands_hz() -> Values:
    """Centres of the bands in which `ShapedNoise` is told its level, in Hz."""
    return np.array(_BANDS_HZ, np.float64)


def spectrum_db(points: Points) -> Values:
    """Levels at `bands_hz` of a curve drawn through (Hz: dB) points, flat beyond its ends."""
    hz, db = zip(*sorted(points.items()), strict=True)
    return np.asarray(np.interp(np.log(_BANDS_HZ), np.log(hz), db), np.float64)


class Stream(Struct, frozen=True):
    """An endless row of random 64-bit words, any of which can be drawn on its own.

    Attributes:
        key: 128 bits; streams of different keys are independent.
    """

    key: int

    @classmethod
    def of(cls, seed: int, *names: str | float) -> "Stream":
        """Return the stream of a seed and the names of what it is for."""
        text = "/".join([str(seed), *map(str, names)])
        return cls(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest()))

    def child(self, *names: str | float) -> "Stream":
        """Return an independent stream for a part of what this one is for."""
        return Stream.of(self.key, *names)

    def words(self, first: int, count: int) -> npt.NDArray[np.uint64]:
        """Return words [first, first + count); `first` may be negative."""
        block, skip = divmod(first, 4)
        words = loops().draw_words(self.key, _ORIGIN + block, -(-(skip + count) // 4))
        return words[skip : skip + count]

    def uniform(self, first: int, count: int) -> Values:
        """Return numbers [first, first + count), evenly spread over [0, 1)."""
        return (self.words(first, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, first: int, count: int) -> Values:
        """Return numbers [first, first + count), normal, mean 0, variance 1 (Box-Muller)."""
        pairs = self.uniform(2 * first, 2 * count).reshape(-1, 2)
        radius = np.sqrt(-2.0 * np.log1p(-pairs[:, 0]))
        return np.asarray(radius * np.cos(2.0 * np.pi * pairs[:, 1]))

    def rng(self, cell: int) -> "np.random.Generator":
        """Return a generator for one event, where it takes many draws of many kinds."""
        counter = (1 << 128) + ((_ORIGIN + cell) << 64)
        return np.random.Generator(np.random.Philox(key=self.key, counter=counter))


class Curve(Struct, frozen=True):
    """A smooth random course through time that never repeats: normal, mean 0, variance 1.

    Uniform cubic B-spline over independent normal knots, one every `period_s`.

    Attributes:
        stream: where the knots come from.
        period_s: distance of knots; the course swings at about this scale.
        lanes: how many independent courses run side by side.
    """

    stream: Stream
    period_s: float
    lanes: int = 1

    def __call__(self, times_s: Values) -> Values:
        """Return the courses at rising `times_s`, shape (n, lanes)."""
        courses = np.zeros((len(times_s), self.lanes))
        self.add_to(courses, times_s)
        return courses

    def add_to(self, courses: Values, times_s: Values, swing: float = 1.0) -> None:
        """Add `swing` times the courses at rising `times_s` to an array (n, lanes)."""
        first, last = (int(np.floor(times_s[at] / self.period_s)) for at in (0, -1))
        first, count = first - 1, last + 4 - first
        knots = self.stream.normal(first * self.lanes, count * self.lanes)
        loops().add_curves(
            knots.reshape(count, self.lanes),
            times_s,
            period=self.period_s,
            first=first,
            swing=swing,
            courses=courses,
        )


class Shots(Struct, frozen=True, kw_only=True):
    """Small things that happen again and again: drops, laps, leaves that touch. Mean power 1.

    Shot noise: in every `cell_s` one pulse, at a random moment, of a random size (exponential,
    with its largest twentieth left out, so that nothing sticks out) and in a random place between
    left and right, rises over `rise_s` and dies over `fall_s`.
    """

    stream: Stream
    cell_s: float
    rise_s: float
    fall_s: float
    spread: float = 0.65

    def __call__(self, times_s: Values) -> Spectra:
        """Return power at rising `times_s`, shape (2, n); never below 0."""
        first, last = (int(np.floor(times_s[at] / self.cell_s)) for at in (0, -1))
        back = int(np.ceil(6.0 * self.fall_s / self.cell_s)) + 1
        first, count = first - back, last + 1 - first + back
        draws = self.stream.uniform(3 * first, 3 * count).reshape(count, 3)
        moments = (np.arange(first, first + count) + draws[:, 0]) * self.cell_s
        size = -np.log1p(-_USUAL * draws[:, 1]) * (self.cell_s / self._area() / _USUAL_SIZE)
        place = (2.0 * draws[:, 2] - 1.0) * self.spread
        sizes = np.array([size * (1.0 - place), size * (1.0 + place)], np.float32)
        rates = np.array([-_TO_2 / self.fall_s, -_TO_2 / self._onset()], np.float32)
        powers = np.zeros((2, len(times_s)), np.float32)
        loops().add_shots(
            moments,
            sizes,
            times_s,
            cell=self.cell_s,
            first=first,
            back=back,
            rates=rates,
            powers=powers,
        )
        return powers

    def _onset(self) -> float:
        return self.rise_s * self.fall_s / (self.rise_s + self.fall_s)

    def _area(self) -> float:
        return self.fall_s - self._onset()


class ShapedNoise(Struct, frozen=True, dict=True):
    """Endless stereo noise whose spectrum follows given levels, frame by frame.

    Gaussian spectra are shaped, transformed and overlap-added under a sine window, whose squares
    sum to one at half overlap: power is even. 0 dB is the density of white noise of RMS 1.

    Attributes:
        stream: where the spectra come from.
        frame: samples per frame, even; half of it must divide the block of one second. Short
            frames follow faster, long ones draw finer spectra.
        correlation: (Hz: inter-channel correlation) points, straight lines over log frequency.
    """

    stream: Stream
    frame: int
    correlation: Points

    @cached_property
    def _shape(self) -> "_Shape":
        """What all blocks share."""
        return _Shape.of(self.frame, self.correlation)

    @property
    def hops(self) -> int:
        """Half frames to a block."""
        return GRID // (self.frame // 2)

    def times_s(self, k: int, blocks: int = 1) -> Values:
        """Middles of the frames that `blocks` from `k` on need: rising, half a frame apart."""
        first = k * self.hops
        return np.arange(first, first + blocks * self.hops + 1, dtype=np.float64) / self.hops

    def block(self, k: int, levels_db: Values) -> Frames:
        """Return second `k` as `Frames` of shape (GRID, 2).

        Args:
            k: index of the block, >= 0.
            levels_db: of shape (len(times_s(k)), 2, bands): per frame, channel and band.
        """
        count, shape, made = len(levels_db), self._shape, loops()
        spectra = made.draw_spectra(
            self._draws(k * (count - 1), count),
            _GAUSS,
            sides=shape.sides,
            levels=np.multiply(levels_db, _DB_TO_2).astype(np.float32),
            edges=shape.edges,
            shares=shape.shares,
        )
        waves: Spectra = np.fft.irfft(spectra, self.frame).astype(np.float32, copy=False)
        return made.overlap(waves, shape.window).reshape(GRID, 2)

    def _draws(self, frame: int, count: int) -> npt.NDArray[np.uint16]:
        """Return rows of a draw for every bin of the middle, then of the side."""
        per_frame = -(-(self.frame + 2) // 4)  # one 64-bit word holds four 16-bit draws
        words = self.stream.words(frame * per_frame, count * per_frame)
        draws = words.astype("<u8", copy=False).view("<u2").reshape(count, -1)
        return draws.astype(np.uint16, copy=False)


class _Shape(Struct, frozen=True, kw_only=True):
    """Arrays that depend on frame length and stereo width only."""

    window: Spectra
    sides: Spectra  # (2, bins): shares that both channels have in common and apart, and the scale
    edges: U64  # (bands,): the first bin beyond each band but the first, and the end of them
    shares: Spectra  # (bins,): how far a bin lies on the way from one band to the next

    @classmethod
    def of(cls, frame: int, correlation: Points) -> "_Shape":
        hz = np.maximum(np.arange(frame // 2 + 1) * (SAMPLE_RATE / frame), 1.0)
        bands = len(_BANDS_HZ)
        place = np.interp(np.log(hz), np.log(_BANDS_HZ), np.arange(bands))
        edges = np.searchsorted(place, np.arange(bands)).astype(np.uint64)
        edges[0], edges[-1] = 0, len(hz)
        passes = np.sqrt(frame) * hz**2 / (hz**2 + _FLOOR_HZ**2) / (1.0 + (hz / _CEILING_HZ) ** 6)
        passes[[0, -1]] = 0.0
        points, shares = zip(*sorted(correlation.items()), strict=True)
        common = np.interp(np.log(hz), np.log(points), shares)
        window = np.sin(np.pi * (np.arange(frame) + 0.5) / frame)
        return cls(
            window=window.astype(np.float32),
            sides=(passes * np.sqrt([(1.0 + common) / 2.0, (1.0 - common) / 2.0])).astype("f4"),
            edges=edges,
            shares=(place - below_bins(edges)).astype(np.float32),
        )


def _gauss_table() -> Spectra:
    """Return 256 radii and directions, rows of r, cos, sin: any of one kind with any of the other.

    Together they are 65,536 even shares of a circular normal of variance 1.
    """
    middles = (np.arange(256) + 0.5) / 256.0
    radius = np.sqrt(-np.log(middles))
    radius /= np.sqrt(np.mean(radius**2))
    angle = 2.0 * np.pi * middles
    return np.stack([radius, np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


_GAUSS = _gauss_table()
