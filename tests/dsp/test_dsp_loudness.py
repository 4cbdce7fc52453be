import math

import numpy as np
import pytest
from dsp_sounds import frames, noise, speech, stereo
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from undersong.dsp.loudness import (
    Energies,
    Meter,
    Programme,
    gated_lufs,
    hops_of,
    lufs,
    mean_square,
    momentary,
    range_lu,
    short_term,
)
from undersong.manifest import Levels

RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]


def sine(level_db: float, seconds: float, rate: int, channels: int = 2) -> np.ndarray:
    mono = 10 ** (level_db / 20) * np.sin(2000 * np.pi * np.arange(round(seconds * rate)) / rate)
    return frames(np.repeat(mono[:, None], channels, axis=1))


def metered(sound: np.ndarray, rate: int = 48_000) -> Levels:
    meter = Meter(sound.shape[1], rate)
    meter.push(sound)
    return meter.levels()


@given(cuts=st.lists(st.integers(0, 70_000), max_size=12), rate=st.sampled_from([11_025, 48_000]))
@settings(deadline=None, max_examples=15)
def test_however_the_input_is_cut_the_readings_are_the_same(cuts: list[int], rate: int) -> None:
    sound = frames(noise(70_000 / rate, rate) * np.linspace(0.001, 0.1, 70_000)[:, None])
    meter = Meter(2, rate)
    for piece in np.split(sound, sorted(cuts)):
        meter.push(piece)
    cut, whole = meter.levels(), metered(sound, rate)
    assert cut.true_peak_dbtp == whole.true_peak_dbtp
    assert cut.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-9)
    assert cut.momentary_max_lufs == pytest.approx(whole.momentary_max_lufs, abs=1e-9)
    assert cut.short_term_max_lufs == pytest.approx(whole.short_term_max_lufs, abs=1e-9)
    assert cut.range_lu == pytest.approx(whole.range_lu, abs=1e-9)
    assert cut.length_s == whole.length_s


def test_reading_the_levels_on_the_way_changes_nothing() -> None:
    sound = frames(noise(5) * 0.1)
    watched, unwatched = Meter(2), Meter(2)
    for piece in np.array_split(sound, 37):
        watched.push(piece)
        unwatched.push(piece)
        watched.levels()
    seen, expected = watched.levels(), unwatched.levels()
    assert asdict(seen) == pytest.approx(asdict(expected), abs=1e-9)
    assert seen.true_peak_dbtp == expected.true_peak_dbtp


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_reads_its_level_at_any_rate(rate: int) -> None:
    levels = metered(sine(-18, 4.3, rate), rate)
    assert levels.integrated_lufs == pytest.approx(-18, abs=0.05)
    assert levels.momentary_max_lufs == pytest.approx(-18, abs=0.05)
    assert levels.short_term_max_lufs == pytest.approx(-18, abs=0.05)
    assert levels.true_peak_dbtp == pytest.approx(-18, abs=0.1)  # the end is abrupt
    assert levels.range_lu == pytest.approx(0, abs=3.1)
    assert levels.length_s == pytest.approx(4.3, abs=1e-3)


