"""English: what is written, and what an engine is told to say for each word."""

import pytest

from undersong.recipes.model import Position, Word
from undersong.voices.contract import SpokenWord
from undersong.voices.text import spoken_words

HERE = Position(line=1, column=1)


def word(text: str, sub: str | None = None, ipa: str | None = None) -> Word:
    return Word(text=text, position=HERE, sub=sub, ipa=ipa)


def said(text: str, language: str = "en", lexicon: dict[str, str] | None = None) -> list[str]:
    words = [word(part) for part in text.split(" ")]
    return [one.text for one in spoken_words(words, language, lexicon or {})]


def phrase(text: str, language: str = "en") -> str:
    return " ".join(part for part in said(text, language) if part)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Hold for 7.", "Hold for seven."),
        ("4-7-8", "four, seven, eight,"),
        ("4\N{EN DASH}7\N{EN DASH}8.", "four, seven, eight."),
        ("4-4-4-4", "four, four, four, four,"),
        ("4-4", "four, four,"),
        ("10\N{EN DASH}15", "ten to fifteen,"),
        ("10 - 15", "ten to fifteen,"),
        ("1990\N{EN DASH}95", "nineteen ninety to ninety five,"),
        ("-5", "minus five,"),
        ("\N{MINUS SIGN}3", "minus three,"),
        ("-5\N{EN DASH}3", "minus five to three,"),
        ("+5", "plus five,"),
        ("\N{PLUS-MINUS SIGN}2", "plus or minus two,"),
        ("1.5", "one point five,"),
        (".5", "point five,"),
        ("0.05", "zero point zero five,"),
        ("1,234.5", "one thousand two hundred and thirty four point five,"),
        ("007", "zero zero seven,"),
        ("1" * 16, " ".join(["one"] * 16) + ","),
        ("in 2024", "in twenty twenty four,"),
        ("1905", "nineteen oh five,"),
        ("the 1990s", "the nineteen nineties,"),
        ("the '90s", "the nineties,"),
        ("the \N{RIGHT SINGLE QUOTATION MARK}90s", "the nineties,"),
        ("your 30s", "your thirties,"),
        ("the 1900s", "the nineteen hundreds,"),
        ("for 30s", "for thirty seconds,"),
        ("1st 2nd 3rd 21st", "first second third twenty first,"),
        ("3x a day", "three times a day,"),
        ("COVID-19", "COVID nineteen,"),
        ("1:2", "one to two,"),
        ("120/80", "one hundred and twenty over eighty,"),
        ("24/7", "twenty four seven,"),
        ("\N{ARABIC-INDIC DIGIT THREE} \N{FULLWIDTH DIGIT FIVE}", "three five,"),
    ],
)
def test_figures(written: str, expected: str) -> None:
    assert phrase(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5 min", ["five", "minutes,"]),
        ("1 min", ["one", "minute,"]),
        ("5min", ["five minutes,"]),
        ("5-min", ["five minute,"]),
        ("5-minute", ["five minute,"]),
        ("10 - 15 min", ["ten", "to", "fifteen", "minutes,"]),
        ("5 min. later", ["five", "minutes", "later,"]),
        ("2h", ["two hours,"]),
        ("5 kg", ["five", "kilograms,"]),
        ("1.5 km", ["one point five", "kilometres,"]),
        ("50 m\N{SUPERSCRIPT TWO}", ["fifty", "square metres,"]),
        ("100 km/h", ["one hundred", "kilometres per hour,"]),
        ("20 %", ["twenty", "per cent,"]),
        ("20%.", ["twenty per cent."]),
        ("20 \N{DEGREE CELSIUS}", ["twenty", "degrees Celsius,"]),
        ("72\N{DEGREE SIGN}F", ["seventy two degrees Fahrenheit,"]),
        ("1\N{DEGREE SIGN}", ["one degree,"]),
        ("$1", ["one dollar,"]),
        ("$5.50", ["five dollars fifty,"]),
        ("5 \N{EURO SIGN}", ["five", "euros,"]),
        ("$5 million", ["five", "million dollars,"]),
        ("$5-10", ["five to ten dollars,"]),
        ("10 am", ["ten", "A M,"]),
        ("7.30 pm", ["seven thirty", "P M,"]),
        ("5 May", ["the fifth of", "May,"]),
        ("the 5 May", ["the", "fifth of", "May,"]),
        ("May 5th, 2024", ["May", "fifth", "twenty twenty four,"]),
        ("Jan. 5", ["January", "fifth,"]),
        ("Part II", ["Part", "two,"]),
        ("No. 5", ["number", "five,"]),
        ("3 \N{MULTIPLICATION SIGN} 4", ["three", "times", "four,"]),
        ("5 \N{MINUS SIGN} 3 = 2", ["five", "minus", "three", "equals", "two,"]),
        ("0800 123 456", ["zero eight zero zero,", "one two three,", "four five six,"]),
    ],
)
def test_words_that_belong_together_share_what_is_said(written: str, expected: list[str]) -> None:
    assert said(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("\N{VULGAR FRACTION ONE HALF} hour", ["half an", "hour,"]),
        ("1/2 h", ["half an", "hour,"]),
        ("\N{VULGAR FRACTION ONE HALF}", ["one half,"]),
        ("1\N{VULGAR FRACTION ONE HALF} hours", ["one and a half", "hours,"]),
        ("2 3/4 cups", ["two", "and three quarters", "cups,"]),
        ("3/4 hour", ["three quarters of an", "hour,"]),
        ("1/3 of it", ["one third", "of", "it,"]),
        ("3/2 km", ["three over two", "kilometres,"]),
        ("2 5/3", ["two", "five over three,"]),
    ],
)
def test_fractions(written: str, expected: list[str]) -> None:
    assert said(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7:30", "seven thirty,"),
        ("7:05", "seven oh five,"),
        ("7:00", "seven o'clock,"),
        ("12:00", "twelve o'clock,"),
        ("21:00", "nine P M,"),
        ("00:30", "twelve thirty A M,"),
        ("24:00", "twelve A M,"),
        ("7:00 p.m.", "seven P M."),
        ("7:30 p.m. today", "seven thirty P M today,"),
        ("1:02:03", "one hour two minutes three seconds,"),
        ("13 am", "thirteen am,"),
        ("25:70", "twenty five to seventy,"),
        ("2024-05-06", "the sixth of May twenty twenty four,"),
        ("5/6/2024", "the fifth of June twenty twenty four,"),
        ("99/99/2024", "ninety nine over ninety nine, twenty twenty four,"),
        ("2024-13-06", "two zero two four, one three, zero six,"),
        ("44 May", "forty four May,"),
        ("5 May 1066", "the fifth of May one thousand and sixty six,"),
    ],
)
def test_times_and_dates(written: str, expected: str) -> None:
    assert phrase(written) == expected


