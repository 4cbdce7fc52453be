"""What a language says for the things that people write in figures and signs.

The defaults are what a language without a table of its own borrows from English, so that nothing
written goes unsaid; a lexicon entry or a `sub` mark says it better.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from undersong.voices.text.figures import number_code

MINUS = "\N{MINUS SIGN}"
NEVER = "(?!)"  # a regular expression that matches nothing

SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "&": "and",
        "+": "plus",
        "=": "equals",
        "@": "at",
        "%": "per cent",
        "\N{MULTIPLICATION SIGN}": "times",
        "\N{DIVISION SIGN}": "divided by",
        MINUS: "minus",
        "\N{PLUS-MINUS SIGN}": "plus or minus",
        "\N{SUPERSCRIPT TWO}": "squared",
        "\N{SUPERSCRIPT THREE}": "cubed",
        "~": "about",
        "\N{ALMOST EQUAL TO}": "about",
        "<": "less than",
        ">": "more than",
        "#": "number",
        "/": "over",
        ":": "to",
    }
)
"""Signs that have a word. The last eight only speak beside a figure."""

UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ms": ("millisecond", "milliseconds"),
        "s": ("second", "seconds"),
        "sec": ("second", "seconds"),
        "secs": ("second", "seconds"),
        "min": ("minute", "minutes"),
        "mins": ("minute", "minutes"),
        "h": ("hour", "hours"),
        "hr": ("hour", "hours"),
        "hrs": ("hour", "hours"),
        "mg": ("milligram", "milligrams"),
        "g": ("gram", "grams"),
        "kg": ("kilogram", "kilograms"),
        "mm": ("millimetre", "millimetres"),
        "cm": ("centimetre", "centimetres"),
        "m": ("metre", "metres"),
        "km": ("kilometre", "kilometres"),
        "m\N{SUPERSCRIPT TWO}": ("square metre", "square metres"),
        "km\N{SUPERSCRIPT TWO}": ("square kilometre", "square kilometres"),
        "m\N{SUPERSCRIPT THREE}": ("cubic metre", "cubic metres"),
        "ml": ("millilitre", "millilitres"),
        "mL": ("millilitre", "millilitres"),
        "cl": ("centilitre", "centilitres"),
        "l": ("litre", "litres"),
        "L": ("litre", "litres"),
        "km/h": ("kilometre per hour", "kilometres per hour"),
        "m/s": ("metre per second", "metres per second"),
        "Hz": ("hertz", "hertz"),
        "kHz": ("kilohertz", "kilohertz"),
        "dB": ("decibel", "decibels"),
        "kcal": ("kilocalorie", "kilocalories"),
        "%": ("per cent", "per cent"),
        "\N{DEGREE SIGN}": ("degree", "degrees"),
        "\N{DEGREE SIGN}C": ("degree Celsius", "degrees Celsius"),
        "\N{DEGREE SIGN}F": ("degree Fahrenheit", "degrees Fahrenheit"),
    }
)

CURRENCIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "$": ("dollar", "dollars"),
        "\N{POUND SIGN}": ("pound", "pounds"),
        "\N{EURO SIGN}": ("euro", "euros"),
        "\N{YEN SIGN}": ("yen", "yen"),
    }
)


class Clock(Struct, frozen=True, kw_only=True, eq=False):
    """How a language reads a time of day.

    Attributes:
        whole: at the full hour; `{hour}` stands for the hour's words.
        past: after it; `{minute}` stands for the minute's words.
        early: in place of `{minute}` for minutes 1 to 9.
        twelve: hours after noon become 1 to 12 with a half of the day.
        halves: what `a.m.` and `p.m.` are called, by their first letter.
        words: regular expression of words that follow a time (`Uhr`) and are read with it.
        letter: whether `7h30` is a time.
        single: what to replace by what in the templates for one o'clock.
        hours: hours that are not called like plain numbers.
    """

    whole: str = "{hour}"
    past: str = "{hour} {minute}"
    early: str = "{minute}"
    twelve: bool = False
    halves: Mapping[str, str] = field(default_factory=lambda: {"a": "A M", "p": "P M"})
    words: str = NEVER
    letter: bool = False
    single: tuple[str, str] = ("", "")
    hours: Mapping[int, str] = field(default_factory=dict[int, str])


class Language(Struct, frozen=True, kw_only=True, eq=False):
    """The words of one language. Not: grammar; a table reaches as far as a table can.

    Attributes:
        tag: BCP 47, lower case; num2words says its numbers, in the nearest language it knows.
        comma_decimal: `1,5` is one and a half and `1.000` a thousand; else the other way round.
        point: what the decimal mark is called.
        decimals_whole: two decimals are said as one number (`virgule soixante-quinze`).
        to: between the ends of a range.
        dot, slash, dash: the signs inside an address.
        joint: between a whole number and a fraction (`two and three quarters`).
        signs: words of single signs.
        units, currencies: what is written after or before a figure, one and many.
        scales: what may stand between a sum of money and its currency, with its words.
        fractions: by denominator, one and many.
        and_half: after a whole number (`and a half`).
        halves: words before certain nouns when they are halved (`an` hour, `eine halbe` Stunde).
        half_of, part_of: how those make a half and another part; `{word}`, `{part}`.
        before_noun: numbers that change before a noun, for masculine and feminine ones.
        feminine: regular expression that finds feminine nouns.
        ordinal: regular expression of the mark that makes a figure an ordinal.
        endings: what an ordinal ends in, by a regular expression of the text before it.
        ordinal_feminine: a mark as `ordinal`, for the feminine.
        feminine_form: regular expression and replacement that make an ordinal feminine.
        glued: regular expression of endings that stick to a number's words (`1990er`).
        years: bare figures in this range are read as years.
        decades: `1990s` is a decade, and so is `30s` after `the`.
        months: names, January first.
        short_months: numbers of abbreviated ones, lower case.
        day_month: how the day of `5 May` is read; `{ordinal}`. Empty where it reads itself.
        month_day: how the day of `May 5` is read.
        date: a date in figures: `{ordinal}` or `{day}`, `{month}`, `{year}`.
        month_first: 5/6/2024 is a day in May.
        clock: times of day.
        abbreviations: said instead, anywhere; keys in lower case.
        titles: said instead before a capital letter, with or without a full stop.
        before_figures: said instead before a figure.
        acronyms: said letter by letter although they have vowels; between spaces.
        numbered: words after which a Roman numeral is a number.
    """

    tag: str
    comma_decimal: bool = True
    point: str = "point"
    decimals_whole: bool = False
    to: str = "to"
    dot: str = "dot"
    slash: str = "slash"
    dash: str = "dash"
    joint: str = "and"
    signs: Mapping[str, str] = field(default_factory=lambda: SIGNS)
    units: Mapping[str, tuple[str, str]] = field(default_factory=lambda: UNITS)
    currencies: Mapping[str, tuple[str, str]] = field(default_factory=lambda: CURRENCIES)
    scales: Mapping[str, str] = field(default_factory=dict[str, str])
    fractions: Mapping[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    and_half: str = "and a half"
    halves: Mapping[str, str] = field(default_factory=dict[str, str])
    half_of: str = "{word}"
    part_of: str = "{part}"
    before_noun: Mapping[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    feminine: str = NEVER
    ordinal: str = NEVER
    endings: tuple[tuple[str, str], ...] = ()
    ordinal_feminine: str = NEVER
    feminine_form: tuple[str, str] = (NEVER, "")
    glued: str = NEVER
    years: range = range(0)
    decades: bool = False
    months: tuple[str, ...] = ()
    short_months: Mapping[str, int] = field(default_factory=dict[str, int])
    day_month: str = ""
    month_day: str = ""
    date: str = ""
    month_first: bool = False
    clock: Clock = field(default_factory=Clock)
    abbreviations: Mapping[str, str] = field(default_factory=dict[str, str])
    titles: Mapping[str, str] = field(default_factory=dict[str, str])
    before_figures: Mapping[str, str] = field(default_factory=dict[str, str])
    acronyms: str = ""
    numbered: tuple[str, ...] = ()

    @property
    def numbers(self) -> str:
        """Code of the language in num2words, which is imported only where figures are read."""
        return number_code(self.tag)
