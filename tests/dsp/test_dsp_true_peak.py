import numpy as np
import pytest
from dsp_sounds import brute_true_peak_db, frames, noise, speech, stereo
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.dsp.true_peak import CELL, HALO, TruePeak, cell_peaks, interpolator


def detected_db(sound: np.ndarray, rate: int = 48_000) -> float:
    detector = TruePeak(sound.shape[1], rate)
    detector.push(sound)
    return 20 * float(np.log10(detector.peak))


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_sine_reads_its_amplitude_wherever_its_samples_fall(rate: int) -> None:
    n = np.arange(4_000)
    for hertz in (0.05, 0.11, 0.249, 0.3, 0.4):
        if hertz * rate > 20_000:
            continue
        for phase in (0.0, 0.4, 0.9):
            sine = np.sin(2 * np.pi * hertz * n + phase) * np.hanning(4_000)
            assert detected_db(frames(stereo(sine)), rate) == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize("factor", [8, 16])
@pytest.mark.parametrize("seed", range(3))
def test_programmes_read_like_brute_force(seed: int, factor: int) -> None:
    for sound in (stereo(speech(4, seed=seed)), noise(4, seed=seed, pole=0.9)):
        sample = frames(sound, peak=0.8)
        assert detected_db(sample) == pytest.approx(brute_true_peak_db(sample, factor), abs=0.1)


@given(cuts=st.lists(st.integers(0, 110_000), max_size=10), seed=st.integers(0, 5))
@settings(deadline=None, max_examples=15)
def test_no_cut_changes_the_peak(cuts: list[int], seed: int) -> None:
    sound = frames(noise(110_000 / 48_000, seed=seed))
    cut, whole = TruePeak(2), TruePeak(2)
    for piece in np.split(sound, sorted(cuts)):
        cut.push(piece)
    whole.push(sound)
    assert cut.peak == whole.peak


def test_the_skipping_of_quiet_cells_changes_nothing() -> None:
    sound = frames(noise(1 + 2 * HALO / 48_000, pole=0.8))
    exact = cell_peaks(sound, 48_000)
    floor = float(np.quantile(exact, 0.9))
    pruned = cell_peaks(sound, 48_000, floor=floor)
    above = exact > floor
    assert above.any()
    np.testing.assert_allclose(pruned[above], exact[above], rtol=2e-6)  # BLAS rounds by position
    assert (pruned[~above] <= floor).all()


def test_cells_are_where_their_peaks_are() -> None:
    sound = np.zeros((10 * CELL + 2 * HALO, 2), np.float32)
    sound[HALO + 3 * CELL + 5, 1] = -0.7
    peaks = cell_peaks(sound, 48_000)
    assert peaks.shape == (10,)
    assert peaks[3] == np.float32(0.7)
    assert peaks.argmax() == 3


def test_the_bound_is_one() -> None:
    rng = np.random.default_rng(2)
    for rate in (48_000, 96_000, 192_000):
        matrix = interpolator(rate).matrix
        windows = np.sign(rng.standard_normal((matrix.shape[1], 500))).astype(np.float32)
        worst = np.sign(matrix).T  # the window that drives each point highest
        assert np.abs(matrix @ windows).max() <= interpolator(rate).bound
        assert np.abs(matrix @ worst).max() <= interpolator(rate).bound


def test_an_abrupt_end_and_an_abrupt_start_overshoot() -> None:
    edge = np.full((1_000, 1), 0.5, np.float32)
    assert -6.02 < detected_db(edge) < -4.5
    single = TruePeak(1)
    single.push(np.full((1, 1), 0.25, np.float32))
    assert single.peak == 0.25


def test_nothing_heard_has_no_peak() -> None:
    assert TruePeak(3).peak == 0