@pytest.mark.parametrize("rate", RATES)
def test_hops_are_a_tenth_of_a_second_and_complete(rate: int) -> None:
    for length, expected in ((rate // 10 - 1, 0), (rate, 10), (3 * rate - 1, 29), (3 * rate, 30)):
        energies = Energies(1, rate)
        energies.push(np.zeros((length, 1), np.float32))
        assert energies.hops.size == expected
        assert energies.frames == length


@pytest.mark.parametrize(
    ("channels", "offset_lu"),
    [
        (1, -3.01),  # one channel alone is half the power of two
        (2, 0.0),
        (3, 1.76),
        (4, 10 * math.log10(4.82 / 2)),
        (5, 10 * math.log10(5.82 / 2)),
        (6, 10 * math.log10(5.82 / 2)),  # the LFE does not count
        (7, 10 * math.log10(6.82 / 2)),
        (8, 10 * math.log10(7.82 / 2)),
        (10, 10 * math.log10(10 / 2)),
    ],
)
def test_channels_are_weighted_by_their_place(channels: int, offset_lu: float) -> None:
    levels = metered(sine(-30, 1, 48_000, channels))
    assert levels.integrated_lufs == pytest.approx(-30 + offset_lu, abs=0.05)


def test_weights_can_be_given() -> None:
    meter = Meter(2, weights=(1.0, 0.0))
    meter.push(sine(-20, 1, 48_000))
    assert meter.levels().integrated_lufs == pytest.approx(-23.01, abs=0.05)


@pytest.mark.parametrize(
    ("sound", "integrated", "true_peak"),
    [
        (np.zeros((48_000 * 5, 2), np.float32), -math.inf, -math.inf),
        (np.zeros((0, 2), np.float32), -math.inf, -math.inf),
        (np.full((4_800, 2), 0.5, np.float32), -math.inf, None),  # 0.1 s: too short for a loudness
    ],
    ids=["silence", "nothing", "0.1 s"],
)
def test_nothing_to_measure_has_defined_levels(
    sound: np.ndarray, integrated: float, true_peak: float | None
) -> None:
    levels = metered(sound)
    assert levels.integrated_lufs == integrated
    assert levels.momentary_max_lufs == -math.inf
    assert levels.short_term_max_lufs == -math.inf
    assert levels.range_lu == 0.0
    assert true_peak is None or levels.true_peak_dbtp == true_peak


def test_dc_has_no_loudness_once_it_stands() -> None:
    sound = np.full((48_000 * 6, 1), 0.5, np.float32)
    meter, energies = Meter(1), Energies(1, per_s=100)
    meter.push(sound)
    energies.push(sound)
    assert momentary(energies.hops)[-1] < -200
    assert meter.levels().true_peak_dbtp > -6.1


def test_silence_after_sound_is_silence() -> None:
    energies = Energies(2, per_s=100)
    energies.push(frames(noise(1)))
    for _ in range(12):
        energies.push(np.zeros((48_000, 2), np.float32))
    assert momentary(energies.hops)[-1] == -math.inf


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused_and_leave_the_meter_as_it_was(bad: float) -> None:
    sound = frames(noise(1) * 0.1)
    meter = Meter(2)
    meter.push(sound)
    before = meter.levels()
    sound[777, 1] = bad
    with pytest.raises(ValueError, match="not numbers"):
        meter.push(sound)
    assert meter.levels() == before


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
@pytest.mark.parametrize("seconds", [0.1, 6], ids=["one by one", "lanes"])
@pytest.mark.parametrize(("channels", "channel"), [(1, 0), (2, 1), (6, 3)])
def test_energies_are_of_finite_values_only(bad, seconds, channels, channel) -> None:
    sound = frames(np.resize(noise(seconds) * 0.1, (round(seconds * 48_000), channels)))
    energies, alike = Energies(channels), Energies(channels)
    for at in (0, len(sound) // 2, len(sound) - 1):
        spoilt = sound.copy()
        spoilt[at, channel] = bad
        with pytest.raises(ValueError, match="not numbers"):
            energies.push(spoilt)
        energies.push(sound)
        alike.push(sound)
        assert energies.frames == alike.frames
        np.testing.assert_array_equal(energies.hops, alike.hops)


@pytest.mark.parametrize("shape", [(100,), (100, 1), (100, 3), (10, 2, 2)])
def test_frames_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        Meter(2).push(np.zeros(shape, np.float32))


@pytest.mark.parametrize("rate", [0, 7_999, 192_001])
def test_rates_out_of_range_are_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="from 8000 to 192000 Hz"):
        Meter(2, rate)


@pytest.mark.parametrize(("channels", "weights"), [(0, ()), (2, (1.0,)), (1, (1.0, 1.0))])
def test_weights_must_fit_the_channels(channels: int, weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="channel weights"):
        Energies(channels, weights=weights)


def test_levels_at_another_gain_are_those_of_the_changed_sound() -> None:
    sound = frames(stereo(speech(12)), peak=0.1)
    meter = Meter(2)
    meter.push(sound)
    expected, seen = metered(sound * np.float32(4)), meter.levels(20 * math.log10(4))
    for name in ("integrated_lufs", "short_term_max_lufs", "momentary_max_lufs", "range_lu"):
        assert getattr(seen, name) == pytest.approx(getattr(expected, name), abs=1e-6)
    assert seen.true_peak_dbtp == pytest.approx(expected.true_peak_dbtp, abs=1e-6)


def test_steps_and_hops_are_the_same_series_in_two_grains() -> None:
    sound = frames(noise(2.57) * 0.1)
    fine, coarse = Energies(2, per_s=100), Energies(2)
    fine.push(sound)
    coarse.push(sound)
    np.testing.assert_allclose(hops_of(fine.hops), coarse.hops, rtol=1e-12)


def test_lufs_and_mean_square_are_inverse() -> None:
    assert lufs(0) == -math.inf
    assert lufs(mean_square(-23.4)) == pytest.approx(-23.4)


def test_both_gates_work_on_hops() -> None:
    loud, low, lost = (np.full(100, mean_square(level)) for level in (-20, -28, -75))
    assert gated_lufs(loud) == pytest.approx(-20)
    # the absolute gate leaves out what is lost, the relative one nothing above -30 or so
    both = 10 * math.log10((10**-2 + 10**-2.8) / 2)
    assert gated_lufs(np.concatenate([loud, low, lost])) == pytest.approx(both, abs=0.1)
    assert gated_lufs(np.concatenate([loud, low / 10])) == pytest.approx(-20, abs=0.1)
    assert gated_lufs(lost) == -math.inf
    assert gated_lufs(loud[:3]) == -math.inf


def test_the_range_leaves_out_silence() -> None:
    tone, silence = np.full(200, mean_square(-20)), np.full(600, mean_square(-75))
    assert range_lu(np.concatenate([tone, silence])) < 8
    assert range_lu(silence) == 0.0
    assert range_lu(tone[:29]) == 0.0


def test_levels_of_no_steps_are_those_of_silence() -> None:
    nothing = Programme().levels(true_peak=0, length_s=0)
    assert nothing == metered(np.zeros((0, 2), np.float32))


@given(cuts=st.lists(st.integers(0, 1_000), max_size=12))
@settings(deadline=None, max_examples=25)
def test_a_programme_gathers_its_steps_however_they_come(cuts: list[int]) -> None:
    steps = mean_square(-30) * np.random.default_rng(3).random(1_000) ** 4
    whole, cut = Programme(), Programme()
    whole.push(steps)
    for piece in np.split(steps, sorted(cuts)):
        cut.push(piece)
    seen, expected = (p.levels(true_peak=0.5, length_s=10) for p in (cut, whole))
    assert seen == expected
    assert expected.momentary_max_lufs == pytest.approx(momentary(steps).max(), abs=1e-9)
    assert expected.short_term_max_lufs == pytest.approx(short_term(steps).max(), abs=1e-9)


def test_a_series_grows_and_views_of_it_stay_what_they_were() -> None:
    energies = Energies(1, 8_000)
    energies.push(frames(noise(1, 8_000)[:, :1]))
    early = energies.hops
    kept = early.copy()
    for seed in range(150):
        energies.push(frames(noise(1, 8_000, seed=seed)[:, :1]))
    assert energies.hops.size == 1_510
    np.testing.assert_array_equal(early, kept)
    np.testing.assert_array_equal(energies.hops[:10], kept)
