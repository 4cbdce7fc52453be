"""Other languages than English: numbers, units, times, and what an unknown one falls back on."""

import subprocess
import sys

import pytest
from num2words import CONVERTER_CLASSES

from undersong.recipes.model import Position, Word
from undersong.voices.text import spoken_words
from undersong.voices.text.figures import cardinal, number_code, ordinal, year
from undersong.voices.text.languages import TABLES, language_for

HERE = Position(line=1, column=1)
HALF = "\N{VULGAR FRACTION ONE HALF}"
EURO = "\N{EURO SIGN}"
CELSIUS = "\N{DEGREE CELSIUS}"


def phrase(text: str, language: str) -> str:
    words = [Word(text=part, position=HERE) for part in text.split(" ")]
    return " ".join(one.text for one in spoken_words(words, language, {}) if one.text)


@pytest.mark.parametrize(
    ("language", "written", "expected"),
    [
        ("de", "Atme 4 s ein, 1 Minute, 1 Tag.", "Atme vier Sekunden ein, eine Minute, ein Tag."),
        ("de-AT", "1,5 Stunden und 1.000 Meter", "eins Komma fünf Stunden und eintausend Meter,"),
        ("de", "um 7:30 Uhr, 7.05 Uhr, 1:00", "um sieben Uhr dreißig, sieben Uhr fünf, ein Uhr,"),
        ("de", "am 5. Mai, der 3. Tag", "am fünften Mai, der dritte Tag,"),
        ("de", "3. Tag", "dritter Tag,"),
        ("de", f"20 % bei 20 {CELSIUS}", "zwanzig Prozent bei zwanzig Grad Celsius,"),
        ("de", f"5,50 {EURO} z. B.", "fünf Euro fünfzig zum Beispiel."),
        ("de", "die 1990er, 1492", "die neunzehnhundertneunziger, vierzehnhundertzweiundneunzig,"),
        ("de", f"{HALF} Stunde, 3/4", "eine halbe Stunde, drei viertel,"),
        ("de", "am 24.12.2024", "am vierundzwanzigsten Dezember zweitausendvierundzwanzig,"),
        ("de", "Dr. Müller, Nr. 5 & 6", "Doktor Müller, Nummer fünf und sechs,"),
        ("de", "4-7-8", "vier, sieben, acht,"),
        ("fr", "4 s, 1 minute, 21 h", "quatre secondes, une minute, vingt et une heures,"),
        ("fr", "à 7h30, à 1:00", "à sept heures trente, à une heure,"),
        ("fr", "le 1er, la 2e, la 1re", "le premier, la deuxième, la première,"),
        ("fr", "10 000 pas, 1,75 m", "dix mille pas, un virgule soixante quinze mètres,"),
        ("fr", "0,05", "zéro virgule zéro cinq,"),
        ("fr-CH", "70", "septante,"),
        ("es", "1 hora, 21 minutos", "una hora, veintiún minutos,"),
        ("es", "a las 7:30 p. m.", "a las siete y treinta de la tarde."),
        ("es", "2\xba paso, 1\xaa vez", "segundo paso, primera vez,"),
        ("es", "\xbfListo? 5-10", "Listo? cinco a diez,"),
        ("it", f"1 volta, {HALF} ora, 20%", "una volta, mezza ora, venti per cento,"),
        ("it", "alle 7:05, 1\xaa", "alle sette e cinque, prima,"),
        ("pt", "2 horas, 16 gramas", "duas horas, dezasseis gramas,"),
        ("pt-BR", "às 7h30, 16 minutos", "às sete e trinta, dezesseis minutos,"),
        ("nl", "om 7:30 uur, 1 minuut", "om zeven uur dertig, één minuut,"),
        ("nl", "de 3e keer, 20ste", "de derde keer, twintigste,"),
        ("pl", "3,5 i -4", "trzy przecinek pięć i minus cztery,"),
        ("ru", "на 21", "на двадцать один,"),
        ("nb", "4", "fire,"),
        ("ja", "4", "四,"),
    ],
)
def test_figures_become_words(language: str, written: str, expected: str) -> None:
    assert phrase(written, language) == expected


def test_a_language_without_words_of_its_own_borrows_english_ones() -> None:
    assert phrase("4 δευτερόλεπτα, 20%", "el") == "four δευτερόλεπτα, twenty per cent,"


@pytest.mark.parametrize(
    "tag", ["", "xx", "???", "EN_us", "x-private", "en-GB-oxendict", "zh-Hans"]
)
def test_any_tag_reads_something(tag: str) -> None:
    assert phrase("3 things", tag) == "three things,"


@pytest.mark.parametrize(
    ("tag", "code"),
    [("pt-BR", "pt_BR"), ("pt-PT", "pt"), ("EN-in", "en_IN"), ("hr", "sr"), ("el", "en")],
)
def test_region_then_language_then_english(tag: str, code: str) -> None:
    assert number_code(tag) == code


def test_a_form_that_a_language_lacks_is_said_as_a_plain_number() -> None:
    assert ordinal(3, "cs") == "tři"


def test_a_number_that_a_language_cannot_say_is_said_in_english() -> None:
    assert cardinal("9709", "am") == "nine thousand seven hundred and nine"


def test_a_number_on_which_num2words_never_ends_is_said_figure_by_figure() -> None:
    assert len(cardinal("123456789", "am").split()) == 9


@pytest.mark.parametrize("code", sorted(CONVERTER_CLASSES))
def test_every_language_of_num2words_says_letters(code: str) -> None:
    for n in (0, 7, 21, 90, 100, 1990, 9999, 10**6):
        for words in (cardinal(str(n), code), ordinal(n, code), year(n, code)):
            assert any(map(str.isalpha, words))
            assert not any(map(str.isdecimal, words))


@pytest.mark.parametrize("tag", sorted(TABLES))
def test_tables_are_complete_where_english_is(tag: str) -> None:
    english, table = language_for("en"), language_for(tag)
    assert table.signs.keys() >= english.signs.keys()
    assert table.units.keys() >= {"s", "min", "h", "kg", "%"}
    assert len(table.months) == 12
    assert table.fractions.keys() >= {2, 3, 4, 5}
    assert all(text and not any(map(str.isdecimal, text)) for text in table.signs.values())


def test_words_without_figures_need_no_names_of_numbers() -> None:
    script = """
import sys
from undersong.recipes.model import Position, Word
from undersong.voices.text import spoken_words
words = [Word(text="Rest.", position=Position(line=1, column=1))]
print(spoken_words(words, "en-GB", {})[0].text, "num2words" in sys.modules)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Rest.", "False"]