def test_months_come_first_in_america() -> None:
    assert phrase("5/6/2024", "en-US") == "May sixth twenty twenty four,"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Dr. Smith", "Doctor Smith,"),
        ("Mr Jones and Mrs. Jones", "Mister Jones and Missus Jones,"),
        ("St. Mary on Baker St. tonight", "Saint Mary on Baker street tonight,"),
        ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."),
        ("approx. 5 vs. 6", "approximately five versus six,"),
        ("and/or", "and or,"),
        ("he/she", "he, she,"),
        ("TV, BBC and DVDs", "T V, B B C and D V D's,"),
        ("US.", "U S."),
        ("LET US REST.", "LET US REST."),
        ("SHH, RELAX", "SHH, RELAX,"),
        ("The U.S. of A.", "The U S of A."),
        ("J. R. Smith", "J R Smith,"),
        ("MP3 and B12", "M P three and B twelve,"),
        ("Chapter IV ends", "Chapter four ends,"),
        ("Part I", "Part one,"),
        ("the Part I love", "the Part I love,"),
        ("salt & air", "salt and air,"),
        ("a + b = c", "a plus b equals c,"),
        ("#1 of ~20", "number one of about twenty,"),
        ("#calm", "calm,"),
        ("<5 or >7", "less than five or more than seven,"),
        ("name@example.org", "name at example dot org,"),
        ("www.calm.com/sea.", "w w w dot calm dot com slash sea."),
        ("https://calm.org/a-1", "calm dot org slash a dash one,"),
        ("555-123-4567", "five five five, one two three, four five six seven,"),
        ("555-12", "five hundred and fifty five, twelve,"),
        (
            "+44 20 7946 0958",
            "plus four four, two zero, seven nine four six, zero nine five eight,",
        ),
        ("x\N{SUPERSCRIPT TWO}", "x squared,"),
        ("the \N{EURO SIGN} and the \N{DEGREE CELSIUS}", "the euro and the degrees Celsius,"),
        ("Calm.", "Calm."),
    ],
)
def test_shorthand(written: str, expected: str) -> None:
    assert phrase(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("light\N{EM DASH}soft", ["light, soft,"]),
        ("slow \N{EN DASH} then", ["slow,", "", "then,"]),
        ("slow - then", ["slow,", "", "then,"]),
        ("slow, -- then", ["slow,", "", "then,"]),
        ("let go \N{EM DASH}", ["let", "go,", ""]),
        ("well-known pre- and", ["well known", "pre", "and,"]),
        ("then...", ["then\N{HORIZONTAL ELLIPSIS}"]),
        ("soft \N{HORIZONTAL ELLIPSIS}slow", ["soft\N{HORIZONTAL ELLIPSIS}", "slow,"]),
        ("What?! No!!", ["What?", "No!"]),
        ('"Now", (she) *said*.', ["Now,", "she", "said."]),
        ("un*believ*able", ["unbelievable,"]),
        ("it\N{RIGHT SINGLE QUOTATION MARK}s 'fine'", ["it's", "fine,"]),
        ("\N{LEFT DOUBLE QUOTATION MARK}Rest.\N{RIGHT DOUBLE QUOTATION MARK}", ["Rest."]),
        ("rest \N{WATER WAVE}", ["rest,", ""]),
        ("\N{WATER WAVE} rest.", ["", "rest."]),
        ("soft\N{SOFT HYPHEN}ly zero\N{ZERO WIDTH SPACE}width", ["softly", "zerowidth,"]),
        ("\N{LATIN SMALL LIGATURE FI}ne cafe\N{COMBINING ACUTE ACCENT}", ["fine", "caf\xe9,"]),
        ("a\N{NO-BREAK SPACE}b", ["a b,"]),
        ("Oui !", ["Oui!", ""]),
        ("1\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}", ["one,"]),
        ("bell\0s Calm\N{TRADE MARK SIGN}", ["bell s", "Calm,"]),
        ("---", [""]),
        (".,. ?", ["", ""]),
        ("in \N{RIGHTWARDS ARROW} out", ["in,", "", "out,"]),
        ("Hello :) ===", ["Hello,", "", ""]),
        ("one:", ["one:"]),
    ],
)
def test_punctuation_and_what_is_dropped(written: str, expected: list[str]) -> None:
    assert said(written) == expected


