"""Fractions and sums of money."""

import re
from typing import Final

from undersong.voices.text.figures import cardinal
from undersong.voices.text.language import Language
from undersong.voices.text.letters import FRACTION_SLASH
from undersong.voices.text.quantities import RANGE, number_pattern, number_words, parsed
from undersong.voices.text.reading import Match, Piece, Pieces, Rule, choice

HALF: Final = (1, 2)
CENT_FIGURES: Final = 2


def _fraction(match: Match, language: Language) -> Pieces | None:
    """`1/2`, `2 3/4`, `1/2 hour`; what is no part of one is `three over two`."""
    top, bottom = int(match["top"]), int(match["bottom"])
    if top >= bottom or bottom not in language.fractions:
        return None if match["whole"] else _over(match, language)
    named = language.units.get(match["noun"] or "", (match["noun"] or "",) * 2)
    one, many = language.fractions[bottom]
    part = f"{number_words(str(top), language, one)} {one if top == 1 else many}"
    half = (top, bottom) == HALF
    if match["whole"]:
        tail = language.and_half if half else f"{language.joint} {part}".strip()
        whole = cardinal(match["whole"], language.numbers)
        said = [Piece(match.start("whole"), whole), Piece(match.start("top"), tail)]
    else:
        form = language.half_of if half else language.part_of
        word = language.halves.get(named[0])
        part = form.format(word=word, part=part) if word else part
        said = [Piece(match.start("top"), part)]
    if match["noun"]:
        said.append(Piece(match.start("noun"), named[bool(match["whole"])]))
    return tuple(said)


def _over(match: Match, language: Language) -> Pieces:
    said = [
        Piece(match.start("top"), cardinal(match["top"], language.numbers)),
        Piece(match.start("slash"), language.signs["/"]),
        Piece(match.start("bottom"), cardinal(match["bottom"], language.numbers)),
    ]
    if match["noun"]:
        noun = language.units.get(match["noun"], (match["noun"],))[-1]
        said.append(Piece(match.start("noun"), noun))
    return tuple(said)


def _money(match: Match, language: Language) -> Pieces:
    """`$5`, `$5.50`, `$5 million`, `$5-10`, and the same with the currency behind."""
    one, many = language.currencies[match["currency"]]
    a, b, scale = match["a"], match["b"], match["scale"]
    last, at = (b, match.start("b")) if b else (a, match.start("a"))
    whole, cents = parsed(last, language)
    words = one if last == "1" and not scale else many
    if scale:
        words = f"{language.scales[scale]} {words}"
    elif len(cents) == CENT_FIGURES:
        last = whole or "0"
        words += f" {cardinal(cents.lstrip('0') or '0', language.numbers)}"
    head = []
    if b:
        head.append(Piece(match.start("a"), number_words(a, language, one)))
        head.append(Piece(match.start("dash"), language.to))
    said = Piece(at, number_words(last, language, one))
    return (*head, said, Piece(max(at, match.start("scale"), match.start("currency")), words))


def rules(language: Language) -> tuple[Rule, ...]:
    """Return the rules for amounts in the order in which they are tried."""
    n = number_pattern(language)
    money = choice(language.currencies)
    scale = rf"(?:\s?(?P<scale>{choice(language.scales)})(?!\w))?"
    span = rf"(?:{RANGE}(?:{money})?(?P<b>{n}))?"
    slash = rf"\s?(?P<slash>[/{FRACTION_SLASH}])\s?"
    nouns = choice((*language.units, *language.halves))
    fraction = (
        rf"(?:(?P<whole>\d{{1,3}})\s)?(?P<top>\d{{1,3}}){slash}(?P<bottom>\d{{1,3}})(?!\d)"
        rf"(?:[\s-]?(?P<noun>{nouns})(?![\w']))?"
    )
    return (
        Rule(re.compile(rf"(?P<currency>{money})\s?(?P<a>{n}){span}{scale}"), _money),
        Rule(re.compile(rf"(?P<a>{n}){span}{scale}\s?(?P<currency>{money})(?!\w)"), _money),
        Rule(re.compile(fraction), _fraction),
    )
