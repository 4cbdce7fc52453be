from pathlib import Path

import pytest
from voices_kit import make_library, make_recipe, put

from undersong.errors import FaultsError
from undersong.recipes.library import Library
from undersong.voices.lexicon import Lexicon
from undersong.voices.narrate import requests_of

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
