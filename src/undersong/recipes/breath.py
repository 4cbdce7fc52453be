"""Guided breaths: a mark becomes phases, each with what is said at its start."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, cast

from undersong.recipes.marks import Breath
from undersong.recipes.model import BreathPhase, Position, Utterance, Word

PhaseName = Literal["in", "hold", "out", "rest"]

# Said in the first cycle, and in the later ones; a phase without words is silent. An inner
# phrase ends with a comma, so that the voice does not fall (docs/craft.md).
_WORDS: Final[Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]] = {
    "en": (
        {"in": "Breathe in,", "hold": "Hold,", "out": "and breathe out."},
        {"in": "In,", "out": "and out."},
    ),
    "de": (
        {"in": "Einatmen,", "hold": "halten,", "out": "und ausatmen."},
        {"in": "Ein,", "out": "und aus."},
    ),
    "fr": (
        {"in": "Inspirez,", "hold": "retenez,", "out": "et expirez."},
        {"in": "Inspirez,", "out": "expirez."},
    ),
    "es": (
        {"in": "Inhala,", "hold": "mantén,", "out": "y exhala."},
        {"in": "Inhala,", "out": "exhala."},
    ),
    "it": (
        {"in": "Inspira,", "hold": "trattieni,", "out": "ed espira."},
        {"in": "Inspira,", "out": "espira."},
    ),
    "pt": (
        {"in": "Inspire,", "hold": "segure,", "out": "e expire."},
        {"in": "Inspire,", "out": "expire."},
    ),
    "nl": (
        {"in": "Adem in,", "hold": "houd vast,", "out": "en adem uit."},
        {"in": "In,", "out": "en uit."},
    ),
}

_FALLBACK: Final = ("en", "en-US")
"""Language of the words, and its tag, where we have none in the recipe's."""


def phases(breath: Breath, language: str, index: Callable[[], int]) -> Iterator[BreathPhase]:
    """Yield all phases of all cycles in order.

    Args:
        breath: as written.
        language: of the recipe, BCP 47.
        index: gives the index of the next utterance.
    """
    spoken, tag = language.partition("-")[0].lower(), language
    if spoken not in _WORDS:
        spoken, tag = _FALLBACK
    first, later = _WORDS[spoken]
    for cycle in range(1, breath.times + 1):
        words = first if cycle == 1 else later if breath.say == "every" else {}
        for name, seconds in breath.phases:
            text = words.get(name) if breath.say != "none" else None
            place = breath.places[name]
            yield BreathPhase(
                name=cast("PhaseName", name),
                seconds=seconds,
                cycle=cycle,
                position=place,
                utterance=_utterance(text, tag, place, index()) if text else None,
            )


def _utterance(text: str, language: str, place: Position, index: int) -> Utterance:
    """Return the words of a phase; all of them stand where the phase is written."""
    words = tuple(Word(text=word, position=place) for word in text.split())
    return Utterance(index=index, words=words, position=place, language=language)
