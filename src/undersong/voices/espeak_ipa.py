# ruff: noqa: RUF001 - IPA is made of letters that look like others
"""IPA as espeak-ng's mnemonics, for words whose pronunciation a maker writes out."""

from types import MappingProxyType
from typing import Final

# espeak-ng's phoneme mnemonics for English and its neighbours (its docs/phonemes.md).
_MNEMONICS: Final = MappingProxyType(
    {
        "tʃ": "tS", "dʒ": "dZ", "aɪ": "aI", "aʊ": "aU", "eɪ": "eI", "oʊ": "oU", "əʊ": "oU",
        "ɔɪ": "OI", "iː": "i:", "uː": "u:", "ɑː": "A:", "ɔː": "O:", "ɜː": "3:", "ɪə": "i@",
        "eə": "e@", "ʊə": "U@", "ɚ": "3", "ɝ": "3:", "i": "i", "u": "u:", "ɪ": "I", "ɛ": "E",
        "e": "e", "æ": "a", "a": "a", "ɐ": "a#", "ʌ": "V", "ə": "@", "ɑ": "A:", "ɔ": "O:",
        "ɒ": "0", "ʊ": "U", "o": "o", "y": "y", "ø": "Y", "œ": "W", "p": "p", "b": "b", "t": "t",
        "d": "d", "k": "k", "ɡ": "g", "g": "g", "f": "f", "v": "v", "θ": "T", "ð": "D", "s": "s",
        "z": "z", "ʃ": "S", "ʒ": "Z", "h": "h", "m": "m", "n": "n", "ŋ": "N", "l": "l",
        "ɹ": "r", "r": "r", "j": "j", "w": "w", "x": "x", "ç": "C", "ɾ": "*", "ʔ": "?",
        "ˈ": "'", "ˌ": ",", "ː": ":", ".": "", "‿": "", " ": "||",
    }
)  # fmt: skip

_LONGEST: Final = max(map(len, _MNEMONICS))


def mnemonics(ipa: str) -> str | None:
    """Return IPA as `[[mnemonics]]`, or None when a symbol of it has none."""
    out, rest = "", ipa.strip("/ ")
    while rest:
        for width in range(_LONGEST, 0, -1):
            if rest[:width] in _MNEMONICS:
                out += _MNEMONICS[rest[:width]]
                rest = rest[width:]
                break
        else:
            return None
    return f"[[{out}]]" if out else None
