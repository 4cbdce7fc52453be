"""Randomness by position: any part of it alone is the same as that part of the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.audio import GRID
from undersong.dsp.noise import Curve, ShapedNoise, Shots, Stream, bands_hz, spectrum_db

STREAM = Stream.of(7, "test")
BANDS = len(bands_hz())
POSITIONS = st.integers(-(10**9), 10**12)


def test_words_never_change_from_version_to_version():
    # Philox 4x64-10 under BLAKE2b keys: beds that people know must not change under them.
    words = Stream.of(1, "x").words(-5, 3)
    assert words.tolist() == [
        13238975876829282384,
        4418829962032939169,
        4618202386980155888,
    ]


@given(first=POSITIONS, skip=st.integers(0, 40), count=st.integers(0, 40))
def test_words_are_those_of_any_longer_row(first: int, skip: int, count: int):
    whole = STREAM.words(first, skip + count)
    assert np.array_equal(STREAM.words(first + skip, count), whole[skip:])


@given(first=POSITIONS, skip=st.integers(0, 20), count=st.integers(1, 20))
def test_normals_are_those_of_any_longer_row(first: int, skip: int, count: int):
    whole = STREAM.normal(first, skip + count)
    assert np.array_equal(STREAM.normal(first + skip, count), whole[skip:])


def test_uniform_numbers_are_even():
    numbers = STREAM.uniform(0, 100_000)
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    assert np.histogram(numbers, 10, (0.0, 1.0))[0] == pytest.approx(10_000, rel=0.05)


def test_normal_numbers_are_normal():
    numbers = STREAM.normal(-50_000, 100_000)
    assert numbers.mean() == pytest.approx(0.0, abs=0.02)
    assert numbers.std() == pytest.approx(1.0, abs=0.02)
    assert np.mean(numbers**4) == pytest.approx(3.0, abs=0.15)


def test_children_are_independent_of_parent_and_each_other():
    rows = [
        STREAM,
        STREAM.child("a"),
        STREAM.child("b"),
        STREAM.child("a", 1),
        Stream.of(8, "test"),
    ]
    drawn = np.array([row.normal(0, 2_000) for row in rows])
    assert np.abs(np.corrcoef(drawn) - np.eye(len(rows))).max() < 0.1


def test_a_cell_has_its_own_generator():
    first = STREAM.rng(-3).normal(size=1_000)
    assert np.array_equal(first, STREAM.rng(-3).normal(size=1_000))
    assert abs(np.corrcoef(first, STREAM.rng(-2).normal(size=1_000))[0, 1]) < 0.15


@given(start=st.floats(-1e4, 1e5), cut=st.integers(0, 90))
def test_a_curve_is_the_same_wherever_it_is_entered(start: float, cut: int):
    curve = Curve(STREAM, 2.5, 3)
    times = start + np.arange(100) * 0.07
    assert np.array_equal(curve(times[cut:]), curve(times)[cut:])


def test_a_curve_is_smooth_and_of_variance_one():
    curve = Curve(STREAM, 2.0, 4)
    values = curve(np.arange(0.0, 20_000.0, 0.5))
    assert values.std(axis=0) == pytest.approx(1.0, abs=0.05)
    assert values.mean(axis=0) == pytest.approx(0.0, abs=0.05)
    near = curve(np.arange(0.0, 100.0, 0.01))
    assert np.abs(np.diff(near, axis=0)).max() < 0.05
    assert np.abs(np.diff(near, n=2, axis=0)).max() < 0.002


def test_shots_have_mean_power_one_and_two_sides():
    shots = Shots(stream=STREAM, cell_s=0.1, rise_s=0.02, fall_s=0.05)
    power = shots(np.arange(0.0, 2_000.0, 0.005))
    assert power.min() >= 0.0
    assert power.mean(axis=1) == pytest.approx(1.0, abs=0.03)
    assert 0.2 < np.corrcoef(power)[0, 1] < 0.95


@given(start=st.floats(0.0, 1e5), cut=st.integers(0, 90))
def test_shots_are_the_same_wherever_they_are_entered(start: float, cut: int):
    shots = Shots(stream=STREAM, cell_s=0.1, rise_s=0.02, fall_s=0.05)
    times = start + np.arange(100) * 0.01
    assert np.array_equal(shots(times[cut:]), shots(times)[:, cut:])


@pytest.mark.parametrize("frame", [240, 480, 960, 1920])
def test_flat_noise_at_0_db_has_rms_one(frame: int):
    noise = ShapedNoise(STREAM, frame, {100: 0.3})
    sound = noise.block(3, np.zeros((len(noise.times_s(3)), 2, BANDS)))
    assert sound.shape == (GRID, 2)
    assert sound.dtype == np.float32
    hz = np.linspace(0.0, 24_000.0, 1_000)
    passed = np.mean(1.0 / (1.0 + (hz / 17_000.0) ** 6) ** 2)  # it falls off above 17 kHz
    assert sound.std(axis=0) == pytest.approx(np.sqrt(passed), abs=0.03)
    assert np.corrcoef(sound.T)[0, 1] == pytest.approx(0.3, abs=0.05)


def test_a_block_follows_its_levels_band_by_band_and_side_by_side():
    noise = ShapedNoise(STREAM, 960, {100: 0.3})
    levels = np.full((len(noise.times_s(0)), 2, BANDS), -60.0)
    band = int(np.argmin(np.abs(bands_hz() - 1_000.0)))
    levels[50:, 0, band] = 0.0  # the left, from half a second on
    sound = noise.block(0, levels)
    spectrum = np.abs(np.fft.rfft(sound[28_000:, 0])) ** 2
    hz = np.fft.rfftfreq(20_000, 1.0 / GRID)
    assert np.average(hz, weights=spectrum) == pytest.approx(bands_hz()[band], rel=0.1)
    assert sound[28_000:, 0].std() > 30.0 * sound[:20_000, 0].std()
    assert sound[28_000:, 0].std() > 30.0 * sound[28_000:, 1].std()


def test_noise_is_even_across_the_seams_of_blocks():
    noise = ShapedNoise(STREAM, 1920, {100: 0.3})
    level = np.zeros((len(noise.times_s(0)), 2, BANDS))
    seams = []
    previous = noise.block(0, level)
    for k in range(1, 40):
        block = noise.block(k, level)
        seams.append(np.concatenate([previous[-200:], block[:200]]))
        previous = block
    power = np.mean(np.array(seams) ** 2, axis=(0, 2)).reshape(8, 50).mean(axis=1)
    assert power == pytest.approx(power.mean(), rel=0.12)
    jumps = np.diff(np.array(seams), axis=1)
    assert jumps[:, 199].std() == pytest.approx(jumps.std(), rel=0.25)


def test_noise_has_no_dc_and_blocks_do_not_repeat():
    noise = ShapedNoise(STREAM, 960, {100: 0.3})
    level = np.zeros((len(noise.times_s(0)), 2, BANDS))
    first, later = noise.block(0, level), noise.block(40_000, level)
    assert np.array_equal(first, noise.block(0, level))
    assert np.abs(first.mean(axis=0)).max() < 1e-2
    assert abs(np.vdot(first, later)) < 0.05 * np.vdot(first, first)


def test_a_spectrum_is_drawn_through_its_points():
    levels = spectrum_db({40: 0.0, 40.0 * 2**8.4: -84.0})
    assert levels == pytest.approx(-10.0 * 0.6 * np.arange(BANDS))
    assert spectrum_db({1000: -3.0}) == pytest.approx(-3.0)
