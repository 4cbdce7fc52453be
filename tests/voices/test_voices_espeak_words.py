"""The text that espeak-ng is given, and whose word each of its events is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.voices.contract import SpokenWord
from undersong.voices.espeak_ipa import mnemonics
from undersong.voices.espeak_words import Phrase, marks, phrase


def written(*texts, language="en"):
    return phrase([SpokenWord(text=text) for text in texts], language)


def starts(said, events, samples=1000):
    return [(mark.word, round(mark.start_s * 10)) for mark in marks(said, events, samples, 10)]


@pytest.mark.parametrize(
    ("ipa", "language", "expected"),
    [
        ("/tʃiː/", "en", "tSi:"),
        ("ˈwɔːtə", "en", "w'O:t@"),
        ("ʃɑːˈvɑːsənə", "en", "SA:v'A:s@n@"),
        ("t͡ʃi", "en", "tSi"),
        ("taɪ ˈtʃiː", "en", "taI tS'i:"),
        ("ˌɪn.tə", "en", ",Int@"),
        ("ˈschön", "de", None),
        ("ʃøːn", "de", "SY:n"),
        ("bɔ̃ʒuʁ", "fr", "bO~Zur"),
        ("tʃiː", "es", "tSi"),
        ("ǃxo", "en", None),
        ("ːa", "en", None),
        ("bɪn", "sw", None),
        ("", "en", None),
        ("ˈ", "en", None),
    ],
)
def test_ipa_becomes_mnemonics_or_is_left(ipa, language, expected):
    assert mnemonics(ipa, language) == expected


def test_words_are_joined_and_what_cannot_be_said_is_left_out():
    said = written("Rest\0 [[here", "", "…", "now.", "!?")
    assert said.text == "Rest here … now."
    assert [token.word for token in said.tokens] == [0, 0, 2, 3]
    assert not said.phonemes


def test_a_pronunciation_stands_in_brackets_and_keeps_the_punctuation():
    words = [SpokenWord(text="the"), SpokenWord(text="Tai Chi,", ipa="taɪ tʃiː")]
    said = phrase(words, "en")
    assert said.text == "the [[taI tSi:]],"
    assert said.phonemes
    assert [token.start for token in said.tokens] == [0, 6]


def test_a_pronunciation_that_it_cannot_take_falls_back_to_the_text():
    assert phrase([SpokenWord(text="Qi.", ipa="ǃ")], "en").text == "Qi."


@pytest.mark.parametrize(
    ("texts", "language", "expected"),
    [
        (["ten", "A M."], "en", "ten [['eI]] M."),
        (["U S A,", "too."], "en", "U S [['eI]], too."),
        (["A", "sea."], "en", "A sea."),
        (["am", "I", "A", "wave?"], "en", "am I A wave?"),
        (["A B."], "de", "A B."),
    ],
)
def test_the_letter_a_has_its_name_beside_other_letters(texts, language, expected):
    assert written(*texts, language=language).text == expected


def test_events_at_the_start_of_words_are_theirs():
    said = written("let", "it", "be.")
    assert starts(said, [(0, 0), (4, 40), (7, 70)]) == [(0, 0), (1, 40), (2, 70)]


def test_joined_words_share_their_time_by_their_letters():
    said = written("in", "the", "sea.")
    assert starts(said, [(0, 0), (7, 50)]) == [(0, 0), (1, 20), (2, 50)]


def test_an_event_one_after_the_last_is_the_word_before_the_next_right_one():
    said = written("wait", "for", "a", "while", "and", "go.")
    events = [(0, 0), (5, 30), (6, 70), (17, 110), (21, 150)]
    assert starts(said, events)[1:4] == [(1, 30), (2, 60), (3, 70)]


def test_it_may_be_the_last_word_of_all():
    assert starts(written("do", "so."), [(0, 0), (1, 40)]) == [(0, 0), (1, 40)]


def test_several_events_inside_one_word_are_one_mark():
    said = written("four, seven, eight,", "now.")
    assert starts(said, [(0, 0), (6, 80), (13, 160), (20, 240)]) == [(0, 0), (1, 240)]


def test_the_same_position_again_and_stray_ones_change_nothing():
    said = written("深呼吸", "now")
    events = [(0, 0), (0, 85), (0, 170), (2, 180), (4, 200), (0, 230), (99, 400)]
    assert starts(said, events) == [(0, 0), (1, 200)]


def test_marks_last_until_the_next_and_the_last_one_to_the_end():
    found = marks(written("let", "", "go."), [(0, 0), (4, 50)], 90, 10)
    assert [(one.word, one.start_s, one.length_s) for one in found] == [(0, 0, 5), (2, 5, 4)]


def test_without_events_words_share_the_sound():
    assert starts(written("aa", "bb"), [], 100) == [(0, 0), (1, 50)]


def test_nothing_said_has_no_marks():
    assert marks(Phrase(text="", tokens=(), phonemes=False), [], 100, 10) == ()


@given(
    st.lists(st.text(st.sampled_from("ab. '…A"), max_size=6), max_size=8),
    st.lists(st.tuples(st.integers(-2, 60), st.integers(0, 900)), max_size=12),
)
def test_marks_are_in_order_inside_the_sound_and_one_per_spoken_word(texts, events):
    said = written(*texts)
    found = marks(said, sorted(events, key=lambda event: event[1]), 1000, 10)
    assert [mark.word for mark in found] == sorted({token.word for token in said.tokens})
    ends = [0.0]
    for mark in found:
        assert mark.start_s >= ends[-1] - 1e-9
        assert mark.length_s >= 0
        ends.append(mark.start_s)
        assert mark.start_s + mark.length_s <= 100
