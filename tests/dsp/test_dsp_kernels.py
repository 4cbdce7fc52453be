"""The compiled kernels beside the same loops in Python, and beside scipy and numpy."""

import sys

import numpy as np
import pytest
from dsp_sounds import frames, noise, speech
from scipy.signal import oaconvolve, sosfilt

from undersong.dsp import compiled, filters, kernels, loudness, tone, true_peak
from undersong.dsp.filters import KFilter
from undersong.dsp.true_peak import CELL, HALO, cell_peaks, interpolator

MACHINE = compiled.kernels()


@pytest.fixture
def without_numba(monkeypatch):
    for module in (filters, tone, true_peak):
        monkeypatch.setattr(module, "kernels", lambda: None)


@pytest.fixture
def afresh(monkeypatch, tmp_path):
    """A machine on which nothing was compiled yet; its two folders."""
    folders = (tmp_path / "beside", tmp_path / "home")
    monkeypatch.setattr(compiled, "_folders", lambda: folders)
    compiled._kernels.cache_clear()
    yield folders
    compiled._kernels.cache_clear()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("step", [6, 50], ids=["in rounds", "and singly"])
def test_the_compiled_wide_filter_is_its_python(step: int, channels: int) -> None:
    stretches, each = kernels.LANES // channels, 4
    sound = frames(noise(0.1)[: stretches * each * step, :channels], peak=0.5)
    sections, states = filters.k_weighting(48_000), np.full((2, channels, 4), 0.1)
    offset, run_in, sums = 1e-20, 3, np.zeros((each, kernels.LANES))
    named = {"sections": sections, "offset": offset, "run_in": run_in, "step": step}
    seen = MACHINE.weigh_wide(sound, state=states[0], **named)
    kind = np.int32 if channels == 1 else np.int64
    lanes = np.empty((kernels.GATHERED, kernels.LANES), np.float32)
    weigh_wide = kernels.weigh_wide_mono if channels == 1 else kernels.weigh_wide_stereo
    rows, cells = sound.view(kind).reshape(stretches, -1), lanes.view(kind)
    memory = np.empty((5, kernels.LANES))
    weigh_wide(rows, cells, lanes, sections, states[1], offset, run_in, step, memory, sums)
    assert seen.all()
    python = sums.reshape(each, stretches, channels).transpose(1, 0, 2)
    np.testing.assert_array_equal(seen, python)
    np.testing.assert_array_equal(states[0], states[1])


