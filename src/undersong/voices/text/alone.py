"""Signs that have a word only where nothing else is said: an utterance that is just `©`.

Between words they stay unsaid, as people leave them out when they read aloud.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from undersong.voices.text.language import Language
from undersong.voices.text.letters import CLOSING

_LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt")

_ROWS: Final = (
    ("©", *("copyright",) * 7),
    ("®", "registered trademark", "eingetragene Marke", "marque déposée", "marca registrada",
     "marchio registrato", "geregistreerd handelsmerk", "marca registrada"),
    ("™", "trademark", "Marke", "marque de commerce", "marca comercial",
     "marchio", "handelsmerk", "marca comercial"),
    ("§", "section", "Paragraf", "paragraphe", "sección", "paragrafo", "paragraaf", "parágrafo"),
    ("¶", "paragraph", "Absatz", "alinéa", "párrafo", "capoverso", "alinea", "parágrafo"),
    ("√", "square root", "Wurzel", "racine carrée", "raíz cuadrada",
     "radice quadrata", "vierkantswortel", "raiz quadrada"),
    ("∞", "infinity", "unendlich", "infini", "infinito", "infinito", "oneindig", "infinito"),
    ("∑", "sum", "Summe", "somme", "suma", "somma", "som", "soma"),
    ("≠", "not equal to", "ungleich", "différent de", "distinto de",
     "diverso da", "niet gelijk aan", "diferente de"),
    ("≤", "at most", "höchstens", "au plus", "como máximo",
     "al massimo", "hoogstens", "no máximo"),
    ("≥", "at least", "mindestens", "au moins", "como mínimo", "almeno", "minstens", "no mínimo"),
    ("‰", "per mille", "Promille", "pour mille", "por mil", "per mille", "promille", "por mil"),
)  # fmt: skip
"""A sign, and its words in each of `_LANGUAGES`."""

_WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {code: {row[0]: row[k] for row in _ROWS} for k, code in enumerate(_LANGUAGES, start=1)}
)

_BESIDE_FIGURES: Final = frozenset("²³±≈<>#")
"""Signs that a language's table has words for, which otherwise speak beside a figure only."""

_AROUND: Final = CLOSING + "\"'()*\N{VARIATION SELECTOR-16}"


def said_alone(text: str, table: Language) -> str:
    """Return the words for a word made of signs; "" where one of them has none.

    A language without a table borrows from English.
    """
    words = _WORDS.get(table.numbers[:2], _WORDS["en"])
    found = [
        words.get(sign) or (table.signs.get(sign) if sign in _BESIDE_FIGURES else None)
        for sign in text.strip(_AROUND)
    ]
    return " ".join(word for word in found if word) if all(found) else ""
