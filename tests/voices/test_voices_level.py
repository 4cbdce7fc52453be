import math

import numpy as np
import pyebur128
import pytest
from voices_kit import speech

from undersong.units import SPEECH_LUFS, db_to_gain
from undersong.voices.edges import Mono
from undersong.voices.level import corrections, fading_of, level_of, survey_of, voice_gain


def mono(seconds: float, gain_db: float = 0, seed: int = 1) -> Mono:
    return (speech(seconds, seed=seed) * db_to_gain(gain_db)).astype(np.float32)


def test_loudness_is_that_of_the_voice_on_both_channels() -> None:
    time = np.arange(3 * 48_000) / 48_000
    sound = (0.1 * np.sin(2 * np.pi * 400 * time)).astype(np.float32)
    meter = pyebur128.R128State(2, 48_000, pyebur128.MeasurementMode.MODE_I)
    meter.add_frames(np.repeat(sound, 2), len(sound))
    assert level_of(sound) == pytest.approx(pyebur128.get_loudness_global(meter), abs=0.02)


def test_one_gain_brings_all_takes_of_a_voice_to_the_speech_level() -> None:
    takes = [mono(2.0, -9), mono(1.0, -3, seed=2), mono(3.0, -6, seed=3)]
    gain_db = voice_gain(map(survey_of, takes))
    track = np.concatenate(takes) * np.float32(db_to_gain(gain_db))
    assert level_of(track) == pytest.approx(SPEECH_LUFS, abs=0.1)


def test_takes_keep_their_differences() -> None:
    surveys = [survey_of(mono(2.0, -9)), survey_of(mono(2.0, -3))]
    gain = np.float32(db_to_gain(voice_gain(surveys)))
    assert level_of(mono(2.0, -3) * gain) - level_of(mono(2.0, -9) * gain) == pytest.approx(6.0)


def test_gains_come_in_steps_so_that_a_mended_line_does_not_move_the_others() -> None:
    before = voice_gain([survey_of(mono(2.0, seed=k)) for k in range(9)])
    after = voice_gain([survey_of(mono(2.0, seed=k)) for k in [*range(8), 20]])
    assert before == after == round(before, 1)


@pytest.mark.parametrize("seconds", [0.02, 0.09, 0.25, 0.39])
def test_short_speech_has_the_level_of_long_speech(seconds: float) -> None:
    long = mono(2.0)
    short = long[: round(seconds * 48_000)]
    assert math.isfinite(level_of(short))
    assert level_of(short) == pytest.approx(level_of(long), abs=6)
    assert voice_gain([survey_of(short)]) == pytest.approx(SPEECH_LUFS - level_of(short), abs=0.051)


@pytest.mark.parametrize("silence_s", [0.05, 0.3, 2.0])
def test_silence_in_and_around_speech_does_not_count(silence_s: float) -> None:
    said, rest = mono(0.6), np.zeros(round(silence_s * 48_000), np.float32)
    assert level_of(np.concatenate([rest, said, rest, said, rest])) == pytest.approx(
        level_of(np.concatenate([said, said])), abs=0.1
    )


def test_many_short_takes_weigh_as_much_as_they_last() -> None:
    shorts = [mono(0.25, seed=k) for k in range(20)]
    level = SPEECH_LUFS - voice_gain(map(survey_of, shorts))
    assert level == pytest.approx(level_of(np.concatenate(shorts)), abs=0.2)


def test_whispered_takes_do_not_pull_the_level_down() -> None:
    loud = [survey_of(mono(2.0, seed=k)) for k in range(3)]
    faint = survey_of(mono(4.0, -40))
    assert voice_gain([*loud, faint]) == pytest.approx(voice_gain(loud), abs=0.3)


def test_faint_speech_has_its_level() -> None:
    assert level_of(mono(1.0, -70)) == pytest.approx(level_of(mono(1.0)) - 70, abs=0.5)


def test_phrases_come_nearer_to_the_usual_level_of_their_voice() -> None:
    surveys = {str(k): survey_of(mono(2.0, db, seed=1)) for k, db in enumerate((-2, -1, 0, 1, 2))}
    moves = corrections(surveys, 3.0)
    levels = [surveys[key].level + move for key, move in moves.items()]
    assert max(levels) - min(levels) < 0.11
    assert moves["0"] - moves["4"] == pytest.approx(4.0, abs=0.11)


def test_no_phrase_is_moved_further_than_allowed() -> None:
    surveys = {str(k): survey_of(mono(2.0, db)) for k, db in enumerate((0, 0, 0, -20, 12))}
    moves = corrections(surveys, 3.0)
    assert moves["3"] == 3.0
    assert moves["4"] == -3.0
    assert set(corrections(surveys, 0.0).values()) == {0.0}


def test_mending_a_line_leaves_the_corrections_of_the_others() -> None:
    before = {str(k): survey_of(mono(2.0, k / 8, seed=k)) for k in range(9)}
    after = corrections({**before, "8": survey_of(mono(1.5, -0.4, seed=30))}, 3.0)
    unmoved = [corrections(before, 3.0)[key] == move for key, move in after.items() if key != "8"]
    assert all(unmoved)


def test_a_moved_survey_is_that_of_the_moved_sound() -> None:
    moved, real = survey_of(mono(2.0)).moved(-6.0), survey_of(mono(2.0, -6.0))
    assert moved.level == pytest.approx(real.level, abs=1e-3)
    assert moved.sounding == real.sounding


@pytest.mark.parametrize("fade_s", [0.0, 0.05, 0.3])
def test_speech_fades_where_it_sounds_no_longer(fade_s: float) -> None:
    said = mono(1.0)
    faint = mono(fade_s, -50) if fade_s else said[:0]
    assert fading_of(np.concatenate([said, faint])) == pytest.approx(fade_s * 48_000, abs=480)


def test_speech_of_a_few_samples_and_silence_fade_for_less_than_they_last() -> None:
    assert fading_of(mono(1.0)[:100]) == 0
    assert fading_of(mono(1.0) * 0) == 0