def test_the_compiled_filter_is_its_python() -> None:
    sound, sections = frames(noise(0.02), peak=0.5), filters.k_weighting(48_000)
    seen, states = np.zeros((2, len(sound) // 5)), np.full((2, 4), 0.1)
    named = {"sections": sections, "offset": 1e-20, "step": 5}
    MACHINE.weigh(sound, 1, 1.41, state=states[0], sums=seen[0], **named)
    kernels.weigh(sound, 1, 1.41, sections, states[1], 1e-20, 5, seen[1])
    assert seen[0].all()
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(states[0], states[1])


def test_packed_numbers_are_the_nearest() -> None:
    rng = np.random.default_rng(5)
    sound = np.concatenate(
        [
            rng.uniform(-1.2, 1.2, 4_000),
            (rng.integers(-(2**23), 2**23, 2_000) + 0.5) / 2**23,
            [0.0, -0.0, 1.0, -1.0, 1e-9, -1e-9, np.inf, -np.inf],
        ]
    ).astype(np.float32)
    nearest = np.clip(np.rint(sound.astype(np.float64) * 2**23), -(2**23), 2**23 - 1)
    expected = nearest.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].reshape(-1)
    words = MACHINE.pack(sound)
    np.testing.assert_array_equal(words.view(np.uint8), expected)
    python = np.empty(24 // 4 * 3, np.uint32)
    kernels.pack(sound[:24], python)
    np.testing.assert_array_equal(python, words[: python.size])


@pytest.mark.parametrize("spoken", [0, 5])
def test_the_compiled_bed_under_speech_is_its_python_and_numpys(spoken: int) -> None:
    rng = np.random.default_rng(6)
    bed, speech = rng.random((35, 2), np.float32), rng.random((7 * spoken, 1), np.float32)
    one, other = rng.random((2, 6), np.float32)
    share, gain = np.arange(7, dtype=np.float32) / np.float32(7), np.float32(0.7)
    seen, python = np.empty((2, 35, 2), np.float32)
    shares = np.repeat(share, 2)
    MACHINE.lay(bed, gain, (one, other), shares=shares, speech=speech, sound=seen)
    rows = bed.reshape(5, 14), speech.reshape(spoken, 7), python.reshape(5, 14)
    kernels.lay(rows[0], gain, one, other, shares, rows[1], rows[2])
    np.testing.assert_array_equal(seen, python)
    moving = [(np.outer(np.diff(at), share) + at[:-1, None]).reshape(-1, 1) for at in (one, other)]
    expected = bed * gain * moving[0] * moving[1]
    if spoken:
        expected = speech + expected
    np.testing.assert_array_equal(seen, expected)


CHAIN = [tone.high_pass(80), tone.bell(3_000, 3, 1), tone.high_shelf(8_000, -2)]


def test_the_compiled_cascade_is_its_python_and_scipys() -> None:
    sound, chain = noise(0.02).astype(np.float64).reshape(-1), np.array(CHAIN)
    seen, python = sound.copy(), sound.copy()
    MACHINE.cascade(seen, chain)
    kernels.cascade(python, chain, np.zeros((3, 2)))
    np.testing.assert_array_equal(seen, python)
    np.testing.assert_array_equal(seen, sosfilt(chain, sound))


def test_an_equaliser_without_numba_sounds_the_same(without_numba) -> None:
    sound = noise(0.05).astype(np.float32).reshape(-1)
    by_scipy = tone.equalised(sound, CHAIN)
    compiled_ = sound.astype(np.float64)
    MACHINE.cascade(compiled_, np.array(CHAIN))
    np.testing.assert_array_equal(by_scipy, compiled_.astype(np.float32))


@pytest.mark.parametrize("length", [1, 700, 200_000])
def test_a_room_is_a_convolution(length: int) -> None:
    sound = np.resize(noise(1.0).reshape(-1), length).astype(np.float32)
    answer = tone._answer(0.3, -20.0)
    expected = oaconvolve(sound.astype(np.float64), answer)
    np.testing.assert_allclose(tone._convolved(sound, answer), expected, atol=1e-12)


@pytest.mark.parametrize("floor", [0.0, 0.35])
def test_the_compiled_peaks_are_their_python(floor: float) -> None:
    sound = frames(noise((6 * CELL + 2 * HALO) / 48_000), peak=0.5)
    design, cells = interpolator(48_000), len(sound) // CELL
    heights = np.empty(cells, np.int32)
    kernels.cell_heights(sound.reshape(cells, -1).view(np.int32), heights)
    expected = heights.view(np.float32)
    np.testing.assert_array_equal(MACHINE.cell_heights(sound, CELL), expected)
    seen, python = expected[2:-2].copy(), expected[2:-2].copy()
    parts = {"taps": design.taps, "heights": expected, "limits": design.limits}
    MACHINE.raise_peaks(sound, **parts, floor=floor, peaks=seen)
    behind = np.append(sound.reshape(-1), np.full(4, np.nan, np.float32))
    rows = tuple(behind[at : at + sound.size].reshape(cells, -1) for at in (0, 2, 4))
    bends, points = np.full(cells, -1, np.float32), np.empty(8, np.float32)
    curves, level = np.empty(2 * CELL, np.float32), np.float32(floor)
    bits = curves.view(np.int32)
    kernels.cell_peaks(sound, rows, *parts.values(), level, curves, bits, bends, points, python)
    np.testing.assert_array_equal(seen, python)
    assert (seen > expected[2:-2]).any()


@pytest.mark.parametrize("seconds", [0.5, 5.0], ids=["one by one", "lanes"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_without_numba_the_power_is_the_same(seconds, channels, without_numba, monkeypatch):
    mono = speech(seconds)[:, None]
    sound = frames(mono * np.linspace(1, 0.3, channels))
    weights = loudness.WEIGHTS[channels]
    seen = [KFilter(weights, 48_000).push(sound)]
    monkeypatch.undo()
    seen.append(KFilter(weights, 48_000).push(sound))
    np.testing.assert_allclose(seen[1], seen[0], rtol=1e-9, atol=1e-15)


def test_without_numba_energies_are_of_finite_values_only(without_numba):
    sound = np.full((48_000, 6), 0.1, np.float32)
    sound[30_000, 3] = np.nan  # a channel that counts for nothing
    with pytest.raises(ValueError, match="not numbers"):
        loudness.Energies(6).push(sound)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_without_numba_the_peaks_are_the_same(rate, without_numba, monkeypatch):
    sound = frames(noise(1, pole=0.8)[: 16 * 900 + 2 * HALO], peak=0.9)
    seen = [cell_peaks(sound, rate)]
    monkeypatch.undo()
    seen.append(cell_peaks(sound, rate))
    np.testing.assert_allclose(seen[1], seen[0], rtol=2e-6)


def test_where_numba_does_not_work_there_are_no_kernels(monkeypatch, afresh):
    monkeypatch.setitem(sys.modules, "undersong.dsp.compiler", None)
    assert compiled.kernels() is None


def test_kernels_are_compiled_once_per_machine(monkeypatch, afresh):
    beside, home = afresh
    compiled.compile_ahead()
    assert compiled.kernels() is not None
    (kept,) = beside.iterdir()
    assert not home.exists()
    compiled._kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "undersong.dsp.compiler", None)
    assert compiled.kernels() is not None
    kept.write_bytes(kept.read_bytes()[:-1])  # what is not whole is never run
    compiled._kernels.cache_clear()
    assert compiled.kernels() is None


def test_kernels_are_kept_at_home_where_the_package_cannot_be_written(monkeypatch, afresh):
    beside, home = afresh
    beside.write_text("a file where a folder should be")
    assert compiled.kernels() is not None
    assert len(list(home.iterdir())) == 1
    compiled._kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "undersong.dsp.compiler", None)
    assert compiled.kernels() is not None


def test_with_room_nowhere_kernels_are_compiled_each_time(afresh):
    for folder in afresh:
        folder.write_text("a file where a folder should be")
    assert compiled.kernels() is not None


def test_another_text_or_processor_has_another_name(monkeypatch):
    here = compiled._name()
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_name", lambda: "z80")
    assert compiled._name() != here
