from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.errors import VoiceError
from undersong.voices.contract import SpokenWord
from undersong.voices.espeak_home import command
from undersong.voices.espeak_pipe import Pool
from undersong.voices.onnx_words import Heard, Lasting, _costs, heard_in, word_marks
from undersong.voices.phonemes import Clause, Phonemes, sounds


@pytest.fixture(scope="module")
def english():
    phonemes = Phonemes("en-us")
    yield phonemes
    phonemes.close()


def words(text, **ipa):
    return tuple(SpokenWord(text=word, ipa=ipa.get(word.strip(".,"))) for word in text.split())


def test_words_become_clauses_with_their_punctuation(english):
    found = english.clauses(words("Close your eyes. Listen to the slow waves, and breathe out"))
    assert found == (
        Clause(words=(0, 1, 2), ipa="klˈoʊs jʊɹ ˈaɪz", close="."),
        Clause(words=(3, 4, 5, 6, 7), ipa="lˈɪsən tə ðə slˈoʊ wˈeɪvz", close=","),
        Clause(words=(8, 9, 10), ipa="ænd bɹˈiːð ˈaʊt", close=""),
    )
    assert [clause.ends_sentence for clause in found] == [True, False, False]


def test_short_words_run_into_each_other_but_stand_alone_when_asked_alone(english):
    (clause,) = english.clauses(words("in the middle"))
    assert clause.ipa == "ɪnðə mˈɪdəl"
    assert english.alone(words("in the middle in")) == ("ˈɪn", "ðə", "mˈɪdəl", "ˈɪn")


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("“Rest.”", "."),
        ("rest?)", "?"),
        ("rest…", "…"),
        ("rest –", "—"),
        ("rest’", ""),
        ("rest;", ";"),
    ],
)
def test_punctuation_is_found_behind_quotes_and_brackets(english, text, close):
    (clause,) = english.clauses((SpokenWord(text=text),))
    assert (sounds(clause.ipa), clause.close) == ("ɹɛst", close)


def test_a_word_that_says_several_has_its_pauses(english):
    spoken = (SpokenWord(text="four, seven, eight"), SpokenWord(text="breathing."))
    found = english.clauses(spoken)
    assert [(clause.words, clause.close) for clause in found] == [
        ((0,), ","), ((0,), ","), ((0, 1), "."),
    ]  # fmt: skip


def test_a_pronunciation_written_out_is_kept(english):
    (clause,) = english.clauses(words("Breathe qi now.", qi="/tʃiː/"))
    assert clause.ipa == "bɹˈiːð tʃiː nˈaʊ"
    assert english.alone(words("qi", qi="/tʃiː/")) == ("tʃiː",)


def test_words_that_say_nothing_are_left_out(english):
    spoken = (SpokenWord(text="Rest"), SpokenWord(text=""), SpokenWord(text="…"))
    assert english.clauses(spoken) == (Clause(words=(0,), ipa="ɹˈɛst", close=""),)
    assert english.clauses((SpokenWord(text=" , "),)) == ()
    assert english.clauses(()) == ()


def test_endless_clauses_are_cut(english):
    found = english.clauses(words(" ".join(["slowly"] * 90)))
    assert [(len(clause.words), clause.close) for clause in found] == [
        (40, ","),
        (40, ","),
        (10, ""),
    ]


def test_signs_of_another_language_are_left_out():
    french = Phonemes("fr-fr")
    (clause,) = french.clauses(words("naturellement la voice"))
    french.close()
    assert "(" not in clause.ipa
    assert clause.ipa.startswith("natyʁ")


def test_an_unknown_voice_is_an_error():
    phonemes = Phonemes("xx-yy")
    with pytest.raises(VoiceError, match="no voice `xx-yy`"):
        phonemes.clauses(words("rest"))
    phonemes.close()


def test_a_nul_does_not_cut_the_text(english):
    (clause,) = english.clauses((SpokenWord(text="rest\0now"),))
    assert sounds(clause.ipa) == "ɹɛstnaʊ"


def test_the_same_process_spells_and_speaks_in_turn():
    say = {
        "do": "say", "text": "Rest.", "voices": ["en-us"], "variant": "", "rate_wpm": 125,
        "pitch": 42, "range": 40, "gap": 4, "phonemes": False,
    }  # fmt: skip
    spell = {"do": "spell", "texts": ["rest", "", "One. Two"], "voices": ["xx", "en-us"]}
    with closing(Pool(command, 1)) as pool:
        answers = [pool.ask(request, 20) for request in (spell, say, spell, say)]
    assert answers[:2] == answers[2:]
    assert answers[0].header["ipa"] == ["ɹˈɛst", "", "wˌʌn tˈuː"]
    assert len(answers[1].payload) > 10_000


def test_stress_belongs_to_the_sound_after_it_and_length_to_the_one_before():
    symbols = ("", "ˈ", "", "a", "ː", "", " ", "b", ".")
    heard = heard_in([Lasting(symbol=s, samples=10) for s in symbols], 100)
    assert heard == [Heard(symbol="a", start=110, end=150), Heard(symbol="b", start=170, end=180)]


def test_joined_and_reduced_words_are_still_told_apart():
    heard = [Heard(symbol=s, start=10 * k, end=10 * k + 10) for k, s in enumerate("ɪnðəmɪdəl")]
    alone = ((0, "ɪn"), (1, "ðiː"), (3, "mˈɪdəl"))
    marks = word_marks(heard, alone, 10)
    assert [(mark.word, mark.start_s, mark.length_s) for mark in marks] == [
        (0, 0, 2),
        (1, 2, 2),
        (3, 4, 5),
    ]


def test_a_word_of_which_nothing_was_heard_has_no_mark():
    heard = [Heard(symbol="a", start=0, end=5)]
    assert [mark.word for mark in word_marks(heard, ((0, "a"), (1, "")), 10)] == [0]
    assert word_marks([], ((0, "a"),), 10) == ()


def test_the_table_of_costs_is_that_of_the_slow_way():
    chance = np.random.default_rng(3)
    against = chance.choice([0, 3, 6], size=(9, 13))
    slow = np.zeros((10, 14), int)
    slow[0], slow[:, 0] = 5 * np.arange(14), 5 * np.arange(10)
    for i in range(1, 10):
        for j in range(1, 14):
            slow[i, j] = min(
                slow[i - 1, j] + 5, slow[i, j - 1] + 5, slow[i - 1, j - 1] + against[i - 1, j - 1]
            )
    assert np.array_equal(_costs(against), slow)


@given(st.lists(st.text("aeiptks", min_size=1, max_size=6), min_size=1, max_size=8), st.data())
def test_marks_are_in_order_and_whole_words_keep_their_place(said, chosen):
    heard, place, starts = [], 0, []
    for word in said:
        place += chosen.draw(st.integers(0, 3))
        starts.append(place)
        for symbol in word:
            heard.append(Heard(symbol=symbol, start=place, end=place + 2))
            place += 2
    marks = word_marks(heard, tuple(enumerate(said)), 1)
    assert [(mark.word, mark.start_s) for mark in marks] == list(enumerate(starts))
    assert all(a.start_s + a.length_s <= b.start_s for a, b in pairwise(marks))
