"""Which table reads which language."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from msgspec.structs import replace

from undersong.voices.text.dutch import DUTCH
from undersong.voices.text.english import AMERICAN, ENGLISH
from undersong.voices.text.figures import number_code, point_and_minus
from undersong.voices.text.french import FRENCH
from undersong.voices.text.german import GERMAN
from undersong.voices.text.italian import ITALIAN
from undersong.voices.text.language import MINUS, SIGNS, Language
from undersong.voices.text.portuguese import PORTUGUESE
from undersong.voices.text.spanish import SPANISH

TABLES: Mapping[str, Language] = MappingProxyType(
    {
        "de": GERMAN,
        "en": ENGLISH,
        "en-us": AMERICAN,
        "es": SPANISH,
        "fr": FRENCH,
        "it": ITALIAN,
        "nl": DUTCH,
        "pt": PORTUGUESE,
    }
)


@lru_cache(maxsize=64)
def language_for(tag: str) -> Language:
    """Return the table for a BCP 47 tag.

    A language without a table has numbers from num2words where that knows it, and borrows the
    English words for everything else; one unknown to num2words says its numbers in English too,
    as nothing written may go unsaid.
    """
    bare = tag.replace("_", "-").lower()
    table = TABLES.get(bare) or TABLES.get(bare.partition("-")[0])
    if table:
        return replace(table, tag=bare)
    point, minus = point_and_minus(number_code(bare))
    signs = {**SIGNS, MINUS: minus or SIGNS[MINUS]}
    return Language(tag=bare, point=point or "point", signs=signs)
