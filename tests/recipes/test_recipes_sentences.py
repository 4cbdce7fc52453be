import re
from itertools import pairwise

import pytest

from undersong.recipes.sentences import clauses, ends_sentence, sentences


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Rest now. Let go.", "en-US", ["Rest now.", "Let go."]),
        ("Let go. and rest.", "en-US", ["Let go.", "and rest."]),
        ("Dr. Smith met Mrs. Jones on Elm St. Mary agreed.", "en-US", None),
        ("Try e.g. a walk, i.e. some air.", "en-US", None),
        ("Wake at 7 a.m. and rest.", "en-US", None),
        ("Wake at 7 a.m. Then rest.", "en-US", ["Wake at 7 a.m.", "Then rest."]),
        ("In the U.S. people rest.", "en-US", None),
        ("Breath No. 5 is slow.", "en-US", None),
        ("Say no. Then rest.", "en-US", ["Say no.", "Then rest."]),
        ("J. R. Tolkien walked.", "en-US", None),
        ("It is 3.5 times as soft.", "en-US", None),
        ("Wait... now rest.", "en-US", None),
        ("Wait … now rest.", "en-US", None),
        ("Wait... Now rest.", "en-US", ["Wait...", "Now rest."]),
        ("Ready?! Go. Done!", "en-US", ["Ready?!", "Go.", "Done!"]),
        ("“Ready?” she asked. “Yes.” Good.", "en-US", ["“Ready?” she asked.", "“Yes.”", "Good."]),
        ("Rest. – Now.", "en-US", ["Rest. –", "Now."]),
        ("Rest. 🌊 Now — go.", "en-US", ["Rest. 🌊", "Now — go."]),
        ("(Rest.) Now.", "en-US", ["(Rest.)", "Now."]),
        ("Am 3. Mai ruht man bzw. liegt.", "de-DE", None),
        ("Count to 3. Then rest.", "en-US", ["Count to 3.", "Then rest."]),
        ("El Sr. Ruiz descansa. ¿Y tú?", "es-ES", ["El Sr. Ruiz descansa.", "¿Y tú?"]),
        ("शान्त रहें। साँस लें।", "hi-IN", ["शान्त रहें।", "साँस लें।"]),
    ],
)
def test_sentences_end_where_readers_hear_them_end(
    text: str, language: str, expected: list[str] | None
) -> None:
    words = re.sub(r" (?=[–—🌊])", "~", text).split(" ")
    words = [word.replace("~", " ") for word in words]
    edges = [0, *sentences(words, language), len(words)]
    found = [" ".join(words[a:b]) for a, b in pairwise(edges)]
    assert found == (expected or [text])


def test_the_last_word_ends_its_sentence_even_as_an_abbreviation() -> None:
    assert ends_sentence("etc.", None, "en-US")
    assert ends_sentence("Dr.", None, "en-US")
    assert ends_sentence("rest...", None, "en-US")
    assert not ends_sentence("rest", None, "en-US")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one, two, three", ["one, two, three"]),
        (
            "let the waves come in, and let them go",
            ["let the waves come in,", "and let them go"],
        ),
        ("let the waves come, and let them go", ["let the waves come,", "and let them go"]),
        ("let waves come, and let them go", ["let waves come, and let them go"]),
        ("now: rest; wait… or— yes", ["now:", "rest;", "wait…", "or—", "yes"]),
        ("so it is 10:30 now", ["so it is 10:30 now"]),
        (
            "“let the waves come in,” and let them go",
            ["“let the waves come in,”", "and let them go"],
        ),
    ],
)
def test_clauses_part_at_signs_and_weighty_commas(text: str, expected: list[str]) -> None:
    words = text.split(" ")
    edges = [0, *clauses(words, frozenset(), at_signs=True), len(words)]
    assert [" ".join(words[a:b]) for a, b in pairwise(edges)] == expected


def test_standing_dashes_part_clauses_too() -> None:
    assert clauses(["the sea –", "so calm"], frozenset(), at_signs=True) == [1]
    assert clauses(["well-known", "things"], frozenset(), at_signs=True) == []


def test_short_phrases_stay_whole_without_signs() -> None:
    words = ["word,"] * 25
    assert clauses(words, frozenset(), at_signs=False) == []


def test_long_phrases_part_at_the_best_place_near_the_middle() -> None:
    plain = ["word"] * 12
    assert clauses([*plain, "word;", *plain, "word,"], frozenset(), at_signs=False) == [13]
    assert clauses([*plain, "word,", *plain, "word"], frozenset(), at_signs=False) == [13]
    assert clauses([*plain, "and", *plain, "word"], frozenset(), at_signs=False) == [12]
    assert clauses(["word"] * 26, frozenset(), at_signs=False) == [13]
    many = clauses(["word"] * 130, frozenset(), at_signs=False)
    assert all(b - a <= 25 for a, b in zip([0, *many], [*many, 130], strict=True))


def test_nothing_parts_where_it_may_not() -> None:
    bound = frozenset(range(1, 30))
    assert clauses(["word;"] * 30, bound, at_signs=True) == []


def test_scripts_without_spaces_count_characters() -> None:
    words = ["海" * 30 + "，", "风" * 30 + "。"]
    assert clauses(words, frozenset(), at_signs=False) == [1]
