"""Abbreviations, titles, acronyms, initials, Roman numerals, addresses and single signs."""

import re
from collections.abc import Mapping
from typing import Final

from undersong.voices.text.figures import cardinal, digits
from undersong.voices.text.language import Language
from undersong.voices.text.letters import LETTER
from undersong.voices.text.reading import Match, Piece, Pieces, Rule, choice, stop

CAPITAL: Final = r"(?=\s?[^\W\d_a-z])"
ROMAN: Final = r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})"
ROMAN_VALUES: Final = {"I": 1, "V": 5, "X": 10}
MOST_CAPITALS: Final = 6  # of a word taken for an acronym
SOUNDS: Final = re.compile(r"A+H+|H+M+|S+H+|M+|P+S+T+|B+R+|T+S+K+|Z+|G+R+", re.IGNORECASE)
"""Capitals without a vowel that are a sound, not an acronym."""
POWERS: Final = "\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}"
BESIDE_FIGURES: Final = "~<>#\N{ALMOST EQUAL TO}\N{PLUS-MINUS SIGN}"
VOWEL: Final = re.compile("[AEIOUY]")


def _abbreviation(match: Match, language: Language) -> Pieces | None:
    said = language.abbreviations.get(re.sub(r"\s", " ", match.group().lower()))
    return (Piece(match.start(), said + stop(match)),) if said else None


def _title(match: Match, language: Language) -> Pieces:
    return (Piece(match.start(), language.titles[match["title"]]),)


def _before_figures(match: Match, language: Language) -> Pieces:
    return (Piece(match.start(), language.before_figures[match["short"]]),)


def _acronym(match: Match, language: Language) -> Pieces | None:
    """`TV`, `BBC`, `DVDs`: known ones, and those that have no vowel."""
    letters = match["letters"]
    if letters in language.acronyms.split():
        spell = not (VOWEL.search(letters) and _shouted(match.string, language))
    else:
        spell = not (VOWEL.search(letters) or SOUNDS.fullmatch(letters))
    plural = "'s" if match["plural"] else ""
    return (Piece(match.start(), " ".join(letters) + plural),) if spell else None


def _shouted(line: str, language: Language) -> bool:
    """Whether whole words are in capitals, so that US may well be `us`."""
    capitals = re.findall(r"\b[A-Z]{2,}\b", line)
    return any(VOWEL.search(word) and word not in language.acronyms.split() for word in capitals)


def _initials(match: Match, language: Language) -> Pieces:
    """`U.S.`, `J. R. Smith`."""
    del language
    letters = re.sub(r"[.\s]", "", match.group())
    return (Piece(match.start(), " ".join(letters) + stop(match)),)


def _roman(match: Match, language: Language) -> Pieces | None:
    """`Part II`; but not the I of `the Part I love`."""
    if match["roman"] == "I" and re.match(r"\s[a-z]", match.string[match.end() :]):
        return None
    values = [ROMAN_VALUES[letter] for letter in match["roman"]]
    pairs = zip(values, [*values[1:], 0], strict=True)
    n = sum(-value if value < after else value for value, after in pairs)
    said = cardinal(str(n), language.numbers)
    return (Piece(match.start(), match["word"]), Piece(match.start("roman"), said))


def _address(match: Match, language: Language) -> Pieces:
    """`www.example.org/calm`, `name@example.org`: the signs get their names."""
    names = {
        ".": language.dot,
        "@": language.signs["@"],
        "/": language.slash,
        "-": language.dash,
        "www": "w w w",
    }
    parts = re.findall(rf"www|{LETTER}+|\d+|[.@/-]", match["address"])
    said = (
        digits(part, language.numbers) if part.isdecimal() else names.get(part, part)
        for part in parts
    )
    return (Piece(match.start(), " ".join(said)),)


def _sign(match: Match, language: Language) -> Pieces:
    """`&`, `+`, `=`; a currency or a degree that stands alone."""
    sign = match.group()
    one, many = language.currencies.get(sign) or language.units.get(sign, ("", ""))
    said = language.signs.get(sign) or (one if sign in language.currencies else many)
    return (Piece(match.start(), said),)


def _pause(match: Match, language: Language) -> Pieces:
    """A stroke, bar or arrow between words is a short pause."""
    del language
    return (Piece(match.start(), ","),)


def _nothing(match: Match, language: Language) -> Pieces:
    """Rulers and smileys are for the eye."""
    del language
    return (Piece(match.start(), ""),)


def lexicon_rule(lexicon: Mapping[str, str]) -> Rule:
    """Return the rule that says a voice's own words; keys in lower case, values ready to say."""

    def read(match: Match, language: Language) -> Pieces | None:
        del language
        said = lexicon.get(re.sub(r"\s", " ", match.group().lower()))
        return None if said is None else (Piece(match.start(), said),)

    return Rule(re.compile(rf"(?<!\w)(?:{choice(lexicon)})(?!\w)", re.IGNORECASE), read)


def first_rules(language: Language) -> tuple[Rule, ...]:
    """Return the rules that come before those for figures, in the order they are tried."""
    path = r"(?:/[\w./-]*\w)?/?"
    titles, short = choice(language.titles), choice(language.before_figures)
    tables = (
        (r"(?P<address>[\w+-]+(?:\.[\w+-]+){0,3}@[\w-]+(?:\.[\w-]+)*)", _address),
        (rf"(?:https?://|(?=www\.))(?P<address>[\w-]+(?:\.[\w-]+)+{path})", _address),
        (
            rf"(?P<address>[A-Za-z][\w-]*(?:\.[\w-]+){{0,3}}\.(?:com|edu|gov|net|org)(?!\w){path})",
            _address,
        ),
        (rf"(?P<title>{titles})\b\.?{CAPITAL}", _title),
        (rf"(?:{choice(language.abbreviations)})(?!\w)", _abbreviation),
        (rf"(?P<short>{short})(?=\s?\d)", _before_figures),
        (rf"(?P<word>{choice(language.numbered)})\s(?P<roman>{ROMAN})(?![\w'])", _roman),
        (r"[:;=]-?[()DPp](?!\w)", _nothing),
    )
    return tuple(
        Rule(re.compile(rf"(?<!\w){pattern}", re.IGNORECASE * (read is _abbreviation)), read)
        for pattern, read in tables
    )


def last_rules(language: Language) -> tuple[Rule, ...]:
    """Return the rules that come after those for figures."""
    alone = [sign for sign in language.signs if sign not in f"{BESIDE_FIGURES}{POWERS}/:"]
    signs = choice([*alone, *language.currencies])
    tables = (
        (rf"(?<!\w)(?P<letters>[A-Z]{{2,{MOST_CAPITALS}}})(?P<plural>s?)(?!{LETTER})", _acronym),
        (rf"(?<!\w)(?:[A-Z]\.){{2,}}(?!{LETTER})", _initials),
        (r"(?<!\w)[A-HJ-Z]\.(?=\s?[A-Z])", _initials),
        (r"[=-]{1,8}>|[\N{LEFTWARDS ARROW}-\N{DOWNWARDS ARROW}]|[/|\\]", _pause),
        (r"([=~#_+])\1{2,}|([=~#_])\2", _nothing),
        (rf"[{BESIDE_FIGURES}](?=\s?[+-]?\d)|(?<=\w)[{POWERS}]|{signs}", _sign),
        (r"\N{DEGREE SIGN}[CF]?(?!\w)", _sign),
    )
    return tuple(Rule(re.compile(pattern), read) for pattern, read in tables)
