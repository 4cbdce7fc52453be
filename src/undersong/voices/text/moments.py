"""Times of day and dates."""

import re
from typing import Final

from undersong.voices.text.figures import cardinal, year
from undersong.voices.text.language import NEVER, Language
from undersong.voices.text.quantities import number_words, ordinal_words
from undersong.voices.text.reading import Match, Piece, Pieces, Rule, choice, stop

NOON: Final = 12
MIDNIGHT: Final = 24
DAYS: Final = 31
HALF: Final = r"[AaPp](?:\.\s?[Mm]\b\.?|\s?[Mm]\b)"


def _time(match: Match, language: Language) -> Pieces | None:
    """`7:30`, `7.30 pm`, `21:00`, `10 am`, `7:30 Uhr`, `7h30`; `1:02:03` is a length."""
    hour, word = int(match["hour"]), match["word"]
    half = word[0].lower() if word and re.fullmatch(HALF, word) else ""
    if (half and not 1 <= hour <= NOON) or not (half or (match["mark"] and _whole(match))):
        return None
    if match["second"]:
        return _length(match, language)
    said, after = _clock(hour, int(match["minute"] or 0), half, language)
    pieces = [Piece(match.start(), said)]
    if after:
        pieces.append(Piece(max(match.start(), match.start("word")), after + stop(match)))
    return tuple(pieces)


def _whole(match: Match) -> bool:
    """A full stop between hour and minute needs a word after it, as 7.30 is also a number."""
    return bool(match["word"]) or match["mark"] != "."


def _clock(hour: int, minute: int, half: str, language: Language) -> tuple[str, str]:
    """Return the words of a time, and those of its half of the day or ""."""
    clock = language.clock
    if clock.twelve and not half and (hour > NOON or hour == 0):
        half = "p" if NOON < hour < MIDNIGHT else "a"
        hour = hour % NOON or NOON
    words = clock.hours.get(hour) or cardinal(str(hour), language.numbers)
    late = cardinal(str(minute), language.numbers)
    template = clock.past if minute else clock.whole
    if half and not minute:
        template = "{hour}"
    if 0 < minute < 10:  # noqa: PLR2004 - one figure
        late = clock.early.format(minute=late)
    if hour == 1:
        template = template.replace(*clock.single)
    return template.format(hour=words, minute=late), clock.halves[half] if half else ""


def _length(match: Match, language: Language) -> Pieces:
    said = []
    for name, unit in (("hour", "h"), ("minute", "min"), ("second", "s")):
        one, many = language.units[unit]
        count = str(int(match[name]))
        said.append(f"{number_words(count, language, one)} {one if count == '1' else many}")
    return (Piece(match.start(), " ".join(said)),)


def _day_first(match: Match, language: Language) -> Pieces | None:
    """`6/5/2024`, `6.5.2024`, `2024-05-06`."""
    return _date(match, int(match["day"]), int(match["month"]), language)


def _month_first(match: Match, language: Language) -> Pieces | None:
    """`5/6/2024` where months come first."""
    return _date(match, int(match["month"]), int(match["day"]), language)


def _date(match: Match, day: int, month: int, language: Language) -> Pieces | None:
    if not (1 <= day <= DAYS and 1 <= month <= len(language.months)):
        return None
    before = match.string[: match.start()]
    said = language.date.format(
        day=number_words(str(day), language),
        ordinal=ordinal_words(day, language, before),
        month=language.months[month - 1],
        year=_year(match["year"], language),
    )
    return (Piece(match.start(), _after_the(before, said)),)


def _named(match: Match, language: Language) -> Pieces | None:
    """`5 May 2024`, `May 5th, 2024`, `5. Mai`."""
    day = int(match["day"])
    if not 1 <= day <= DAYS:
        return None
    before = match.string[: match.start()]
    first = match.start("day") < match.start("month")
    template = language.day_month if first else language.month_day
    said = template.format(ordinal=ordinal_words(day, language, before))
    pieces = [
        Piece(match.start("day"), _after_the(before, said)),
        Piece(match.start("month"), _month(match["month"], language)),
    ]
    if match["year"]:
        pieces.append(Piece(match.start("year"), _year(match["year"], language)))
    return tuple(sorted(pieces))


def _after_the(before: str, said: str) -> str:
    return said.removeprefix("the ") if re.search(r"(?i)\bthe\s$", before) else said


def _year(written: str, language: Language) -> str:
    if int(written) in language.years:
        return year(int(written), language.numbers)
    return cardinal(written, language.numbers)


def _month(written: str, language: Language) -> str:
    short = language.short_months.get(written.rstrip(".").lower())
    return language.months[short - 1] if short else written


def rules(language: Language) -> tuple[Rule, ...]:
    """Return the rules for times and dates in the order in which they are tried."""
    clock = language.clock
    time = (
        rf"(?P<hour>[01]?\d|2[0-4])(?!\d)(?:(?P<mark>[:.{'h' if clock.letter else ''}])"
        rf"(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:]))?(?:\s?(?P<word>{clock.words}))?"
    )
    digits = r"(?P<day>\d{1,2})(?P<dot>[./])(?P<month>\d{1,2})(?P=dot)(?P<year>\d{4})(?!\d)"
    iso = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)"
    short = "|".join(map(str.capitalize, language.short_months)) or NEVER
    month = rf"(?P<month>{choice(language.months)}|(?:{short})\b\.?)(?!\w)"
    tail = r"(?:,?\s(?P<year>\d{4})(?!\d))?"
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
    tables = (
        (time, _time, True),
        (iso, _day_first, bool(language.date)),
        (digits, _month_first if language.month_first else _day_first, bool(language.date)),
        (rf"{day}\s{month}{tail}", _named, bool(language.day_month)),
        (rf"(?<!\w){month}\s{day}(?![\d:]){tail}", _named, bool(language.month_day)),
    )
    return tuple(Rule(re.compile(pattern), read) for pattern, read, used in tables if used)
