"""Figures as words, through num2words, for every language it knows; English for the others.

Never raises: what num2words cannot say is said figure by figure.
"""

from functools import lru_cache
from typing import Final, Literal

MOST_FIGURES: Final = 15
"""Longer whole numbers are read figure by figure, as nobody follows them otherwise."""

REFUSALS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What the converters of num2words raise for numbers and forms that they do not know."""

ALIASES: Final = {"bs": "sr", "hr": "sr", "kk": "kz", "nb": "no", "nn": "no"}
"""Languages that num2words knows by another code, or by that of their nearest neighbour."""

FEWER_FIGURES: Final = {"am": 6}
"""Languages whose converter never ends on longer numbers (num2words 0.5.14, Amharic)."""

Form = Literal["cardinal", "ordinal", "year"]


@lru_cache(maxsize=256)
def number_code(tag: str) -> str:
    """Return the num2words code for a BCP 47 tag: region first, then language, else English."""
    from num2words import CONVERTER_CLASSES  # noqa: PLC0415 - only when a script has figures

    language, *rest = tag.split("-")
    language = language.lower()
    region = "_".join([language, *(part.upper() for part in rest[:1])])
    for code in (region, language, ALIASES.get(language, "")):
        if code in CONVERTER_CLASSES:
            return code
    return "en"


def point_and_minus(code: str) -> tuple[str, str]:
    """Return what a language calls its decimal mark and its minus, "" where num2words has none."""
    from num2words import CONVERTER_CLASSES  # noqa: PLC0415 - only when a script has figures

    names = (getattr(CONVERTER_CLASSES[code], name, "") for name in ("pointword", "negword"))
    point, minus = (
        name.strip() if isinstance(name, str) and name.strip().isalpha() else "" for name in names
    )
    return point, minus


def cardinal(figures: str, code: str) -> str:
    """Say a whole number; one that starts with 0 or is very long figure by figure."""
    long = len(figures) > FEWER_FIGURES.get(code, MOST_FIGURES)
    if long or (len(figures) > 1 and figures[0] == "0"):
        return digits(figures, code)
    return _words(int(figures), code, "cardinal")


def ordinal(n: int, code: str) -> str:
    """Say which one in a row: 3 is `third`."""
    return _words(n, code, "ordinal")


def year(n: int, code: str) -> str:
    """Say a year as people do: 1990 is `nineteen ninety`."""
    return _words(n, code, "year")


def digits(figures: str, code: str) -> str:
    """Say each figure by itself."""
    return " ".join(_words(int(figure), code, "cardinal") for figure in figures)


@lru_cache(maxsize=4096)
def _words(n: int, code: str, form: Form) -> str:
    from num2words import num2words  # noqa: PLC0415 - only when a script has figures

    try:
        said = str(num2words(n, lang=code, to=form))
    except REFUSALS:
        said = ""
    if any(letter.isalpha() for letter in said):
        return said.replace(",", "")
    return _words(n, *(("en", form) if form == "cardinal" else (code, "cardinal")))
