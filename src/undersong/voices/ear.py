# ruff: noqa: RUF001 - IPA is made of letters that look like others
"""The ear of the `listen` extra: pocketsphinx and its English model, behind plain calls.

Not an open recogniser: it is always told which words may come.
"""

import importlib.metadata
import importlib.util
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from undersong.errors import VoiceError
from undersong.units import SAMPLE_RATE
from undersong.voices.contract import RawTake, SpokenWord
from undersong.voices.trim import decode

LANGUAGE: Final = "en"
RATE_HZ: Final = 16_000
FRAME_S: Final = 0.01
PEAK: Final = 0.5

WIDE: Final = 1e-200
"""Beams for alignment: with the usual ones one sentence in five to ten is not found at all."""

_SOUNDS: Final = {
    "tʃ": "CH", "dʒ": "JH", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY",
    "iː": "IY", "uː": "UW", "ɑː": "AA", "ɔː": "AO", "ɜː": "ER", "ɚ": "ER", "ɝ": "ER", "i": "IY",
    "u": "UW", "ɪ": "IH", "ɛ": "EH", "æ": "AE", "a": "AA", "ɐ": "AH", "ʌ": "AH", "ə": "AH",
    "ɑ": "AA", "ɔ": "AO", "ɒ": "AA", "ʊ": "UH", "o": "OW", "e": "EY", "θ": "TH", "ð": "DH",
    "ʃ": "SH", "ʒ": "ZH", "ŋ": "NG", "ɹ": "R", "ɾ": "T", "j": "Y", "ɡ": "G",
}  # fmt: skip
_LETTERS: Final = {
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "ee": "IY", "oo": "UW", "ai": "EY", "ay": "EY",
    "ow": "OW", "ou": "AW", "a": "AA", "e": "EH", "i": "IH", "o": "OW", "u": "AH", "y": "IY",
    "b": "B", "c": "K", "d": "D", "f": "F", "g": "G", "h": "HH", "j": "JH", "k": "K", "l": "L",
    "m": "M", "n": "N", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "v": "V", "w": "W",
    "x": "K S", "z": "Z",
}  # fmt: skip
"""Rough readings of IPA and of letters in ARPAbet, for words that the dictionary lacks. Near is
enough: the words around them hold them in place."""


def version() -> str:
    """Return what listens here; "" when the `listen` extra is not installed."""
    if importlib.util.find_spec("pocketsphinx") is None:
        return ""
    return f"pocketsphinx {importlib.metadata.version('pocketsphinx')}"


def understands(language: str) -> bool:
    """Tell whether there is a model for a language."""
    return language.lower().split("-")[0] == LANGUAGE


def tokens(word: SpokenWord) -> list[str]:
    """Return what the ear may hear for one spoken word: lower-case words."""
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", word.text.lower())


