# ruff: noqa: RUF001 - IPA is made of letters that look like others
"""IPA as espeak-ng's mnemonics, for words whose pronunciation a maker writes out.

Each of espeak-ng's languages knows its own mnemonics and falls silent at others, so every row was
tried in the languages that it is for (espeak-ng 1.52): they say this sound, or the nearest one that
they have.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STRESS: Final = MappingProxyType({"ˈ": "'", "ˌ": ","})
SILENT: Final = frozenset(".|‿‖()\u0361\u035c/")
"""Syllable breaks, linking and tie bars, brackets: nothing to be said."""

LENGTH: Final = "ː"
VOWELS: Final = frozenset("iyɪʏeøɛœæaɐəɚɝɜʌɑɒɔoõuʊᵻ")

# Mnemonics that every language has.
_ALL: Final = MappingProxyType(
    {
        "p": "p", "b": "b", "t": "t", "d": "d", "k": "k", "ɡ": "g", "g": "g", "f": "f", "v": "v",
        "θ": "T", "ð": "D", "s": "s", "z": "z", "ʃ": "S", "ʒ": "Z", "h": "h", "m": "m", "n": "n",
        "ŋ": "N", "l": "l", "j": "j", "w": "w", "tʃ": "tS", "dʒ": "dZ", "x": "x", "ʔ": "?",
        "r": "R", "ɣ": "Q", "ç": "C", "c": "c", "ɟ": "J", "q": "q", "ɫ": "L", "β": "B",
        "χ": "X", "ʎ": "l^", "ɲ": "n^", "ɕ": "S;", "tʲ": "t;", " ": " ",
        "i": "i", "e": "e", "a": "a", "o": "o", "u": "u", "ə": "@",
    }
)  # fmt: skip

_ENGLISH: Final = MappingProxyType(
    {
        "ɹ": "r", "r": "r", "ɾ": "t#", "tʰ": "t", "æ": "a", "iː": "i:", "ɪ": "I", "ɛ": "E",
        "eː": "e:", "oː": "o:", "ɔː": "O:", "ɔ": "O", "ɑː": "A:", "ɑ": "A:", "ɒ": "0", "ʌ": "V",
        "ɐ": "V", "ʊ": "U", "uː": "u:", "ɜː": "3:", "ɜ": "3:", "ɝ": "3:", "ɝː": "3:", "ɚ": "3",
        "ᵻ": "I#", "ɔɪ": "OI", "aʊ": "aU", "oʊ": "oU", "əʊ": "oU", "ɪə": "i@", "eə": "e@",
        "ɛə": "e@", "ʊə": "U@", "aɪ": "aI", "eɪ": "eI",
    }
)  # fmt: skip

_OWN: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": _ENGLISH,
        "de": {
            "ʁ": "r", "r": "r", "ɪ": "I", "iː": "i:", "eː": "e:", "ɛ": "E", "ɛː": "E:", "aː": "A:",
            "ɑː": "A:", "ɑ": "A", "ɔ": "O", "oː": "o:", "ʊ": "U", "uː": "u:", "ʏ": "y",
            "y": "y", "yː": "y:", "œ": "W", "ø": "W", "øː": "Y:", "ɔɪ": "OI", "ɔʏ": "OI",
            "aʊ": "aU", "ɐ": "3", "aɪ": "aI", "eɪ": "eI",
        },
        "fr": {
            "ʁ": "r", "r": "r", "ɛ": "E", "ɔ": "O", "y": "y", "ø": "Y", "œ": "W", "ɑ̃": "A~",
            "ɔ̃": "O~", "ɛ̃": "E~", "œ̃": "W~", "ɑ": "a", "aɪ": "aI", "eɪ": "eI",
        },
        "es": {"ɾ": "r", "ɛ": "E", "ɔ": "O", "ʊ": "U", "aʊ": "aU", "aɪ": "aI", "eɪ": "eI"},
        "it": {
            "ɹ": "r", "ɛ": "E", "ɔ": "O", "ɪ": "I", "aʊ": "aU", "aɪ": "aI", "eɪ": "eI",
        },
        "pt": {
            "ɹ": "r", "ɾ": "r", "ɛ": "E", "ɔ": "O", "ɪ": "I", "ʊ": "U", "õ": "o~", "aʊ": "aU",
            "aɪ": "aI", "eɪ": "eI",
        },
        "nl": {
            "ɹ": "r", "r": "r", "ɛ": "E", "ɔ": "O", "ɪ": "I", "eː": "e:", "oː": "o:", "aː": "a:",
            "ɑ": "A", "y": "y", "aɪ": "aI", "eɪ": "eI",
        },
    }
)  # fmt: skip


def mnemonics(ipa: str, language: str) -> str | None:
    """Return IPA as mnemonics of a language (a primary subtag), or None where a sound has none.

    Stress marks move to the vowel that they stress, where espeak-ng wants them; a length mark
    on a vowel that has no long mnemonic of its own is dropped.
    """
    table = {**_ALL, **_OWN.get(language, {})}
    longest = max(map(len, table))
    out, stress = "", ""
    rest = "".join(" ".join(_letters(ipa).split()))
    while rest:
        if rest[0] in STRESS:
            stress, rest = STRESS[rest[0]], rest[1:]
            continue
        found = next((rest[:n] for n in range(longest, 0, -1) if rest[:n] in table), None)
        if found is None and rest[0] == LENGTH and out:
            rest = rest[1:]
            continue
        if found is None:
            return None
        if found[0] in VOWELS:
            out, stress = out + stress, ""
        out, rest = out + table[found], rest[len(found) :]
    return out.strip() or None


def _letters(ipa: str) -> str:
    """Return IPA in the table's spelling: composed, without what is not said."""
    composed = unicodedata.normalize("NFC", ipa).replace(":", LENGTH).replace("'", "ˈ")
    return "".join(letter for letter in composed if letter not in SILENT)
