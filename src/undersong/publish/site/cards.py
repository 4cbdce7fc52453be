"""Episodes as the list shows them, and the filters that a list offers."""

from collections.abc import Iterable, Sequence
from typing import Final

from undersong.publish.episodes import Made
from undersong.publish.names import page_path
from undersong.publish.site.model import Card, Choice, Filter, Words
from undersong.publish.site.words import direction_of

REACHES_MIN: Final = (5, 10, 20)
"""Classes of length, in minutes; what is longer is one more."""

ANY: Final = "any"
"""In `about: {time: any}`: fits every time of day."""

_DAY: Final = (
    "dawn", "morning", "day", "daytime", "noon", "midday", "afternoon", "evening", "bedtime",
    "night",
)  # fmt: skip
"""Times of day in order; any other follows by letter."""


def card_of(made: Made) -> Card:
    """Return an episode as the list shows it."""
    episode, about = made.episode, made.track.made.about
    length_min = max(1, round(episode.length_s / 60))
    return Card(
        path=page_path(episode.slug),
        title=episode.title,
        summary=episode.summary,
        published=episode.published,
        language=episode.language,
        direction=direction_of(episode.language),
        length_min=length_min,
        reach_min=next((reach for reach in REACHES_MIN if length_min <= reach), 0),
        times=_several(about.get("time", "")),
        regions=_several(about.get("region", "")),
        kind=about.get("kind", "").replace("-", " "),
    )


def filters_of(cards: Sequence[Card], words: Words) -> tuple[Filter, ...]:
    """Return the filters worth offering: those that tell some episodes from others."""
    found = (
        _filter("time", (value for card in cards for value in card.times)),
        _filter("region", (value for card in cards for value in card.regions)),
        Filter(name="length", choices=_lengths(cards, words)),
        _filter("language", (card.language for card in cards)),
    )
    return tuple(one for one in found if len(one.choices) > 1)


def _several(text: str) -> tuple[str, ...]:
    """Return the values of a fact, which commas keep apart; none where any fits."""
    values = tuple(" ".join(part.split()).lower() for part in text.split(","))
    return () if ANY in values else tuple(dict.fromkeys(value for value in values if value))


def _filter(name: str, values: Iterable[str]) -> Filter:
    keys = sorted(set(values), key=_in_order)
    return Filter(name=name, choices=tuple(Choice(key=key, label=key) for key in keys))


def _lengths(cards: Sequence[Card], words: Words) -> tuple[Choice, ...]:
    present = {card.reach_min for card in cards}
    names = (*REACHES_MIN, 0)
    return tuple(
        Choice(key=str(reach), label=words.page[f"length_{reach}"])
        for reach in names
        if reach in present
    )


def _in_order(value: str) -> tuple[int, str]:
    """Sort times of day by the sun, anything else by letter."""
    return (_DAY.index(value) if value in _DAY else len(_DAY), value)
