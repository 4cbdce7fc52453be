import numpy as np
import pytest
from dsp_sounds import brute_true_peak_db, frames, noise, speech, stereo
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.audio import Frames
from undersong.dsp.limiter import AFTER, BEFORE, MARGIN_DB, limiter_gain
from undersong.dsp.loudness import Meter
from undersong.dsp.true_peak import CELL
from undersong.units import db_to_gain

CEILING = db_to_gain(-1.0)


def gain_of(sound: Frames, ceiling: float = CEILING) -> np.ndarray:
    """Gain of a sound with silence around it."""
    n = -len(sound) % CELL
    gain = limiter_gain(np.pad(sound, ((BEFORE, AFTER + n), (0, 0))), ceiling)
    return np.ones(len(sound), np.float32) if gain is None else gain[: len(sound)]


def click(at: int, height: float, n: int = 9_600) -> Frames:
    """A short smooth peak over silence."""
    pulse = height * np.exp(-(((np.arange(n) - at) / 6) ** 2))
    return frames(stereo(pulse))


@given(seed=st.integers(0, 99), pole=st.sampled_from([0.9, 0.95, 0.98]), peak=st.floats(0.9, 2))
@settings(deadline=None, max_examples=25)
def test_no_peak_is_left_above_the_ceiling(seed: int, pole: float, peak: float) -> None:
    sound = frames(noise(0.6, seed=seed, pole=pole), peak=peak)
    limited = sound * gain_of(sound)[:, None]
    assert brute_true_peak_db(limited) <= -1 + 0.05


@pytest.mark.parametrize("over_db", [0.5, 3, 6, 12])
def test_a_narrator_that_is_too_loud_ends_just_below_the_ceiling(over_db: float) -> None:
    sound = frames(stereo(speech(6)), peak=db_to_gain(over_db - 1))
    limited = sound * gain_of(sound)[:, None]
    assert -1 - MARGIN_DB - 0.05 <= brute_true_peak_db(limited) <= -1


@pytest.mark.parametrize("where", range(3_000, 3_016))
def test_a_single_peak_is_lowered_exactly_as_far_as_it_must(where: int) -> None:
    gain = gain_of(click(where, 1.5))
    asked = CEILING * db_to_gain(-MARGIN_DB) / 1.5
    assert gain[where] == pytest.approx(asked, rel=2e-3)
    assert gain.min() == pytest.approx(asked, rel=2e-3)


def test_the_gain_falls_in_5_ms_rises_in_60_ms_and_is_one_elsewhere() -> None:
    gain = gain_of(click(4_800, 1.5))
    lowered = np.flatnonzero(gain != 1)
    assert 240 <= 4_800 - lowered[0] <= AFTER + CELL
    assert 2_880 <= lowered[-1] - 4_800 <= BEFORE
    assert (gain[: lowered[0]] == 1).all()
    assert (gain[lowered[-1] + 1 :] == 1).all()
    lowest = int(gain.argmin())
    assert (np.diff(gain[:lowest]) <= 0).all()
    assert (np.diff(gain[lowest + 6 * CELL :]) >= 0).all()


@given(seed=st.integers(0, 50), peak=st.floats(0.9, 4))
@settings(deadline=None, max_examples=20)
def test_the_gain_moves_smoothly(seed: int, peak: float) -> None:
    gain = gain_of(frames(noise(0.3, seed=seed, pole=0.9), peak=peak)).astype(np.float64)
    depth, rounding = 1 - gain.min(), 1e-6
    assert np.abs(np.diff(gain)).max() <= depth / 130 + rounding  # the whole depth takes 5 ms
    assert np.abs(np.diff(gain, 2)).max() <= depth / 700 + rounding


def test_what_stays_below_the_ceiling_is_not_touched_at_all() -> None:
    for level in (0.0, 0.3, 0.85):
        sound = frames(stereo(speech(2)), peak=level)
        padded = np.pad(sound, ((BEFORE, AFTER), (0, 0)))
        assert limiter_gain(padded[: len(padded) // CELL * CELL], CEILING) is None


def test_both_channels_get_one_gain_that_the_louder_one_asks_for() -> None:
    left = click(2_000, 1.2)
    left[:, 1] = 0
    np.testing.assert_array_equal(gain_of(left), gain_of(click(2_000, 1.2)))


@given(start=st.integers(0, 500), n=st.integers(1, 300))
@settings(deadline=None, max_examples=20)
def test_the_gain_of_a_span_does_not_depend_on_the_span(start: int, n: int) -> None:
    sound = frames(noise(0.5, seed=4, pole=0.9), peak=1.8)
    padded = np.pad(sound, ((BEFORE, BEFORE), (0, 0)))
    whole = limiter_gain(padded[: BEFORE + 500 * CELL + 300 * CELL + AFTER], CEILING)
    part = limiter_gain(padded[start * CELL : (start + n) * CELL + BEFORE + AFTER], CEILING)
    assert whole is not None
    part = np.ones(n * CELL, np.float32) if part is None else part
    np.testing.assert_allclose(part, whole[start * CELL : (start + n) * CELL], atol=1e-6)


def test_limiting_a_little_leaves_the_loudness_range_alone() -> None:
    sound = frames(stereo(speech(30)) + 0.02 * noise(30, pole=0.95), peak=db_to_gain(0))
    before, after = Meter(2), Meter(2)
    before.push(sound)
    after.push(sound * gain_of(sound)[:, None])
    assert after.levels().true_peak_dbtp <= -1
    assert after.levels().range_lu == pytest.approx(before.levels().range_lu, abs=0.3)
