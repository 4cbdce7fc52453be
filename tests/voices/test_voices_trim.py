import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voices_kit import Array, noise, raw, rest, speech, wav

from undersong.audio import Frames
from undersong.errors import VoiceError
from undersong.units import SPEECH_LUFS, db_to_gain
from undersong.voices.contract import Mark, RawTake, SpokenWord
from undersong.voices.level import level_of, voice_gain
from undersong.voices.trim import CLEAN, NOISY, CutTake, cut, decode, survey

WORDS = (SpokenWord(text="Let"), SpokenWord(text="go."))


def levelled(take: RawTake) -> CutTake:
    return cut(take, voice_gain([survey(take)]))


def padded(body: Array, before_s: float = 0.4, after_s: float = 0.7, rate: int = 48_000) -> Array:
    return np.concatenate([rest(before_s, rate), body, rest(after_s, rate)])


def edges_at_minus_60(frames: Frames, gain_db: float) -> tuple[int, int]:
    loud = np.flatnonzero(np.abs(frames[:, 0]) * db_to_gain(gain_db) > db_to_gain(-60))
    return int(loud[0]), int(loud[-1]) + 1


def test_speech_keeps_a_short_lead_and_tail_that_rise_and_fall_from_nothing() -> None:
    done = levelled(raw(padded(speech(1.5))))
    assert done.lead == pytest.approx(CLEAN.lead, abs=96)
    assert len(done.frames) - done.lead - done.speech == pytest.approx(CLEAN.tail, abs=96)
    assert done.speech == pytest.approx(72_000, abs=96)
    assert done.frames.shape == (len(done.frames), 1)
    assert done.frames.dtype == np.float32
    assert abs(done.frames[0, 0]) < 1e-4
    assert abs(done.frames[-1, 0]) < 1e-4


def test_edges_lie_exactly_where_minus_60_dbfs_is_crossed() -> None:
    done = levelled(raw(padded(speech(1.5))))
    assert edges_at_minus_60(done.frames, 0) == (done.lead, done.lead + done.speech)


@pytest.mark.parametrize("gain_db", [-6, -3, 3, 6])
def test_a_hotter_or_softer_master_moves_the_edges_by_milliseconds_only(gain_db: int) -> None:
    decay = speech(2.5) * np.exp(-np.arange(120_000) / 48_000 * 3.5)  # -76 dB at its end
    done = levelled(raw(padded(np.concatenate([decay[::-1], decay]))))
    first, last = edges_at_minus_60(done.frames, gain_db)
    assert abs(first - done.lead) <= 4.5 * 48
    assert abs(last - done.lead - done.speech) <= 4.5 * 48


def test_a_take_that_begins_and_ends_abruptly_does_not_click() -> None:
    done = levelled(raw(speech(1.0)))
    assert (done.onset, done.lead) == (done.lead, done.lead)
    assert done.lead + done.speech <= len(done.frames) == 48_000
    assert abs(done.frames[0, 0]) < 1e-4
    assert abs(done.frames[-1, 0]) < 1e-4
    assert edges_at_minus_60(done.frames, 0) == (done.lead, done.lead + done.speech)


def test_a_room_does_not_stop_abruptly() -> None:
    done = levelled(raw(padded(speech(1.5)) + noise(2.6, -48.0)))
    assert done.lead == NOISY.lead
    assert len(done.frames) - done.lead - done.speech == NOISY.tail


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 96_000])
def test_any_rate_gives_the_same_lengths(rate: int) -> None:
    done = levelled(raw(padded(speech(1.5, rate), rate=rate), rate))
    ringing = 2 * 48_000 // rate * 12  # of the resampler around edges as abrupt as these
    assert done.speech == pytest.approx(72_000, abs=48 + 2 * ringing)
    assert done.onset == pytest.approx(0.4 * 48_000, abs=48 + ringing)


def test_stereo_becomes_one_channel() -> None:
    mono = padded(speech(1.0))
    both = decode(raw(np.stack([mono, mono], axis=1)))
    np.testing.assert_allclose(both, mono, atol=1e-6)


def test_channels_that_cancel_each_other_give_the_loudest() -> None:
    mono = padded(speech(1.0))
    np.testing.assert_allclose(decode(raw(np.stack([0.9 * mono, -mono], axis=1))), -mono, atol=1e-6)


