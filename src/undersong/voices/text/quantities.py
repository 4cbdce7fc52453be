"""Figures: numbers with sign and unit, ranges, lists, ratios, ordinals and decades."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from undersong.voices.text.figures import cardinal, digits, ordinal, year
from undersong.voices.text.language import MINUS, Language
from undersong.voices.text.letters import DASH, LETTER
from undersong.voices.text.reading import Match, Piece, Pieces, Rule, choice

TIMES: Final = "\N{MULTIPLICATION SIGN}"
RANGE: Final = rf"\s?(?P<dash>[-{DASH}])\s?"
PHONE_FIGURES: Final = 7  # of the shortest telephone numbers
YEAR_FIGURES: Final = 4
OWNERS: Final = ("the", "your", "my", "his", "her", "our", "their", "early", "late", "mid")
"""Words after which `30s` are years, not seconds."""


def number_pattern(language: Language) -> str:
    """Return a regular expression for one number without its sign, without groups."""
    if language.comma_decimal:
        return r"(?:\d{1,3}(?:[. ]\d{3})+(?!\d)(?:,\d+)?|\d+[.,]\d+|\d+)"
    return r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)"


def parsed(figures: str, language: Language) -> tuple[str, str]:
    """Split a number as written into the figures of its whole and of its fraction, or ""."""
    if not language.comma_decimal:
        whole, _, fraction = figures.replace(",", "").partition(".")
        return whole, fraction
    bare = figures.replace(" ", "")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", bare):
        bare = bare.replace(".", "")
    whole, _, fraction = bare.replace(".", ",").partition(",")
    return whole, fraction


def number_words(figures: str, language: Language, noun: str = "") -> str:
    """Say a number as written; `noun` is what is counted, for languages that care."""
    whole, fraction = parsed(figures, language)
    code = language.numbers
    if noun and not fraction and figures.isdecimal() and len(figures) <= len("99"):
        forms = language.before_noun.get(int(figures))
        if forms:
            return forms[bool(re.search(language.feminine, noun))]
    said = cardinal(whole, code) if whole else ""
    if not fraction:
        return said
    together = language.decimals_whole and fraction[0] != "0" and len(fraction) == len("75")
    tail = cardinal(fraction, code) if together else digits(fraction, code)
    return f"{said} {language.point} {tail}".strip()


def ordinal_words(n: int, language: Language, before: str) -> str:
    """Say an ordinal, with the ending that the text before it asks for."""
    ending = next((end for found, end in language.endings if re.search(found, before)), "")
    return ordinal(n, language.numbers) + ending


def _in_years(figures: str, language: Language) -> bool:
    return len(figures) == YEAR_FIGURES and figures.isdecimal() and int(figures) in language.years


def _bare(figures: str, language: Language, rest: str) -> str:
    """Say a number that has no unit: as a year where it looks like one."""
    if _in_years(figures, language):
        return year(int(figures), language.numbers)
    noun = re.match(rf"[\s-]({LETTER}+)", rest)
    return number_words(figures, language, noun[1] if noun else "")


def _quantity(match: Match, language: Language) -> Pieces:
    """`5`, `-3`, `10-15`, `5 min`, `10-15 min`, `5-min`."""
    rest = match.string[match.end() :]
    say = partial(_bare, language=language, rest="" if match["b"] else rest)
    if match["unit"]:
        say = partial(number_words, language=language, noun=language.units[match["unit"]][0])
    sign = (match["sign"] or "").strip().replace("-", MINUS)
    said = f"{language.signs[sign]} {say(match['a'])}" if sign else say(match["a"])
    pieces = [Piece(match.start(), said)]
    if match["b"]:
        pieces.append(Piece(match.start("dash"), _between(match, language)))
        pieces.append(Piece(match.start("b"), say(match["b"])))
    if match["unit"]:
        one, many = language.units[match["unit"]]
        single = match["join"] == "-" or (match["b"] or match["a"]) == "1"
        pieces.append(Piece(match.start("unit"), one if single else many))
    return tuple(pieces)


def _between(match: Match, language: Language) -> str:
    """Rising numbers are a range, others a list: 4-4 is `four, four`; so is 1990-95 a range."""
    a, b = (float(".".join(parsed(match[name], language))) for name in "ab")
    years = _in_years(match["a"], language) and len(match["b"]) == len("95")
    return language.to if match["sign"] or a < b or years else ","


def _list(match: Match, language: Language) -> Pieces:
    """`4-7-8` is `four, seven, eight`."""
    return _in_a_row(match, language, cardinal)


def _phone(match: Match, language: Language) -> Pieces | None:
    """Groups of figures that are a telephone number, figure by figure."""
    if sum(map(str.isdecimal, match.group())) < PHONE_FIGURES:
        return None
    return _in_a_row(match, language, digits)


def _in_a_row(match: Match, language: Language, say: Callable[[str, str], str]) -> Pieces:
    groups = list(re.finditer(r"\d+", match.group()))
    lead = f"{language.signs['+']} " if match.group().startswith("+") else ""
    return tuple(
        Piece(
            match.start() + group.start(),
            (lead if i == 0 else "")
            + say(group.group(), language.numbers)
            + ("" if i == len(groups) - 1 else ","),
        )
        for i, group in enumerate(groups)
    )


def _ratio(match: Match, language: Language) -> Pieces:
    """`1:2` is `one to two`."""
    return tuple(
        Piece(
            match.start() + part.start(),
            language.signs[":"]
            if part.group() == ":"
            else cardinal(part.group(), language.numbers),
        )
        for part in re.finditer(r"\d+|:", match.group())
    )


def _ordinal(match: Match, language: Language) -> Pieces:
    """`21st`, `3.` before a German noun, `1re`."""
    said = ordinal_words(int(match["n"]), language, match.string[: match.start()])
    if match["feminine"]:
        said = re.sub(*language.feminine_form, said)
    return (Piece(match.start(), said),)


def _decade(match: Match, language: Language) -> Pieces:
    """`1990s`, `'90s`, `30s` after `the`, `your` and the like."""
    written = match["years"]
    if len(written) == YEAR_FIGURES:
        said = year(int(written), language.numbers)
    else:
        said = cardinal(written, language.numbers)
    return (Piece(match.start(), f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"),)


def _glued(match: Match, language: Language) -> Pieces:
    """`1990er`: the ending sticks to the number's last word."""
    return (Piece(match.start(), _bare(match["n"], language, "") + match["ending"]),)


