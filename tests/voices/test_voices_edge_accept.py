"""What proves a take, in bricks: frames, words, long phrases."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from edge_stand_in import StandIn, rendering, standing_in
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from voices_kit import wav

from undersong.errors import VoiceError
from undersong.testing.engines import sentence
from undersong.voices.contract import RawTake, Transient
from undersong.voices.edge import Edge, EdgeOptions
from undersong.voices.edge.accept import accept
from undersong.voices.edge.model import Named, Turn, Wish
from undersong.voices.edge.mp3 import NotMp3Error, count_frames
from undersong.voices.edge.split import pieces
from undersong.voices.edge.words import atoms, coverage, letters
from undersong.voices.trim import decode

TEXT = "Let yourself arrive, and notice the sound of the water."
WISH = Wish(text=TEXT, voice="en-US-AvaNeural", rate_percent=0, pitch_hz=0, proxy=None)
AUDIO = rendering(TEXT).audio
CODEC_S = 1105 / 24_000
"""What encoding and decoding delay."""
HEAD = bytes.fromhex("fff364c4")  # 24 kHz, 48 kbit/s, mono, no checksum


def turn_of(text: str = TEXT, percent: int = 0) -> Turn:
    made = rendering(text, percent)
    named = tuple(Named(text=w, start_s=start, length_s=length) for w, start, length in made.words)
    return Turn(audio=made.audio, named=named, confirmed=len(made.audio))


def test_frames_are_counted() -> None:
    assert count_frames(AUDIO) == len(AUDIO) // 144
    assert count_frames(b"") == 0
    assert count_frames((HEAD + bytes(140)) * 3) == 3


@pytest.mark.parametrize(
    "head",
    [
        "fff364",  # not even four bytes
        "fffb64c4",  # MPEG-1
        "fff564c4",  # layer II
        "fff360c4",  # 22.05 kHz
        "fff36444",  # joint stereo
        "fff304c4",  # free bit rate
        "fff3f4c4",  # no bit rate
        "49443304",  # a tag
    ],
)
def test_other_frames_are_damage(head: str) -> None:
    with pytest.raises(NotMp3Error, match="damaged at byte 144 of"):
        count_frames(HEAD + bytes(140) + bytes.fromhex(head) + bytes(140))


@given(st.integers(1, len(AUDIO) - 1))
def test_a_cut_anywhere_in_a_frame_is_seen(at: int) -> None:
    if at % 144:
        with pytest.raises(NotMp3Error):
            count_frames(AUDIO[:at])
    else:
        assert count_frames(AUDIO[:at]) == at // 144


@settings(deadline=None)  # the first decoding loads the decoder
@given(st.integers(0, len(AUDIO) // 144 - 1), st.binary(min_size=4, max_size=4))
def test_no_take_lacks_its_last_word(frames: int, junk: bytes) -> None:
    """However much is missing: what is accepted holds its last word whole."""
    whole = turn_of()
    end_s = whole.named[-1].start_s + whole.named[-1].length_s
    for audio in (AUDIO[: 144 * frames], AUDIO[: 144 * frames] + junk):
        try:
            length_s = accept(replace(whole, audio=audio, confirmed=len(audio)), WISH)
        except Transient:
            continue
        assert length_s >= end_s - 0.1


def test_a_whole_take_is_accepted_with_its_length() -> None:
    assert accept(turn_of(), WISH) == pytest.approx(len(AUDIO) / 6000)


def test_what_was_not_confirmed_is_none() -> None:
    for confirmed in (0, len(AUDIO) - 144, len(AUDIO) + 144):
        with pytest.raises(Transient, match="broke off"):
            accept(replace(turn_of(), confirmed=confirmed), WISH)


@pytest.mark.parametrize("percent", [-50, -12, 0, 50, 100])
def test_speed_is_held_against_what_was_asked_for(percent: int) -> None:
    assert accept(turn_of(percent=percent), replace(WISH, rate_percent=percent)) > 0


def test_far_too_fast_is_not_this_phrase() -> None:
    named = tuple(replace(word, start_s=0.1, length_s=0.1) for word in turn_of().named)
    hum = rendering("Let yourself").audio
    with pytest.raises(Transient, match="cannot be the 44 letters"):
        accept(Turn(audio=hum, named=named, confirmed=len(hum)), WISH)


def test_what_cannot_be_cut_later_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_stands_out(_: RawTake) -> None:
        raise VoiceError("no speech stands out in the take")

    monkeypatch.setattr("undersong.voices.edge.accept.survey", nothing_stands_out)
    with pytest.raises(Transient, match="sent no speech: no speech stands out in the take"):
        accept(turn_of(), WISH)


@pytest.mark.parametrize("word", range(1, 10))
def test_one_word_that_is_silent_is_missed(word: int) -> None:
    whole = turn_of()
    samples, rate = soundfile.read(io.BytesIO(AUDIO))
    named = whole.named[word]
    start_s = named.start_s + CODEC_S
    samples[round((start_s - 0.04) * rate) : round((start_s + named.length_s + 0.04) * rate)] = 0.0
    options = {"bitrate_mode": "CONSTANT", "compression_level": 0.7368421}
    audio = wav(samples, rate, form="MP3", subtype="MPEG_LAYER_III", **options)
    accepted = replace(whole, audio=audio, confirmed=len(audio))
    with pytest.raises(Transient, match=f"nothing is heard where .* “{named.text}”"):
        accept(accepted, WISH)


def test_atoms_are_words_or_letters_where_none_are_spaced() -> None:
    assert atoms("Don\u2019t — FULL-width １２!") == ["dont", "full", "width", "12"]
    assert atoms("感受 breath 呼吸。") == ["感", "受", "breath", "呼", "吸"]
    assert letters("Don't go") == 6
    assert letters("感受go") == 6


def test_coverage_counts_words_in_order() -> None:
    named = [Named(text=word, start_s=0, length_s=0) for word in ("one", "three", "two")]
    assert coverage("One, two, three!", named) == (2, 3)
    assert coverage("One", ()) == (0, 1)


# --- long phrases --------------------------------------------------------------------------------


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(monkeypatch) as stand_in:
        yield stand_in


@pytest.mark.parametrize(
    "text",
    [
        "Rest here, soft and slow, as long as you like. " * 90,
        "今天我们一起感受呼吸，让身体慢慢放松。" * 75,
    ],
    ids=["spaced", "unspaced"],
)
def test_a_long_phrase_is_asked_for_in_sentences_and_joined_without_loss(
    service: StandIn, text: str
) -> None:
    parts = pieces(text)
    assert len(parts) == 2
    service.faults.append("resets midway")
    request = sentence(text)
    take = Edge(EdgeOptions(), Path()).say(request)
    assert [asked["text"] for asked in service.asked] == [parts[0], *parts]
    assert take.audio == b"".join(rendering(part).audio for part in parts)
    assert {mark.word for mark in take.marks} == set(range(len(request.words)))
    assert [mark.start_s for mark in take.marks] == sorted(mark.start_s for mark in take.marks)
    last = rendering(parts[1]).words[-1]
    first_s = len(rendering(parts[0]).audio) / 6000
    assert take.marks[-1].start_s == pytest.approx(first_s + last[1], abs=1e-4)
    assert len(decode(take)) / 48_000 == pytest.approx(len(take.audio) / 6000, abs=0.1)