@pytest.mark.parametrize("offset", [0.003, -0.05, 0.3])
def test_a_constant_offset_is_taken_out(offset: float) -> None:
    samples = padded(speech(1.5))
    done = levelled(raw(samples + offset))
    assert done.speech == pytest.approx(levelled(raw(samples)).speech, abs=48)
    assert abs(float(decode(raw(samples + offset))[:4_800].mean())) < 1e-4


def test_silent_padding_gets_no_offset_from_lopsided_speech() -> None:
    lopsided = np.maximum(speech(1.5), -0.02)
    sound = decode(raw(padded(lopsided)))
    assert not np.any(sound[:19_000])


def test_a_take_shorter_than_the_offset_window_is_kept_as_it_is() -> None:
    samples = speech(0.02)
    np.testing.assert_allclose(decode(raw(samples)), samples, atol=1e-6)


def test_clipped_takes_are_usable() -> None:
    clipped = np.clip(padded(speech(1.5, amplitude=2.0)), -1, 1)
    done = levelled(raw(clipped))
    assert done.speech == pytest.approx(72_000, abs=96)
    assert level_of(done.frames[done.lead : done.lead + done.speech, 0]) == pytest.approx(
        SPEECH_LUFS, abs=0.06
    )


def test_facts_tell_lengths_level_and_words() -> None:
    take = raw(
        padded(speech(1.5)),
        marks=(
            Mark(word=0, start_s=0.3, length_s=0.4),
            Mark(word=1, start_s=1.0, length_s=0.5),
        ),
    )
    done = levelled(take)
    facts = done.facts(WORDS, take.marks)
    assert facts.lead + facts.speech + facts.tail == len(done.frames)
    assert facts.level_lufs == pytest.approx(SPEECH_LUFS, abs=0.06)
    assert [word.start for word in facts.words] == [0, pytest.approx(0.7 * 48_000, abs=1)]


BAD = {
    "empty": (wav(rest(0)), "empty"),
    "silent": (wav(rest(1)), "silence"),
    "all but silent": (wav(noise(1, -90)), "silence"),
    "no sound": (b"<html>busy</html>", "no sound"),
    "no bytes": (b"", "no sound"),
    "not numbers": (wav(np.array([0.1, np.nan, 0.1] * 1000), subtype="FLOAT"), "not numbers"),
    "absurd rate": (wav(speech(0.5, 4_000), 4_000), "4000 Hz"),
    "noise alone": (wav(np.where(np.arange(48_000) == 24_000, 0.3, 0.0)), "no speech"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_take_that_holds_no_speech_is_an_error_with_a_reason(name: str) -> None:
    audio, words = BAD[name]
    with pytest.raises(VoiceError, match=words):
        survey(RawTake(audio=audio))


def test_a_gain_at_which_nothing_is_audible_is_an_error() -> None:
    with pytest.raises(VoiceError, match="no speech"):
        cut(raw(padded(speech(1.0))), -80.0)


def test_two_ticks_at_the_very_ends_are_no_speech() -> None:
    ticks = np.zeros(576)
    ticks[[10, 565]] = 0.01
    with pytest.raises(VoiceError, match="no speech"):
        cut(raw(ticks), 0.0)


@settings(max_examples=25, deadline=None)
@given(
    before_ms=st.integers(0, 900),
    length_ms=st.integers(60, 2_000),
    after_ms=st.integers(0, 900),
    gain_db=st.floats(-18, 12),
    rate=st.sampled_from([16_000, 24_000, 48_000]),
)
def test_whatever_the_padding_and_level_the_cut_is_the_speech(
    before_ms: int, length_ms: int, after_ms: int, gain_db: float, rate: int
) -> None:
    body = speech(length_ms / 1000, rate) * db_to_gain(gain_db)
    done = levelled(raw(padded(body, before_ms / 1000, after_ms / 1000, rate), rate))
    assert done.onset == pytest.approx(before_ms * 48, abs=3 * 48)
    assert done.speech == pytest.approx(length_ms * 48, abs=5 * 48)
    assert done.lead <= CLEAN.lead + 48
    assert edges_at_minus_60(done.frames, 0) == (done.lead, done.lead + done.speech)