def _times(match: Match, language: Language) -> Pieces:
    """`3x` is `three times`; so is the 3 of `3 x 5` with a real multiplication sign."""
    return (
        Piece(match.start("a"), number_words(match["a"], language)),
        Piece(max(match.start("cross"), match.start("sign")), language.signs[TIMES]),
    )


def rules(language: Language) -> tuple[Rule, ...]:
    """Return the rules for figures in the order in which they are tried."""
    n = number_pattern(language)
    units = choice(language.units)
    marks = rf"[-{DASH},]" if language.comma_decimal else rf"[-{DASH}]"
    owned = "|".join(rf"(?<=\b{word}[\s-])" for word in OWNERS)
    decade = rf"(?:{owned}|'|(?=\d{{4}}))(?P<years>\d?\d?\d0)'?s(?!\w)"
    quantity = (
        rf"(?P<sign>(?<!\w)[-+{MINUS}\N{{PLUS-MINUS SIGN}}](?=\.?\d))?(?P<a>{n})"
        rf"(?:{RANGE}(?P<b>{n})(?!\d))?"
        rf"(?:(?P<join>[\s-]?)(?P<unit>{units})(?![\w'])(?:\.(?=\s[a-z]))?)?"
    )
    found: Iterable[tuple[str, Callable[[Match, Language], Pieces | None]]] = (
        (r"(?:\+\d{1,3}[-\s]|\(?0)\d{1,5}\)?(?:[-\s]\d{2,5})+(?!\d)", _phone),
        (r"\(\d{3}\)\s?\d{3}-\d{4}(?!\d)|\d{3}-\d{4}(?!\d)|\d{3,5}(?:-\d{2,5}){2,}(?!\d)", _phone),
        (rf"\d{{1,3}}(?:\s?{marks}\s?\d{{1,3}}(?!\d)){{2,}}", _list),
        (r"\d{1,4}(?::\d{1,4})+(?!\d)", _ratio),
        (decade if language.decades else "(?!)", _decade),
        (
            rf"(?P<n>\d{{1,9}})(?:(?P<feminine>{language.ordinal_feminine})|{language.ordinal})",
            _ordinal,
        ),
        (rf"(?P<n>\d{{1,4}})(?P<ending>{language.glued})", _glued),
        (rf"(?P<a>{n})(?:(?P<cross>x)(?!\w)|\s?(?P<sign>{TIMES}))", _times),
        (quantity, _quantity),
    )
    return tuple(Rule(re.compile(pattern), read) for pattern, read in found)
