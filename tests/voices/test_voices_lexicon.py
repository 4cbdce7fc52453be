from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voices_kit import make_library, make_recipe, put

from undersong.errors import FaultsError
from undersong.recipes.library import Library
from undersong.recipes.model import Position, Word
from undersong.voices.lexicon import Lexicon, touching
from undersong.voices.narrate import requests_of
from undersong.voices.text import spoken_words

VOICE = """\
title: T
language: en-US
lexicon:
  prana: /pɹɑːnə/
  Tai Chi: tie chee /taɪ tʃiː/
  yin: {en: yinn, de: jinn}
engines: [{engine: fake}]
"""

LIBRARY = """\
title: Test
language: en-US
lexicon: {Qi: chee, Prana: prahna, asana: ah-sana}
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    make_library(tmp_path, own=VOICE)
    put(tmp_path / "undersong.yaml", LIBRARY)
    return Library.find(tmp_path)


def said(library: Library, script: str, voice: str = "own") -> list[tuple[str, str | None]]:
    requests = requests_of(make_recipe(library, script, voice), library)
    return [(word.text, word.ipa) for request in requests for word in request.words]


def test_a_library_says_words_for_all_of_its_voices(library: Library) -> None:
    assert said(library, "Qi, asana.", "tone") == [("chee,", None), ("ah sana.", None)]


def test_the_lexicon_of_a_voice_wins_whatever_the_case(library: Library) -> None:
    assert said(library, "prana.", "tone") == [("prahna.", None)]
    assert said(library, "Prana.", "own") == [("Prana.", "pɹɑːnə")]


def test_a_respelling_stands_beside_its_ipa(library: Library) -> None:
    assert said(library, "Some Tai Chi, then.") == [
        ("Some", None),
        ("tie chee,", "taɪ tʃiː"),
        ("", None),
        ("then.", None),
    ]


def test_marks_in_the_script_win(library: Library) -> None:
    assert said(library, '(Prana)[sub:"breath"].') == [("breath.", None)]
    assert said(library, "(Prana)[/ab/].") == [("Prana.", "ab")]


def test_respellings_are_for_the_language_of_their_file(library: Library) -> None:
    assert said(library, "Yin and Qi.") == [("yinn", None), ("and", None), ("chee.", None)]
    german = said(library, '(Yin und Qi und Prana.)[lang:"de-DE"]')
    assert [text for text, _ in german] == ["jinn", "und", "Qi", "und", "Prana."]
    assert german[-1][1] == "pɹɑːnə"


def test_an_entry_for_another_language_alone_says_nothing_here() -> None:
    found = Lexicon.of("en-US", ("en", {"a": {"de": "ah"}, "b": "", "c": {"en-US": "see"}}))
    assert (found.respelt, found.sounds) == ({"c": "see"}, {})


def test_a_lexicon_that_is_none_is_told_with_its_place(library: Library) -> None:
    put(library.root / "undersong.yaml", "title: T\nlexicon: {Qi: [chee]}\n")
    with pytest.raises(FaultsError) as caught:
        Library.find(library.root)
    assert "2:" in str(caught.value.faults[0])


PIECES = (
    *("om", "home", "Qi", "qi-gong", "Tai", "chi", "don\u2019t"),
    *("5", "mins", "\u00e9t\u00e9", "e\u0301t", "\u2013"),
)
KEYS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map(" ".join)
VALUES = st.sampled_from(("aah", "/a\u02d0/", "oh /o\u02d0/", "two words"))
ENDS = st.sampled_from(("", ",", "!", "\u201d"))
WORDS = st.lists(st.builds("{}{}".format, st.sampled_from(PIECES), ENDS), min_size=1, max_size=8)


@given(entries=st.dictionaries(KEYS, VALUES, max_size=6), texts=WORDS)
def test_entries_that_do_not_touch_change_nothing(
    entries: dict[str, str], texts: list[str]
) -> None:
    def said(entries: dict[str, str]) -> object:
        lexicon = Lexicon.of("en-US", ("en-US", entries))
        return spoken_words(lexicon.marked(words), "en-US", lexicon.respelt)

    words = [Word(text=text, position=Position(line=1, column=1)) for text in texts]
    assert said(entries) == said(touching(entries, texts))


def test_an_entry_touches_whole_words_only() -> None:
    entries = {"Om": "ohm", "tai chi": "tie chee", "rest": "wrest", "est": "x", "Don't": "dont"}
    words = ["Rest,", "at", "home.", "Don\u2019t", "Tai,", "Chi"]
    assert touching(entries, words).keys() == {"rest", "Don't", "tai chi"}
    assert touching({}, words) == {}


def test_of_two_spellings_of_a_key_the_last_one_holds() -> None:
    lexicon = Lexicon.of("en-US", ("en-US", {"Qi": "chee", "qi": "key"}), ("en-US", {"QI": "kwee"}))
    assert lexicon.respelt == {"QI": "kwee"}
