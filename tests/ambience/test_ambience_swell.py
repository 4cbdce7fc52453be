"""Waves come as at sea: about so often, in groups, and never to a beat."""

import numpy as np
import pytest

from undersong.ambience.swell import Swell
from undersong.dsp.noise import Stream

PERIOD_S = 9.0
HOURS_S = 36_000.0
SWELL = Swell(Stream.of(3), PERIOD_S).between(0.0, HOURS_S)
TIMES_S = np.array([arrival.time_s for arrival in SWELL])


def beat(times_s: np.ndarray) -> float:
    """How far arrivals keep time, 0 to 1, at the pace near the usual that suits them best."""
    paces_hz = np.arange(0.7 / PERIOD_S, 1.5 / PERIOD_S, 0.5 / HOURS_S)
    return max(float(np.abs(np.exp(2j * np.pi * times_s * pace).mean())) for pace in paces_hz)


def test_waves_come_about_as_often_as_is_said():
    gaps = np.diff(TIMES_S)
    assert gaps.mean() == pytest.approx(PERIOD_S, rel=0.03)
    assert 0.08 < gaps.std() / gaps.mean() < 0.35
    assert gaps.min() > 0.25 * PERIOD_S
    assert gaps.max() < 3.0 * PERIOD_S


def test_waves_keep_no_beat():
    count = len(TIMES_S)
    jitter = np.random.default_rng(1).uniform(-0.3, 0.3, count)
    jittered = (np.arange(count) + jitter) * PERIOD_S
    assert beat(jittered) > 0.4  # what a lattice with jitter does, and an ear finds
    assert beat(TIMES_S) < 0.15


def test_large_waves_come_in_groups():
    heights = np.array([arrival.height_db for arrival in SWELL])
    assert np.corrcoef(heights[:-1], heights[1:])[0, 1] > 0.4
    assert abs(np.corrcoef(heights[:-12], heights[12:])[0, 1]) < 0.15


def test_heights_are_rayleigh_distributed():
    heights = 10.0 ** (np.array([arrival.height_db for arrival in SWELL]) / 20.0)
    assert np.mean(heights**2) == pytest.approx(1.0, rel=0.15)
    assert np.mean(heights) / np.sqrt(np.mean(heights**2)) == pytest.approx(0.886, abs=0.03)


def test_a_wave_is_the_same_however_one_comes_to_it():
    far = [arrival for arrival in SWELL if 20_000.0 <= arrival.time_s < 20_100.0]
    fresh = Swell(Stream.of(3), PERIOD_S)
    assert fresh.between(20_000.0, 20_100.0) == far
    assert fresh.between(20_050.0, 20_100.0) == [one for one in far if one.time_s >= 20_050.0]


def test_every_wave_has_a_number_of_its_own():
    numbers = [arrival.number for arrival in SWELL]
    assert numbers == sorted(set(numbers))


def test_memory_does_not_grow():
    swell = Swell(Stream.of(4), PERIOD_S)
    for start in range(0, 20_000, 10):
        swell.between(float(start), start + 30.0)
    assert len(swell._kept) < 4
