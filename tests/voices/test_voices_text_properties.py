"""Whatever is written: never an error, always as many words, only what engines can say."""

import string
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from undersong.recipes.model import Position, Word
from undersong.voices.text import spoken_words
from undersong.voices.text.languages import language_for
from undersong.voices.text.letters import CLOSING, has_letter, sayable
from undersong.voices.text.spoken import FIGURE, figure_rules

HERE = Position(line=1, column=1)
LANGUAGES = st.sampled_from(
    ["en", "en-US", "de", "fr", "es", "it", "pt-BR", "nl", "pl", "ru", "ja", "ar", "el", "xx", ""]
)
FRAGMENTS = st.sampled_from(
    [
        "5", "1/2", "\xbd", "-", "\u2013", "\u2014", "\u2212", "7:30", "pm", "p.m.", "10-15",
        "4-7-8", "$", "\u20ac", "%", "\xb0C", "km/h", "min", "1990s", "the", "St.", "Dr", "II",
        "Part", "...", "\u2026", "\u2019", "(", ")", '"', "*", "\U0001f30a", "\u00ad", "\u200b",
        "e.g.", "TV", "May", "2024", "1st", "a@b.org", "www.", "&", "#1", "~", "=", "/", "\xb2",
        "\u0663", "\u0301", "word", "Uhr", "7h30", "\xba", ",", ".", "?", "!", ";", ":", " ", "0",
        "1,000.5", "1.000,5", "\uff15", "\u2160", "\ufe0f", "\u200d", "\x00", "+44 20 7946",
    ]
)  # fmt: skip
WRITTEN = st.one_of(
    st.text(max_size=12),
    st.text(string.ascii_letters + string.digits + string.punctuation, max_size=12),
    st.text(st.characters(categories=["Nd", "Nl", "No", "Sc", "Sm", "So", "Pd", "Mn"]), max_size=8),
    st.lists(FRAGMENTS, max_size=5).map("".join),
)
WORDS = st.builds(
    lambda text, sub, ipa: Word(text=text, position=HERE, sub=sub, ipa=ipa),
    WRITTEN,
    st.none() | WRITTEN,
    st.none() | WRITTEN,
)
PLAIN = st.builds(lambda text: Word(text=text, position=HERE), WRITTEN)


def assert_sayable(text: str) -> None:
    assert text == " ".join(text.split())
    for i, char in enumerate(text):
        if char in CLOSING:
            assert has_letter(text[:i]), text
            assert text[i + 1 : i + 2] in {"", " "}, text
        elif char == "'":
            assert text[i + 1].isalpha(), text
        else:
            assert char.isalpha() or char == " " or unicodedata.category(char) in {"Mn", "Mc"}, text


@given(
    st.lists(PLAIN | WORDS, max_size=8), LANGUAGES, st.dictionaries(WRITTEN, WRITTEN, max_size=3)
)
def test_one_sayable_text_for_every_word(
    words: list[Word], language: str, lexicon: dict[str, str]
) -> None:
    spoken = spoken_words(words, language, lexicon)
    assert len(spoken) == len(words)
    for one in spoken:
        assert_sayable(one.text)
        assert one.ipa is None or has_letter(one.text)
    said = [one.text for one in spoken if one.text]
    assert not said or said[-1][-1] in CLOSING


@given(st.lists(PLAIN, min_size=1, max_size=6))
def test_words_with_letters_are_never_lost(words: list[Word]) -> None:
    spoken = spoken_words([*words, Word(text="calm.", position=HERE)], "en", {})
    assert spoken[-1].text.endswith("calm.")


@given(st.lists(st.sampled_from(["light", "sea", "soft,", "it's", "rest."]), min_size=1))
def test_plain_words_are_said_as_written(words: list[str]) -> None:
    spoken = spoken_words([Word(text=text, position=HERE) for text in words], "en", {})
    texts = [one.text for one in spoken]
    assert texts[:-1] == words[:-1]
    assert texts[-1].rstrip(",") == words[-1].rstrip(",")


@given(st.lists(FRAGMENTS, max_size=9).map("".join) | st.text(), LANGUAGES)
def test_no_rule_for_figures_holds_where_there_is_none(text: str, language: str) -> None:
    line = FIGURE.sub("", text)
    assert not [rule for rule in figure_rules(language_for(language)) if rule.pattern.search(line)]


@given(st.text())
def test_what_can_be_said_stays_as_it_is(text: str) -> None:
    said = sayable(text)
    assert sayable(said) == said
