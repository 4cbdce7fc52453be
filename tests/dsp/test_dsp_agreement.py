"""Our meter beside libebur128 (momentary and short-term read every 10 ms) and brute force."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyebur128
import pytest
from dsp_sounds import F64, brute_true_peak_db, frames, noise, speech, stereo
from msgspec import Struct

from undersong.audio import Frames
from undersong.dsp.loudness import Meter

LOUDNESS_S = 30
RANGE_S = 300
RANGE_RATES = (8_000, 11_025)  # the range only sees energies; noises are others at either

Programme = Callable[[int, int], F64]


def clock(seconds: int, rate: int) -> F64:
    return np.arange(seconds * rate) / rate


def narrated(seconds: int, rate: int) -> F64:
    return stereo(speech(seconds, rate)) + 0.02 * noise(seconds, rate, pole=0.95)


def surf(seconds: int, rate: int) -> F64:
    swell = 0.3 + np.sin(2 * np.pi * clock(seconds, rate) / 9.13) ** 2
    return noise(seconds, rate, pole=0.9) * swell[:, None]


def bells(seconds: int, rate: int) -> F64:
    t = clock(seconds, rate) % 6.37
    rung = sum(
        np.sin(2 * np.pi * f * t) * np.exp(-t / d) for f, d in ((523, 3), (1381, 2), (2903, 0.4))
    )
    return np.stack([rung, 0.5 * rung], axis=1)


def steps(seconds: int, rate: int) -> F64:
    level = 10 ** (-np.floor(clock(seconds, rate) / 5.3) % 7 * 2 / 20)
    return noise(seconds, rate, pole=0.9) * level[:, None]


def low_hum(seconds: int, rate: int) -> F64:
    t = clock(seconds, rate)
    return stereo(np.sin(2 * np.pi * 55 * t) * (1 + 0.4 * np.sin(t)))


def sparse(seconds: int, rate: int) -> F64:
    now_and_then = np.sin(clock(seconds, rate) ** 1.1 / 5) > -0.3
    return narrated(seconds, rate) * now_and_then[:, None] + 1e-5 * noise(seconds, rate)


def one_sided(seconds: int, rate: int) -> F64:
    return narrated(seconds, rate) * [1.0, 0.1]


def fade(seconds: int, rate: int) -> F64:
    return surf(seconds, rate) * 10 ** (-1.5 * np.linspace(0, 1, seconds * rate))[:, None]


def mono_voice(seconds: int, rate: int) -> F64:
    return speech(seconds, rate, seed=5)[:, None]


def clipped(seconds: int, rate: int) -> F64:
    return np.clip(8 * narrated(seconds, rate), -1, 1)


def thunder(seconds: int, rate: int) -> F64:
    return noise(seconds, rate, pole=0.99) * np.exp(-(clock(seconds, rate) % 10.77) / 2)[:, None]


PROGRAMMES = [
    (narrated, 48_000),
    (narrated, 44_100),
    (surf, 48_000),
    (bells, 44_100),
    (steps, 32_000),
    (low_hum, 48_000),
    (sparse, 22_050),
    (one_sided, 48_000),
    (fade, 24_000),
    (mono_voice, 24_000),
    (thunder, 96_000),
    (surf, 44_100),
    (bells, 48_000),
    (steps, 48_000),
    (low_hum, 44_100),
    (sparse, 48_000),
    (one_sided, 44_100),
    (fade, 48_000),
    (mono_voice, 48_000),
    (thunder, 44_100),
    (clipped, 48_000),
    (clipped, 44_100),
]


RANGE_PROGRAMMES = [
    (programme, rate)
    for programme in dict.fromkeys(programme for programme, _ in PROGRAMMES)
    for rate in RANGE_RATES
]


def title(value: Programme | int) -> str:
    return getattr(value, "__name__", str(value))


class Reading(Struct, frozen=True):
    """What libebur128 says, fed in steps of 10 ms; short-term asked for every 40 ms."""

    integrated_lufs: float
    momentary_max_lufs: float
    short_term_max_lufs: float


def reference(sound: Frames, rate: int) -> Reading:
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(sound.shape[1], rate, mode.MODE_I | mode.MODE_M | mode.MODE_S)
    momentary, short_term = [], []
    edges = -(-np.arange(LOUDNESS_S * 100 + 1) * rate // 100)
    for index, (start, end) in enumerate(pairwise(edges)):
        state.add_frames(sound[start:end].reshape(-1), end - start)
        if index >= 39:
            momentary.append(pyebur128.get_loudness_momentary(state))
        if index >= 299 and index % 4 == 3:
            short_term.append(pyebur128.get_loudness_shortterm(state))
    return Reading(pyebur128.get_loudness_global(state), max(momentary), max(short_term))


@pytest.mark.parametrize(("programme", "rate"), PROGRAMMES, ids=title)
def test_we_agree_with_libebur128_and_with_brute_force(programme: Programme, rate: int) -> None:
    sound = frames(programme(LOUDNESS_S, rate), peak=0.7)
    meter = Meter(sound.shape[1], rate)
    meter.push(sound)
    seen, expected = meter.levels(), reference(sound, rate)
    assert seen.integrated_lufs == pytest.approx(expected.integrated_lufs, abs=0.02)
    assert seen.momentary_max_lufs == pytest.approx(expected.momentary_max_lufs, abs=0.05)
    assert seen.short_term_max_lufs == pytest.approx(expected.short_term_max_lufs, abs=0.05)
    assert seen.true_peak_dbtp == pytest.approx(brute_true_peak_db(sound), abs=0.1)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6])
def test_we_agree_with_libebur128_on_any_number_of_channels(channels: int, rate: int) -> None:
    pairs = [narrated(10, rate), surf(10, rate), bells(10, rate)]
    sound = frames(np.concatenate(pairs, axis=1)[:, :channels], peak=0.7)
    meter = Meter(channels, rate)
    meter.push(sound)
    state = pyebur128.R128State(channels, rate, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(sound.reshape(-1), len(sound))
    expected = pyebur128.get_loudness_global(state)
    assert meter.levels().integrated_lufs == pytest.approx(expected, abs=0.02)


def reference_range_lu(sound: Frames, rate: int) -> float:
    """Mean over ten starts 100 ms apart: libebur128 looks only once a second."""
    ranges = []
    for skipped in range(0, rate, rate // 10):
        state = pyebur128.R128State(sound.shape[1], rate, pyebur128.MeasurementMode.MODE_LRA)
        state.add_frames(sound[skipped:].reshape(-1), len(sound) - skipped)
        ranges.append(pyebur128.get_loudness_range(state))
    return float(np.mean(ranges))


@pytest.mark.parametrize(("programme", "rate"), RANGE_PROGRAMMES, ids=title)
def test_the_range_of_a_programme_agrees_with_libebur128(programme: Programme, rate: int) -> None:
    sound = frames(programme(RANGE_S, rate), peak=0.7)
    meter = Meter(sound.shape[1], rate)
    meter.push(sound)
    expected = reference_range_lu(sound, rate)
    assert meter.levels().range_lu == pytest.approx(expected, abs=0.2)
