"""The compiled kernels of noise beside the same loops in Python, and beside numpy's."""

import numpy as np
import pytest

from undersong.dsp import compiled, noise_kernels
from undersong.dsp import noise as dsp_noise
from undersong.dsp.noise import Curve, ShapedNoise, Shots, Stream
from undersong.dsp.plain_noise import PlainLoops

MACHINE, PLAIN, STREAM = compiled.kernels(), PlainLoops(), Stream.of(1, "noise")
TIMES = 3.1 + np.arange(40) * 0.05


def noisy(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def test_powers_of_two_and_their_logarithms() -> None:
    x = np.linspace(-119.0, 127.0, 4_001).astype(np.float32)
    powers = np.array([noise_kernels.exp2(each) for each in x])
    np.testing.assert_array_equal(powers, noise_kernels.exp2s(x))
    np.testing.assert_allclose(powers, np.exp2(x.astype(np.float64)), rtol=3e-7)
    found = [noise_kernels.log2(each) for each in powers]
    np.testing.assert_allclose(found, np.log2(powers.astype(np.float64)), rtol=3e-7, atol=3e-7)
    assert noise_kernels.exp2(np.float32(-1e9)) == np.float32(2.0**-120)


@pytest.mark.parametrize("made", [MACHINE, PLAIN], ids=["compiled", "numpy"])
def test_spectra_are_their_python(made) -> None:
    draws = np.random.default_rng(3).integers(0, 1 << 16, (4, 12), np.uint16)
    levels, sides = noisy(5, 4, 2, 3) * -20, noisy(6, 2, 5)
    edges, shares = np.array([0, 2, 5], np.uint64), noisy(7, 5)
    named = {"sides": sides, "levels": levels, "edges": edges, "shares": shares}
    seen = made.draw_spectra(draws, dsp_noise._GAUSS, **named)
    python, gains = np.zeros((4, 2, 5, 2), np.float32), np.zeros((2, 5), np.float32)
    noise_kernels.draw_spectra(draws, dsp_noise._GAUSS, *named.values(), gains, python)
    assert seen.all()
    np.testing.assert_array_equal(seen.view(np.float32).reshape(python.shape), python)


@pytest.mark.parametrize("made", [MACHINE, PLAIN], ids=["compiled", "numpy"])
def test_overlap_is_its_python(made) -> None:
    waves, window = noisy(1, 5, 2, 8), noisy(2, 8)
    python = np.zeros((4, 4, 2), np.float32)
    noise_kernels.overlap(waves, window, python)
    assert python.all()
    np.testing.assert_array_equal(made.overlap(waves, window), python)


@pytest.mark.parametrize("made", [MACHINE, PLAIN], ids=["compiled", "numpy"])
def test_curves_are_their_python(made) -> None:
    knots, facts = STREAM.normal(0, 60).reshape(20, 3), (0.4, 5, 1.5)
    python, seen = np.ones((2, TIMES.size, 3))
    noise_kernels.add_curves(knots, TIMES, *facts, python)
    made.add_curves(knots, TIMES, period=0.4, first=5, swing=1.5, courses=seen)
    assert (python != 1).all()
    np.testing.assert_allclose(seen, python, atol=1e-12 if made is PLAIN else 0)


@pytest.mark.parametrize("made", [MACHINE, PLAIN], ids=["compiled", "numpy"])
def test_shots_are_their_python(made) -> None:
    cell, first, back = 0.1, 26, 5
    moments = (first + np.arange(30) + STREAM.uniform(0, 30)) * cell
    sizes, rates = noisy(8, 2, 30), np.array([-9.0, -30.0], np.float32)
    python, seen = np.zeros((2, 2, TIMES.size), np.float32)
    noise_kernels.add_shots(moments, sizes, TIMES, cell, first, back, rates, python)
    facts = {"cell": cell, "first": first, "back": back, "rates": rates}
    made.add_shots(moments, sizes, TIMES, **facts, powers=seen)
    assert (python > 0).all()
    np.testing.assert_array_equal(seen, python)


@pytest.mark.parametrize("made", [MACHINE, PLAIN], ids=["compiled", "numpy"])
def test_phases_are_their_python(made) -> None:
    origins, facts = np.array([3.0, 3.4]), np.array([0.8, -0.3, 0.7, 1.6, -0.1], np.float32)
    levels, spectrum, octaves = np.array([1.0, -2.0], np.float32), -noisy(9, 4), noisy(10, 4)
    python, seen = np.ones((2, 2, 4, TIMES.size), np.float32)
    courses = np.zeros((2, TIMES.size), np.float32)
    parts = (origins, facts, levels, spectrum, octaves)
    noise_kernels.add_phase(TIMES, *parts, courses, python)
    named = {"levels": levels, "spectrum": spectrum, "octaves": octaves}
    made.add_phase(TIMES, origins, facts, **named, powers=seen)
    assert (python > 1).any()
    np.testing.assert_allclose(seen, python, rtol=5e-6 if made is PLAIN else 0)


@pytest.mark.parametrize("frame", [480, 1920])
def test_noise_without_numba_sounds_the_same(monkeypatch, frame: int) -> None:
    shaped = ShapedNoise(STREAM, frame, {60: 0.9, 8000: 0.2})
    rng = np.random.default_rng(5)
    levels = [rng.normal(-30.0, 9.0, (shaped.hops + 1, 2, 15)) for _ in range(3)]
    seen = [shaped.block(k, each) for k, each in enumerate(levels)]
    monkeypatch.setattr(dsp_noise, "kernels", lambda: None)
    for k, each in enumerate(levels):
        np.testing.assert_array_equal(shaped.block(k, each), seen[k])


def test_courses_without_numba_are_the_same(monkeypatch) -> None:
    shots = Shots(stream=STREAM, cell_s=0.1, rise_s=0.02, fall_s=0.05)
    seen = Curve(STREAM, 0.3, 4)(TIMES), shots(TIMES)
    monkeypatch.setattr(dsp_noise, "kernels", lambda: None)
    np.testing.assert_allclose(Curve(STREAM, 0.3, 4)(TIMES), seen[0], atol=1e-12)
    np.testing.assert_array_equal(shots(TIMES), seen[1])


@pytest.mark.parametrize("made", [MACHINE, PLAIN], ids=["compiled", "numpy"])
def test_grains_are_added_as_in_python(made) -> None:
    samples, gains = noisy(11, 30), noisy(12, 3)
    begins, ends, starts = np.array([[0, 4, 11], [4, 11, 30], [3, 0, 5]], np.uint64)
    python, seen = np.zeros((2, 25), np.float32)
    noise_kernels.add_grains(samples, begins, ends, starts, gains, python)
    made.add_grains(samples, begins, ends, starts, gains=gains, out=seen)
    assert python[:24].all()
    np.testing.assert_array_equal(seen, python)


@pytest.mark.parametrize("blocks", [0, 1, 33])
def test_words_are_numpys_and_their_pythons(blocks: int) -> None:
    key, counter = (1 << 127) + 12345, (1 << 40) - 7
    python = np.zeros((3, noise_kernels.ABREAST, 4), np.uint64)
    state = np.zeros((4, noise_kernels.ABREAST), np.uint64)
    noise_kernels.draw_words(noise_kernels.round_keys(key), counter, state, python)
    expected = np.random.Philox(key=key, counter=counter).random_raw(4 * blocks)
    for seen in (MACHINE.draw_words(key, counter, blocks), PLAIN.draw_words(key, counter, blocks)):
        np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(python.reshape(-1)[: 4 * blocks], expected)
