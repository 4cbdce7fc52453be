import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.dsp import tone
from undersong.dsp.tone import Mono, Section, Squeeze

RATE = 48_000


def sine(hz: float, seconds: float = 1.0, amplitude: float = 0.1) -> Mono:
    t = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def rms_db(sound: Mono) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64))))


def gain_db(section: Section, hz: float) -> float:
    sound = sine(hz)
    return rms_db(tone.equalised(sound, [section])[RATE // 2 :]) - rms_db(sound[RATE // 2 :])


@pytest.mark.parametrize(
    ("section", "hz", "expected_db"),
    [
        (tone.high_pass(80), 80, -3.0),
        (tone.high_pass(80), 40, -12.3),
        (tone.high_pass(80), 1_000, 0.0),
        (tone.low_shelf(500, 6), 50, 6.0),
        (tone.low_shelf(500, 6), 500, 3.0),
        (tone.low_shelf(500, 6), 8_000, 0.0),
        (tone.high_shelf(5_000, -4), 15_000, -4.0),
        (tone.high_shelf(5_000, -4), 5_000, -2.0),
        (tone.high_shelf(5_000, -4), 300, 0.0),
        (tone.bell(4_000, -6, 0.9), 4_000, -6.0),
        (tone.bell(4_000, -6, 0.9), 200, 0.0),
        (tone.all_pass(180, 0.7), 180, 0.0),
        (tone.all_pass(180, 0.7), 2_000, 0.0),
    ],
)
def test_every_section_has_the_gain_that_it_is_asked_for(
    section: Section, hz: float, expected_db: float
) -> None:
    assert gain_db(section, hz) == pytest.approx(expected_db, abs=0.2)


def test_an_all_pass_turns_the_phase_by_half_a_circle() -> None:
    sound = sine(180)
    turned = tone.equalised(sound, [tone.all_pass(180, 0.7)])
    np.testing.assert_allclose(turned[RATE // 2 :], -sound[RATE // 2 :], atol=1e-4)


def test_no_sections_leave_the_sound_as_it_is() -> None:
    sound = sine(300)
    np.testing.assert_array_equal(tone.equalised(sound, []), sound)


def test_out_of_step_pulses_have_lower_peaks() -> None:
    pulses = np.zeros(RATE, np.float32)
    pulses[::300] = 0.5
    voice = tone.equalised(pulses, [tone.low_shelf(600, 12)])
    soft = tone.equalised(voice, [tone.all_pass(180, 0.7), tone.all_pass(450, 0.7)])
    lower_db = 20 * np.log10(np.abs(voice[RATE // 2 :]).max() / np.abs(soft[RATE // 2 :]).max())
    assert lower_db > 1.0
    assert rms_db(soft[RATE // 2 :]) == pytest.approx(rms_db(voice[RATE // 2 :]), abs=0.1)


SQUEEZE = Squeeze(above_db=-3.0, ratio=4.0, knee_db=0.0, window_ms=10)


def test_a_compressor_makes_steps_of_level_smaller_by_its_ratio() -> None:
    soft, loud = sine(200, 1.0, 0.1), sine(200, 1.0, 0.3)
    done = tone.compressed(np.concatenate([soft, loud]), SQUEEZE)
    middle = slice(RATE // 4, 3 * RATE // 4)
    step_db = rms_db(done[RATE:][middle]) - rms_db(done[:RATE][middle])
    above = 20 * np.log10(3)  # both lie above the threshold, or the loud one only
    assert above / 4 <= step_db < above * 0.75


def test_what_is_soft_is_not_touched_by_a_compressor() -> None:
    soft, loud = sine(200, 1.0, 0.01), sine(200, 1.0, 0.3)
    done = tone.compressed(np.concatenate([soft, loud]), SQUEEZE)
    np.testing.assert_allclose(done[: RATE // 2], soft[: RATE // 2], atol=1e-7)


def test_no_peak_slips_by_when_a_loud_moment_begins() -> None:
    soft, loud = sine(200, 1.0, 0.05), sine(200, 1.0, 0.5)
    done = tone.compressed(np.concatenate([soft, loud]), SQUEEZE)
    attack, steady = done[RATE : RATE + 2_400], done[RATE + 12_000 : RATE + 24_000]
    assert np.abs(attack).max() < np.abs(steady).max() * 1.02


def test_a_compressor_acts_alike_at_every_level() -> None:
    sound = np.concatenate([sine(200, 1.0, 0.1), sine(200, 1.0, 0.4)])
    quiet = tone.compressed(sound * np.float32(0.01), SQUEEZE)
    np.testing.assert_allclose(quiet * 100, tone.compressed(sound, SQUEEZE), atol=1e-5)


def test_hiss_is_lowered_and_vowels_are_left_alone() -> None:
    rng = np.random.default_rng(3)
    hiss = tone.equalised(rng.normal(0, 0.05, RATE).astype(np.float32), [tone.high_pass(6_000)] * 2)
    vowel = sine(200, 1.0, 0.1) + sine(600, 1.0, 0.05)
    done = tone.de_essed(np.concatenate([vowel, hiss]), above_hz=4_500, most_db=6.0)
    middle = slice(RATE // 4, 3 * RATE // 4)
    assert rms_db(done[:RATE][middle]) == pytest.approx(rms_db(vowel[middle]), abs=0.05)
    lowered = rms_db(hiss[middle]) - rms_db(done[RATE:][middle])
    assert 4.0 < lowered <= 6.5


def test_a_room_is_a_tail_of_its_length_and_level() -> None:
    click = np.zeros(100, np.float32)
    click[0] = 1.0
    wet = tone.room(click, decay_s=0.25, level_db=-24.0)
    assert len(wet) == 100 + tone.room_length(0.25)
    assert 10 * np.log10(np.sum(np.square(wet, dtype=np.float64))) == pytest.approx(-24, abs=0.05)
    assert not wet[: round(tone.PREDELAY_S * RATE)].round(7).any()
    early, late = wet[288 : 288 + 2_400], wet[288 + 7_200 : 288 + 9_600]
    assert 30 < rms_db(early) - rms_db(late) < 45  # 60 dB in 0.25 s is 36 dB in 0.15 s
    assert abs(wet[-1]) < 1e-6


def test_the_room_is_always_the_same() -> None:
    sound = sine(300, 0.2)
    np.testing.assert_array_equal(
        tone.room(sound, decay_s=0.2, level_db=-20),
        tone.room(sound.copy(), decay_s=0.2, level_db=-20),
    )


def test_the_active_level_does_not_count_pauses() -> None:
    sound = sine(200, 1.0, 0.1)
    with_pause = np.concatenate([sound, np.zeros(3 * RATE, np.float32)])
    assert tone.active_db(with_pause) == pytest.approx(tone.active_db(sound), abs=0.1)
    assert tone.active_db(np.zeros(RATE, np.float32)) == tone.FLOOR_DB


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 5_000), seed=st.integers(0, 99), silent=st.booleans())
def test_any_sound_stays_as_long_and_silence_stays_silence(n: int, seed: int, silent: bool) -> None:  # noqa: FBT001 - drawn
    sound = np.random.default_rng(seed).normal(0, 0.0 if silent else 0.2, n).astype(np.float32)
    for done in (
        tone.compressed(sound, SQUEEZE),
        tone.de_essed(sound, above_hz=4_500, most_db=6),
        tone.equalised(sound, [tone.high_pass(70)]),
    ):
        assert done.shape == sound.shape
        assert done.dtype == np.float32
        assert np.isfinite(done).all()
        assert done.any() != silent