class Ear:
    """Hears either where given words lie, or which of a vocabulary are said.

    Loading takes a fifth of a second. Not safe between threads.
    """

    def __init__(self, words: Sequence[Sequence[SpokenWord]]) -> None:
        """Load the model and the words of all phrases that will be heard.

        Raises:
            VoiceError: the `listen` extra is not installed.
        """
        if not version():
            raise VoiceError(
                "nothing here can listen: pocketsphinx is not installed",
                hint="install it with: pip install 'undersong[listen]'",
            )
        from pocketsphinx import Decoder  # noqa: PLC0415 - optional

        self._aligner: Any = Decoder(
            loglevel="FATAL", bestpath=False, lm=None, beam=WIDE, pbeam=WIDE, wbeam=WIDE
        )
        self._listener: Any = None
        for word in {word for phrase in words for word in phrase}:
            self._learn(word)

    def place(self, take: RawTake, said: Sequence[str]) -> list[tuple[float, float]]:
        """Return start and length in seconds of each of the words; nothing when they do not fit."""
        decoder = self._aligner
        decoder.set_align_text(" ".join(said))
        found = list(_heard(decoder, take))
        if [word for word, _, _ in found] != list(said):
            return []
        return [(start * FRAME_S, (end + 1 - start) * FRAME_S) for _, start, end in found]

    def expect(self, phrases: Iterable[Sequence[str]]) -> None:
        """Make these phrases all that there is to be heard: their words, likely in their order."""
        from pocketsphinx import Decoder  # noqa: PLC0415 - optional

        said = [tuple(phrase) for phrase in phrases]
        words = sorted({word for phrase in said for word in phrase})
        with tempfile.TemporaryDirectory() as folder:  # with all of its dictionary it takes 10 s
            model, book = Path(folder) / "script.lm", Path(folder) / "script.dict"
            model.write_text(_language_model(said), encoding="utf-8")
            lines = [line for word in words for line in self._spellings(word)]
            book.write_text("\n".join([*lines, ""]), encoding="utf-8")
            self._listener = Decoder(loglevel="FATAL", lm=str(model), dict=str(book))

    def words(self, take: RawTake) -> list[str]:
        """Return which of the expected words are heard, in order."""
        return [word for word, _, _ in _heard(self._listener, take)]

    def _learn(self, word: SpokenWord) -> None:
        for token in tokens(word):
            own = _read(word.ipa, _SOUNDS) if word.ipa and len(tokens(word)) == 1 else ""
            if self._aligner.lookup_word(token) is None:
                sounds = own or _read(_plain(token), _LETTERS) or "AH"
                self._aligner.add_word(token, sounds, True)  # noqa: FBT003 - pocketsphinx's own

    def _spellings(self, word: str) -> Iterator[str]:
        """Yield a line of a dictionary for each way in which a word may sound."""
        for name in (word, *(f"{word}({k})" for k in range(2, 6))):
            sounds = self._aligner.lookup_word(name)
            if sounds is not None:
                yield f"{name} {sounds}"


def _heard(decoder: Any, take: RawTake) -> Iterator[tuple[str, int, int]]:  # noqa: ANN401 - untyped
    """Yield word, first and last frame of what a decoder finds in a take."""
    decoder.start_utt()
    decoder.process_raw(_pcm(take), full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return
    for part in decoder.seg():
        if not part.word.startswith(("<", "[", "(", "+")):
            yield re.sub(r"\(\d+\)$", "", part.word), part.start_frame, part.end_frame


def _pcm(take: RawTake) -> bytes:
    """Return a take as the model wants it: 16-bit mono at 16 kHz, well driven."""
    from scipy.signal import resample_poly  # noqa: PLC0415 - half a second of import

    sound = resample_poly(decode(take), 1, SAMPLE_RATE // RATE_HZ)
    driven = sound * (PEAK * 32_767 / np.abs(sound).max())
    return bytes(driven.astype("<i2").tobytes())


def _read(text: str, table: dict[str, str]) -> str:
    """Read text into ARPAbet by a table, the longest entries first; what has none is left out."""
    sounds, rest = [], text
    while rest:
        width = 2 if rest[:2] in table else 1
        sounds.append(table.get(rest[:width]) or _LETTERS.get(rest[:width], ""))
        rest = rest[width:]
    return " ".join(filter(None, sounds))


def _plain(token: str) -> str:
    import unicodedata  # noqa: PLC0415 - for the rare word

    return unicodedata.normalize("NFKD", token).encode("ascii", "ignore").decode()


def _language_model(phrases: Iterable[Sequence[str]]) -> str:
    """Return an ARPA model: every word equally likely, half of the time the script's next one."""
    follow: dict[str, dict[str, int]] = {}
    for phrase in phrases:
        for word, after in pairwise(["<s>", *phrase, "</s>"]):
            nexts = follow.setdefault(word, {})
            nexts[after] = nexts.get(after, 0) + 1
    words = sorted({word for nexts in follow.values() for word in nexts} - {"</s>"})
    flat, half = -math.log10(len(words) + 1), math.log10(0.5)
    pairs = [
        f"{half + math.log10(count / sum(nexts.values())):.4f} {word} {after}"
        for word, nexts in sorted(follow.items())
        for after, count in sorted(nexts.items())
    ]
    lines = [
        "\\data\\",
        f"ngram 1={len(words) + 2}",
        f"ngram 2={len(pairs)}",
        "",
        "\\1-grams:",
        f"-99 <s> {half:.4f}",
        f"{flat:.4f} </s>",
        *(f"{flat:.4f} {word} {half:.4f}" for word in words),
        "",
        "\\2-grams:",
        *pairs,
        "",
        "\\end\\",
        "",
    ]
    return "\n".join(lines)
