"""Small sounds, many at once: bubbles, struck things and bursts of noise, as arrays.

A `Grain` is one of them, mono, float32: it starts at or near 0, rises without a click and has died
away where it ends. Functions here make many in one go, from arrays of what they are.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.dsp.noise import Values, loops
from undersong.dsp.noise_kernels import U64
from undersong.units import SAMPLE_RATE

Grain = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

_GONE: Final = 5.8
"""A decay is over when it has fallen by this many nepers: 50 dB."""

_FADE: Final = 0.2
"""Share of a grain over which what is left of it is faded out."""

_SHORTEST: Final = 32
"""Samples of a grain."""

_AT_ONCE: Final = 16
_NONE: Final = np.zeros(0, np.float32)


class Heap(Struct, frozen=True, kw_only=True, eq=False):
    """Grains in one array.

    Attributes:
        samples: of all, one after another.
        edges: where each begins, and the end of the last.
    """

    samples: Grain
    edges: U64

    @classmethod
    def of(cls, grains: Sequence[Grain], gain: np.float32) -> Self:
        """Heap up grains, all of them moved by a gain."""
        edges = np.cumsum([0, *map(len, grains)]).astype(np.uint64)
        return cls(samples=np.concatenate([_NONE, *grains]) * gain, edges=edges)

    @property
    def grains(self) -> list[Grain]:
        """All of them."""
        return np.split(self.samples, self.edges[1:-1].astype(np.intp))

    def add_to(self, out: Grain, *, picks: Rows, starts: Rows, gains: Values) -> None:
        """Add picked grains to a channel, each from a start of its own and moved by a gain.

        Raises:
            ValueError: one goes on beyond the end.
        """
        begins, ends = self.edges[picks], self.edges[picks + 1]
        at = starts.astype(np.uint64)
        if len(picks) and (at + (ends - begins)).max() > out.size:
            msg = "a grain is longer than what it is added to"
            raise ValueError(msg)
        loops().add_grains(self.samples, begins, ends, at, gains=gains.astype(np.float32), out=out)


def bubble_hz(radius_m: Values) -> Values:
    """Pitch of an air bubble in water, after Minnaert (1933): about 3 / r."""
    return 3.0 / radius_m


def bubbles(radius_m: Values, rise: Values, longest_s: float) -> list[Grain]:
    """Return the sound of bubbles that were closed off in water, one per radius; peak below 1.

    A decaying tone that rises as the bubble nears the surface (van den Doel, "Physically based
    models for liquid sounds", ACM Transactions on Applied Perception 2, 2005).

    Args:
        radius_m: of each, (n,).
        rise: how much each glides up in the time it falls to 1/e; about 0.1 near the surface.
        longest_s: length that no grain exceeds.
    """
    damping = 0.13 / radius_m + 0.0072 * radius_m**-1.5
    sounds: list[Grain] = [_NONE] * len(radius_m)
    for rows, t, length in _alike(np.minimum(_GONE / damping, longest_s)):
        fall, hz = damping[rows, np.newaxis], bubble_hz(radius_m)[rows, np.newaxis]
        turns = hz * t * (1.0 + 0.5 * rise[rows, np.newaxis] * fall * t)
        sound = _sine(turns) * np.exp((-fall * t).astype(np.float32))
        for row, each, n in zip(rows, sound, length, strict=True):
            sounds[row] = _faded(each[:n])
    return sounds


def strikes(hz: Values, decay_s: Values, level_db: Values) -> list[Grain]:
    """Return the sound of things that are struck: sums of damped modes, all arrays (n, modes).

    Args:
        hz: pitch of every mode.
        decay_s: time in which it falls to 1/e.
        level_db: its level.
    """
    sounds: list[Grain] = [_NONE] * len(hz)
    for rows, t, length in _alike(decay_s.max(axis=1) * _GONE):
        sound = np.zeros((len(rows), len(t)), np.float32)
        for mode in range(hz.shape[1]):
            tone_hz, fall_s, db = (each[rows, mode, np.newaxis] for each in (hz, decay_s, level_db))
            course = np.exp((-t / fall_s).astype(np.float32))
            sound += _sine(tone_hz * t) * course * (10.0 ** (db / 20.0)).astype(np.float32)
        for row, each, n in zip(rows, sound, length, strict=True):
            sounds[row] = _faded(each[:n])
    return sounds


def bursts(
    rng: np.random.Generator, hz: Values, octaves: Values, rise_s: Values, fall_s: Values
) -> list[Grain]:
    """Return bursts of noise, each around a pitch `hz`, `octaves` wide (one sigma).

    Each rises over `rise_s` and falls to 1/e in `fall_s`, from an RMS of 1; all arguments but the
    first are arrays (n,).
    """
    longest_s = _GONE * (rise_s + fall_s)
    length = int(longest_s.max() * SAMPLE_RATE)
    t = (np.arange(length) / SAMPLE_RATE).astype(np.float32)
    octave = np.log2(np.maximum(np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE), 1.0))
    away = (octave - np.log2(hz[:, np.newaxis])) / octaves[:, np.newaxis]
    noise = np.fft.rfft(rng.standard_normal((len(hz), length)).astype(np.float32))
    noise *= np.exp((-0.5 * away**2).astype(np.float32))
    sound = np.fft.irfft(noise, length).astype(np.float32, copy=False)
    falls, rises = (each[:, np.newaxis].astype(np.float32) for each in (fall_s, rise_s))
    course = np.exp(-t / falls)
    course *= np.float32(1.0) - np.exp(-t / rises)
    sound *= course
    sound *= np.sqrt((course**2).sum(axis=1) / (sound**2).sum(axis=1))[:, np.newaxis]
    lengths = np.clip(longest_s * SAMPLE_RATE, _SHORTEST, length).astype(np.intp)
    return [_faded(row[:n]) for row, n in zip(sound, lengths, strict=True)]


def energy_spectrum(grains: list[Grain], hz: Values) -> Values:
    """Mean energy of grains at pitches `hz`, (len(hz),): |Fourier transform|², evened out.

    Evened over a third of an octave to both sides, on a transform of 16,384 samples.
    """
    size = 1 << 14
    both = np.zeros(size)
    for pair in range(0, len(grains), 2):
        two = np.zeros((size, 2), np.float32)
        for side, grain in enumerate(grains[pair : pair + 2]):
            two[: len(grain), side] = grain[:size]
        spectrum = np.fft.fft(two.view(np.complex64)[:, 0])
        both += spectrum.real**2 + spectrum.imag**2
    energy = (both[: size // 2 + 1] + np.roll(both[::-1], 1)[: size // 2 + 1]) / 2.0
    total = np.concatenate([[0.0], np.cumsum(energy)]) / len(grains)
    bins = hz * size / SAMPLE_RATE
    low = np.floor(bins * 2.0 ** (-1 / 3)).astype(np.intp)
    high = np.minimum(np.ceil(bins * 2.0 ** (1 / 3)).astype(np.intp) + 1, len(energy))
    return np.asarray((total[high] - total[low]) / (high - low))


def _alike(length_s: Values) -> Iterator[tuple[Rows, Values, Rows]]:
    """Yield some sounds of about the same length at a time: rows, times in s, and their lengths."""
    lengths = np.maximum(length_s * SAMPLE_RATE, _SHORTEST).astype(np.intp)
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), _AT_ONCE):
        rows = order[first : first + _AT_ONCE]
        yield rows, np.arange(lengths[rows[-1]]) / SAMPLE_RATE, lengths[rows]


def _sine(turns: Values) -> Grain:
    return np.sin((2.0 * np.pi * (turns - np.floor(turns))).astype(np.float32))


def _faded(row: Grain) -> Grain:
    """Return a sound of its own that is faded out at its end."""
    count, grain = int(_FADE * len(row)), row.copy()
    grain[-count:] *= np.linspace(1.0, 0.0, count, dtype=np.float32)
    return grain
