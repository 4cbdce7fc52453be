"""The compiled kernels beside the same loops in Python, and beside scipy and numpy."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dsp_sounds import frames, noise, speech

import undersong.dsp.kernels
from undersong.dsp import compiled, filters, kernels, loudness, true_peak
from undersong.dsp.filters import KFilter
from undersong.dsp.true_peak import HALO, cell_peaks, interpolator


@pytest.fixture
def without_numba(monkeypatch):
    for module in (filters, true_peak):
        monkeypatch.setattr(module, "kernels", lambda: None)


def power(kernel, sound: np.ndarray, warm: int) -> np.ndarray:
    total, state = np.zeros(len(sound)), np.zeros(4)
    kernel(sound, 1, filters.k_weighting(48_000), state, 1e-20, 1.41, warm, total)
    return np.concatenate([total, state])


@pytest.mark.parametrize("warm", [20, 1_000], ids=["lanes", "one by one"])
def test_the_compiled_filter_is_its_python(warm: int, monkeypatch) -> None:
    sound = frames(noise(0.02), peak=0.5)
    seen = power(kernels.weigh, sound, warm)
    monkeypatch.setattr(undersong.dsp.kernels, "_weigh_lanes", kernels.plain.weigh_lanes)
    np.testing.assert_array_equal(seen, power(kernels.plain.weigh, sound, warm))


@pytest.mark.parametrize("floor", [0.0, 0.35])
def test_the_compiled_peaks_are_their_python(floor: float, monkeypatch) -> None:
    sound = frames(noise(6 * 16 / 48_000 + 2 * HALO / 48_000), peak=0.5)
    design = interpolator(48_000)

    def found(source) -> np.ndarray:
        heights = np.empty(len(sound) // 16, np.float32)
        source.cell_heights(sound.reshape(-1).view(np.int32), 32, heights.view(np.int32))
        peaks = heights[2:-2].copy()
        args = (design.taps, heights, design.limits, np.float32(floor), HALO)
        source.cell_peaks(sound, *args, peaks)
        return peaks

    seen = found(kernels)
    for name in ("bend", "between"):
        monkeypatch.setattr(undersong.dsp.kernels, f"_{name}", getattr(kernels.plain, name))
    np.testing.assert_array_equal(seen, found(kernels.plain))


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


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_without_numba_the_peaks_are_the_same(rate, without_numba, monkeypatch):
    sound = frames(noise(1, pole=0.8)[: 16 * 900 + 2 * HALO], peak=0.9)
    seen = [cell_peaks(sound, rate)]
    monkeypatch.undo()
    seen.append(cell_peaks(sound, rate))
    np.testing.assert_allclose(seen[1], seen[0], rtol=2e-6)


def test_where_numba_does_not_work_there_are_no_kernels(monkeypatch):
    monkeypatch.setitem(sys.modules, "undersong.dsp.kernels", None)
    monkeypatch.delattr("undersong.dsp.kernels")
    compiled.kernels.cache_clear()
    assert compiled.kernels() is None
    monkeypatch.undo()
    compiled.kernels.cache_clear()
    assert compiled.kernels() is kernels


def test_compiling_ahead_ends_with_kernels():
    compiled.kernels.cache_clear()
    compiled.compile_ahead()
    assert compiled.kernels() is kernels


def test_with_nowhere_to_keep_them_kernels_are_compiled_each_time(monkeypatch):
    asked = []

    def njit(signature, **more):
        asked.append(more)
        if "cache" in more:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: (function, signature)

    monkeypatch.setattr(kernels.numba, "njit", njit)
    assert kernels._compiled(len, "void()") == (len, "void()")
    assert asked == [{"cache": True, "nogil": True}, {"nogil": True}]


def test_compiled_kernels_are_kept_for_the_next_process(tmp_path):
    """In a copy of the package whose folder can be written, files appear; they are then reused."""
    folder = Path(kernels.__file__).parent
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import kernels;"
        "print(sum(kernels.weigh.stats.cache_hits.values()))"
    )
    (tmp_path / "kernels.py").write_bytes((folder / "kernels.py").read_bytes())
    words = [sys.executable, "-c", code, str(tmp_path)]
    hits = [subprocess.run(words, capture_output=True, check=True).stdout for _ in range(2)]
    assert [int(number) for number in hits] == [0, 1]
