"""Gusts and what they brush against: turbulence by the book, brighter when stronger, no whistle."""

import numpy as np
import pytest

from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.ambience.gusts import Gusts
from undersong.ambience.leaves import Leaves, LeavesOptions
from undersong.audio import Frames
from undersong.dsp.noise import Stream

SECOND = 48_000


def sound_of(seconds: int, **options: float) -> Frames:
    return Breeze(BreezeOptions(**options), 1).read(0, seconds * SECOND)


def brightness_hz(sound: Frames) -> float:
    power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2
    half = np.searchsorted(np.cumsum(power), power.sum() / 2.0)
    return float(half * SECOND / len(sound))


def levels_db(sound: Frames, window_s: float) -> np.ndarray:
    n = int(window_s * SECOND)
    power = np.mean(sound[: len(sound) // n * n].reshape(-1, n, 2) ** 2, axis=(1, 2))
    return 10.0 * np.log10(power)


GUSTS = Gusts(stream=Stream.of(3, "gusts"), depth=0.5, period_s=4.0)


def test_turbulence_falls_as_in_the_inertial_range():
    minutes = [GUSTS._turbulence(60.0 * k + np.arange(1200) / 20.0) for k in range(40)]
    course = np.array(minutes)
    power = np.mean(np.abs(np.fft.rfft(course * np.hanning(1200), axis=1)) ** 2, axis=0)
    hz = np.fft.rfftfreq(1200, 0.05)
    bands = [power[(hz >= low) & (hz < 2.0 * low)].mean() for low in (0.5, 1.0, 2.0, 4.0)]
    slope = np.polyfit(np.arange(4.0), np.log2(bands), 1)[0]
    assert slope == pytest.approx(-5.0 / 3.0, abs=0.2)


def test_gusts_keep_no_beat():
    course = GUSTS(np.arange(0.0, 3600.0, 0.25))[:, 0]
    spectrum = np.abs(np.fft.rfft(course * np.hanning(len(course)))) ** 2
    hz = np.fft.rfftfreq(len(course), 0.25)
    beat = (hz > 0.1) & (hz < 0.5)
    around = np.convolve(spectrum, np.full(121, 1 / 121), "same")
    assert (spectrum[beat] / around[beat]).max() < 12.0  # a line over an hour would be 100


def test_speed_is_bounded_however_it_gusts():
    course = Gusts(stream=Stream.of(5), depth=3.0, period_s=4.0)(np.arange(0.0, 900.0, 0.1))
    assert -2.5 <= course.min() < -1.5
    assert 0.2 < course.max() <= 0.3


def test_a_gust_reaches_the_two_ears_one_after_the_other():
    course = Gusts(stream=Stream.of(5), depth=0.5, period_s=4.0)(np.arange(0.0, 600.0, 0.1))
    assert 0.7 < np.corrcoef(course.T)[0, 1] < 0.99


def test_warmth_lowers_a_breeze_and_force_brightens_it():
    assert brightness_hz(sound_of(30, warmth=1.0)) < 0.9 * brightness_hz(sound_of(30, warmth=0.0))
    assert brightness_hz(sound_of(30, force=1.0)) > 1.2 * brightness_hz(sound_of(30, force=0.0))


def test_gusts_swing_a_breeze():
    still, gusty = (levels_db(sound_of(120, gusts=gusts), 1.0).std() for gusts in (0.0, 1.0))
    assert gusty > 1.5 * still


def test_a_gust_brightens_a_breeze():
    sound = sound_of(120)
    bright = [brightness_hz(part) for part in sound.reshape(120, SECOND, 2)]
    assert np.corrcoef(levels_db(sound, 1.0), np.log(bright))[0, 1] > 0.6


def test_the_wind_of_a_breeze_is_not_a_whistle():
    sound = sound_of(60, force=1.0, warmth=0.0).mean(axis=1)
    power = np.mean(np.abs(np.fft.rfft(sound.reshape(-1, 9600), axis=1)) ** 2, axis=0)[20:2000]
    smooth = np.convolve(np.log(power), np.full(61, 1 / 61), "same")
    line = (np.log(power) - smooth)[60:-60].max()
    assert line < 1.0  # no line stands 4 dB above its surroundings


def test_trees_differ_and_distance_takes_the_leaves():
    def leaves_hz(**options: object) -> float:
        generator = Leaves(LeavesOptions.model_validate(options), 1)
        return brightness_hz(generator.read(0, 20 * SECOND))

    assert leaves_hz(tree="aspen", distance=0.0) > 1.5 * leaves_hz(tree="pine", distance=0.0)
    assert leaves_hz(distance=1.0) < 0.8 * leaves_hz(distance=0.0)
    assert leaves_hz(wind=1.0) > leaves_hz(wind=0.2)
