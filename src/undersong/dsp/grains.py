"""Small sounds, many at once: bubbles, struck things and bursts of noise, as arrays.

A `Grain` is one of them, mono, float32: it starts at or near 0, rises without a click and has died
away where it ends. Functions here make many in one go, from arrays of what they are.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.dsp.noise import Values
from undersong.units import SAMPLE_RATE

Grain = npt.NDArray[np.float32]

_GONE: Final = 5.8
"""A decay is over when it has fallen by this many nepers: 50 dB."""

_FADE: Final = 0.2
"""Share of a grain over which what is left of it is faded out."""


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
    damping = (0.13 / radius_m + 0.0072 * radius_m**-1.5)[:, None]
    t = np.arange(int(longest_s * SAMPLE_RATE)) / SAMPLE_RATE
    turns = bubble_hz(radius_m)[:, None] * t * (1.0 + 0.5 * rise[:, None] * damping * t)
    sound = np.sin(2.0 * np.pi * turns) * np.exp(-damping * t)
    return _cut(sound, _GONE / damping[:, 0])


def strikes(hz: Values, decay_s: Values, level_db: Values) -> list[Grain]:
    """Return the sound of things that are struck: sums of damped modes, all arrays (n, modes).

    Args:
        hz: pitch of every mode.
        decay_s: time in which it falls to 1/e.
        level_db: its level.
    """
    longest_s = decay_s.max(axis=1) * _GONE
    t = np.arange(int(longest_s.max() * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros((len(hz), len(t)))
    for mode in range(hz.shape[1]):
        tone = np.sin(2.0 * np.pi * hz[:, mode, None] * t) * np.exp(-t / decay_s[:, mode, None])
        sound += tone * 10.0 ** (level_db[:, mode, None] / 20.0)
    return _cut(sound, longest_s)


def bursts(
    rng: np.random.Generator, hz: Values, octaves: Values, rise_s: Values, fall_s: Values
) -> list[Grain]:
    """Return bursts of noise, each around a pitch `hz`, `octaves` wide (one sigma).

    Each rises over `rise_s` and falls to 1/e in `fall_s`, from an RMS of 1; all arguments but the
    first are arrays (n,).
    """
    longest_s = _GONE * (rise_s + fall_s)
    length = int(longest_s.max() * SAMPLE_RATE)
    t = np.arange(length) / SAMPLE_RATE
    tone_hz = np.maximum(np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE), 1.0)
    away = np.log2(tone_hz / hz[:, None]) / octaves[:, None]
    noise = np.fft.rfft(rng.standard_normal((len(hz), length))) * np.exp(-0.5 * away**2)
    sound = np.fft.irfft(noise, length)
    course = np.exp(-t / fall_s[:, None]) - np.exp(-t * (1.0 / rise_s + 1.0 / fall_s)[:, None])
    sound *= course
    sound *= np.sqrt((course**2).sum(axis=1) / (sound**2).sum(axis=1))[:, None]
    return _cut(sound, longest_s)


def energy_spectrum(grains: list[Grain], hz: Values) -> Values:
    """Mean energy of grains at pitches `hz`, (len(hz),): |Fourier transform|², evened out.

    Evened over a third of an octave to both sides, on a transform of 16,384 samples.
    """
    size = 1 << 14
    energy = np.zeros(size // 2 + 1)
    for grain in grains:
        energy += np.abs(np.fft.rfft(grain, size)) ** 2
    total = np.concatenate([[0.0], np.cumsum(energy)]) / len(grains)
    bins = hz * size / SAMPLE_RATE
    low = np.floor(bins * 2.0 ** (-1 / 3)).astype(np.intp)
    high = np.minimum(np.ceil(bins * 2.0 ** (1 / 3)).astype(np.intp) + 1, len(energy))
    return np.asarray((total[high] - total[low]) / (high - low))


def _cut(sound: Values, length_s: Values) -> list[Grain]:
    """Cut every row to its own length and fade it out there."""
    lengths = np.clip(length_s * SAMPLE_RATE, 32, sound.shape[1]).astype(np.intp)
    return [_faded(row[:length]) for row, length in zip(sound, lengths, strict=True)]


def _faded(row: Values) -> Grain:
    count = int(_FADE * len(row))
    grain = row.astype(np.float32)
    grain[-count:] *= np.linspace(1.0, 0.0, count, dtype=np.float32)
    return grain
