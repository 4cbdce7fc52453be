# ruff: noqa: RUF001 - phonemes are made of letters that look like others
"""What Kokoro reads: its symbols, and espeak-ng's pronunciations written in them."""

import re
from types import MappingProxyType
from typing import Final

_RUNS: Final = (
    (1, ";:,.!?"), (9, '—…"()“” \u0303ʣʥʦʨᵝꭧAI'), (31, "O"), (33, "Q"), (35, "ST"), (39, "W"),
    (41, "Yᵊabcdef"), (50, "hijklmnopqrstuvwxyzɑɐɒæ"), (75, "βɔɕç"), (80, "ɖðʤə"), (85, "ɚɛɜ"),
    (90, "ɟ"), (92, "ɡ"), (99, "ɥ"), (101, "ɨɪʝ"), (110, "ɯɰŋɳɲɴø"), (118, "ɸθœ"), (123, "ɹ"),
    (125, "ɾɻ"), (128, "ʁɽʂʃʈʧ"), (135, "ʊʋ"), (138, "ʌɣɤ"), (142, "χʎ"), (147, "ʒʔ"),
    (156, "ˈˌː"), (162, "ʰ"), (164, "ʲ"), (169, "↓"), (171, "→↗↘"), (177, "ᵻ"),
)  # fmt: skip

SYMBOLS: Final = MappingProxyType(
    {symbol: first + k for first, run in _RUNS for k, symbol in enumerate(run)}
)
"""Token of each symbol, from config.json of Kokoro-82M: 114 of them, 0 pads."""

SPEAKS: Final = MappingProxyType(
    {"a": "en-us", "b": "en", "e": "es", "f": "fr", "h": "hi", "i": "it", "p": "pt-br"}
)
"""Voice of espeak-ng by first letter of a Kokoro voice. Japanese (j) and Chinese (z) voices have
learnt from other spellers, which we do not have."""

_ALL: Final = (
    ("aɪ", "I"), ("aʊ", "W"), ("dʒ", "ʤ"), ("eɪ", "A"), ("tʃ", "ʧ"), ("ɔɪ", "Y"), ("g", "ɡ"),
    ("\u0361", ""),
)  # fmt: skip
_ENGLISH: Final = (
    *_ALL, ("ʔn\u0329", "tᵊn"), ("əl", "ᵊl"), ("ɚ", "əɹ"), ("ɐ", "ə"), ("ʔ", "t"), ("ɬ", "l"),
    ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ʲ", ""), ("\u0303", ""), ("e", "A"),
)  # fmt: skip
_AMERICAN: Final = (
    *_ENGLISH, ("oʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("o", "ɔ"), ("ː", ""),
)  # fmt: skip
_BRITISH: Final = (*_ENGLISH, ("eə", "ɛː"), ("iə", "ɪə"), ("əʊ", "Q"), ("oʊ", "Q"))
_TABLES: Final = MappingProxyType({"a": _AMERICAN, "b": _BRITISH})
"""Kokoro has learnt English with one letter per diphthong and affricate (hexgrad/misaki)."""

_SYLLABIC: Final = re.compile("(\\S)\u0329")


def in_symbols(ipa: str, family: str) -> str:
    """Return a pronunciation by espeak-ng as Kokoro writes it; `family` is a key of `SPEAKS`.

    The longest match wins, from left to right. Symbols that Kokoro does not know stay.
    """
    table = dict(_TABLES.get(family, _ALL))
    longest = sorted(table, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest)))
    return _SYLLABIC.sub("ᵊ\\1", pattern.sub(lambda found: table[found[0]], ipa))