def test_sub_wins_and_takes_the_punctuation_of_its_span() -> None:
    words = [word("Feel"), word("Tai", sub="tie chee"), word("Chi,", sub=""), word("now.")]
    texts = [one.text for one in spoken_words(words, "en", {"tai": "no"})]
    assert texts == ["Feel", "tie chee,", "", "now."]


def test_sub_may_hold_figures() -> None:
    assert spoken_words([word("x", sub="4 min")], "en", {})[0].text == "four minutes,"


def test_ipa_is_kept_and_its_first_word_says_the_whole_span() -> None:
    words = [word("the"), word("Tai", ipa="ta\u026a t\u0283i\u02d0"), word("Chi!", ipa="")]
    assert spoken_words(words, "en", {}) == (
        SpokenWord(text="the"),
        SpokenWord(text="Tai Chi!", ipa="ta\u026a t\u0283i\u02d0"),
        SpokenWord(text=""),
    )


def test_an_ipa_without_a_first_word_is_said_as_written() -> None:
    assert spoken_words([word("Chi", ipa="")], "en", {}) == (SpokenWord(text="Chi,"),)


def test_marked_words_are_not_read_with_their_neighbours() -> None:
    words = [word("5"), word("min", sub="mins"), word("5"), word("min")]
    texts = [one.text for one in spoken_words(words, "en", {})]
    assert texts == ["five", "mins", "five", "minutes,"]


def test_lexicon_knows_whole_words_in_any_case_and_keeps_punctuation() -> None:
    lexicon = {"Qi": "chee", "Tai Chi": "tie chee", "9D": "nine dee", "  ": "nothing"}
    assert said("QI, Qigong qi's Tai Chi! 9d", lexicon=lexicon) == [
        "chee,",
        "Qigong",
        "chee's",
        "tie chee!",
        "",
        "nine dee,",
    ]


def test_no_words_give_none() -> None:
    assert spoken_words([], "en", {}) == ()


@pytest.mark.parametrize("text", ["sea", "5", "&", "\N{WATER WAVE} 1"])
def test_words_figures_and_signs_are_said(text: str) -> None:
    assert phrase(text)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("©", "en", "copyright,"),
        ("(©️).", "en", "copyright,"),
        ("™", "de-DE", "Marke,"),
        ("√", "fr", "racine carrée,"),
        ("∞", "pt-BR", "infinito,"),
        ("²", "en-US", "squared,"),
        ("§", "fi", "section,"),
        ("© ®", "en", "copyright registered trademark,"),
        ("Calm© sea™", "en", "Calm sea,"),
    ],
)
def test_a_sign_is_said_where_nothing_else_is(text: str, language: str, expected: str) -> None:
    assert phrase(text, language) == expected


@pytest.mark.parametrize("text", ["\N{EM DASH}", "...", "", "\N{WATER WAVE}", "(!)"])
def test_punctuation_and_pictures_are_not(text: str) -> None:
    assert phrase(text) == ""
