# ruff: noqa: RUF001 - dashes and quotes of every kind close words
"""How a text is pronounced: clauses of IPA, for voices that speak phonemes and not letters.

espeak-ng spells them in the process in which it also speaks, behind a pipe; nothing of it is
loaded here. Clauses are cut by us, at the punctuation that closes words, so that no punctuation
is lost on the way and a word whose pronunciation a maker wrote out keeps it.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from undersong.errors import VoiceError
from undersong.voices.contract import SpokenWord
from undersong.voices.espeak_home import NAMES, command
from undersong.voices.espeak_pipe import Pool

CLAUSE_WORDS: Final = 40
"""A clause without any punctuation is cut here: no voice has learnt longer ones."""

PROCESSES: Final = 2
TIMEOUT_S: Final = 30.0
"""Spelling takes some milliseconds; whoever takes this long hangs."""

SILENT: Final = frozenset(" ˈˌːˑ-.,;:!?…—^$_|\u0361")
"""Symbols that make no sound of their own."""

_CLOSING = re.compile(r"([.,;:!?…—–])[\"'”’)\]]*$")
_INSIDE = re.compile(r"(?<=[.,;:!?…—–])\s+")
_SWITCH = re.compile(r"\([^)]*\)")
_MARKS: Final = {"–": "—"}


class Clause(Struct, frozen=True, kw_only=True):
    """Some words up to a pause.

    Attributes:
        words: indices of the spoken words, in order.
        ipa: how they are pronounced together; words may run into one another.
        close: the punctuation after it, one of `.,;:!?…—`, or "" for none.
    """

    words: tuple[int, ...]
    ipa: str
    close: str

    @property
    def ends_sentence(self) -> bool:
        """Whether the voice comes to rest here."""
        return self.close in {".", "!", "?"}


class Phonemes:
    """Pronounces with one voice of espeak-ng; safe between threads."""

    def __init__(self, voice: str) -> None:
        """Start nothing yet."""
        primary = voice.partition("-")[0]
        names = (voice, NAMES.get(voice.lower(), voice), NAMES.get(primary, primary))
        self._voices = list(dict.fromkeys(names))
        self._pool = Pool(command, PROCESSES)
        self._alone: dict[str, str] = {}
        self._lock = threading.Lock()

    def clauses(self, words: Sequence[SpokenWord]) -> tuple[Clause, ...]:
        """Return the words as clauses; none when there is nothing to say.

        Raises:
            VoiceError: espeak-ng has no such voice, or does not run here.
        """
        groups = list(_groups(words))
        runs = [_runs(group) for group in groups]
        texts = [text for run in runs for text, ipa in run if not ipa]
        spelt = iter(self._spelt(texts) if texts else ())
        found = []
        for group, run in zip(groups, runs, strict=True):
            pieces = (ipa or _SWITCH.sub("", next(spelt)) for _, ipa in run)
            said = " ".join(piece for piece in pieces if piece)
            if sounds(said):
                indices = tuple(dict.fromkeys(unit.index for unit in group))
                cut = "," if len(group) == CLAUSE_WORDS else ""
                found.append(Clause(words=indices, ipa=said, close=group[-1].close or cut))
        return tuple(found)

    def alone(self, words: Iterable[SpokenWord]) -> tuple[str, ...]:
        """Return how each word is pronounced when nothing else is said.

        Raises:
            VoiceError: as for `clauses`.
        """
        wanted = list(words)
        with self._lock:
            new = {_bare(word.text) for word in wanted} - self._alone.keys()
            ordered = sorted(new)
            if ordered:
                self._alone.update(zip(ordered, self._spelt(ordered), strict=True))
            return tuple(
                _given(word) or _SWITCH.sub("", self._alone[_bare(word.text)]) for word in wanted
            )

    def close(self) -> None:
        """End the processes; a later request starts new ones."""
        self._pool.close()

    def _spelt(self, texts: Sequence[str]) -> tuple[str, ...]:
        request = {"do": "spell", "texts": list(texts), "voices": self._voices}
        header = self._pool.ask(request, TIMEOUT_S).header
        if "error" in header:
            raise VoiceError(str(header["error"]))
        return tuple(str(ipa) for ipa in header["ipa"])


def sounds(ipa: str) -> str:
    """Return the symbols of a pronunciation that make a sound of their own."""
    return "".join(symbol for symbol in ipa if symbol not in SILENT)


class _Unit(Struct, frozen=True):
    """A word, or a part of a word that says several: `four, seven, eight` are three."""

    index: int
    text: str
    ipa: str
    close: str


def _units(words: Sequence[SpokenWord]) -> Iterator[_Unit]:
    for index, word in enumerate(words):
        parts = [word.text] if word.ipa else _INSIDE.split(word.text.strip())
        for part in parts:
            closing = _CLOSING.search(part.rstrip())
            close = _MARKS.get(closing[1], closing[1]) if closing else ""
            unit = _Unit(index, _bare(part), _given(word), close)
            if unit.text or unit.ipa:
                yield unit


def _groups(words: Sequence[SpokenWord]) -> Iterator[list[_Unit]]:
    """Yield the units of each clause; the last one's `close` closes it."""
    group: list[_Unit] = []
    for unit in _units(words):
        group.append(unit)
        if unit.close or len(group) == CLAUSE_WORDS:
            yield group
            group = []
    if group:
        yield group


def _runs(group: Sequence[_Unit]) -> list[tuple[str, str]]:
    """Return (text, "") for words to be spelt together and ("", IPA) for each spelt by a maker."""
    runs: list[tuple[str, str]] = []
    for unit in group:
        if unit.ipa:
            runs.append(("", unit.ipa))
        elif runs and runs[-1][0]:
            runs[-1] = (f"{runs[-1][0]} {unit.text}", "")
        else:
            runs.append((unit.text, ""))
    return runs


def _given(word: SpokenWord) -> str:
    """Return the pronunciation that a maker wrote out, or ""."""
    return (word.ipa or "").strip("/ ")


def _bare(text: str) -> str:
    """Return a word without the punctuation around it; punctuation inside it stays."""
    return text.strip(" \t\n.,;:!?…—–-\"'“”‘’()[]")
