"""Pause profiles: how long each kind of elastic pause may last.

Natural lengths follow the craft of guided imagery (docs/craft.md): comma
0.4-0.8 s, sentence 1.5-3 s, image (paragraph) 4-8 s, a breath (pause) 8-12 s, a rest (long)
20-60 s. Floors and caps are wide, so that one script can become a short and a long track, but a
floor never rushes: half a second after a sentence at the least.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from undersong.recipes.model import Elastic, Pace, PauseKind

_FLOORS: Final[Mapping[PauseKind, str]] = {
    "comma": "0.15",
    "sentence": "0.5",
    "paragraph": "1",
    "section": "1.5",
    "pause": "2",
    "long": "5",
}
_CAPS: Final[Mapping[PauseKind, str]] = {
    "comma": "2",
    "sentence": "8",
    "paragraph": "24",
    "section": "36",
    "pause": "48",
    "long": "150",
}

# floor and cap are the tables above times `floors` and `caps`; lengths in seconds
_ROWS: Final = (
    # name, floors, caps, comma, sentence, paragraph, section, pause, long
    ("brisk", "1", "0.6", None, "0.9", "2", "3", "4", "12"),
    ("natural", "1", "0.8", None, "1.5", "4", "6", "8", "20"),
    ("calm", "1", "1", "0.5", "2.2", "6", "9", "10", "30"),
    ("sleep", "1.5", "1.25", "0.8", "3", "8", "12", "12", "45"),
)


def _pace(name: str, floors: str, caps: str, *natural: str | None) -> Pace:
    bounds = {
        kind: Elastic(
            floor=Fraction(_FLOORS[kind]) * Fraction(floors),
            natural=Fraction(seconds),
            cap=Fraction(_CAPS[kind]) * Fraction(caps),
        )
        for kind, seconds in zip(_FLOORS, natural, strict=True)
        if seconds is not None
    }
    return Pace(
        name=name,
        comma=bounds.get("comma"),
        sentence=bounds["sentence"],
        paragraph=bounds["paragraph"],
        section=bounds["section"],
        pause=bounds["pause"],
        long=bounds["long"],
    )


PACES: Final[Mapping[str, Pace]] = {row[0]: _pace(*row) for row in _ROWS}
"""Every pause profile by name. `calm` and `sleep` also pause at commas, the others leave those
to the voice."""

DEFAULT_PACE: Final = "calm"
