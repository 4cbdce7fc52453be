# ruff: noqa: RUF002 - IPA is made of letters that look like others
"""How words want to be said: the lexicons of a voice and of its library, for one language.

A value is a respelling (`Qi: chee`), a pronunciation (`Qi: /tʃiː/`), or both, the respelling for
engines that cannot read IPA (`Qi: chee /tʃiː/`). A respelling is meant for the ear of one
language; so it holds for phrases in the language of its file, and IPA for all. A mapping says
which language each is for: `Qi: {en: chee, de: tschi}`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from undersong.recipes.model import Word
from undersong.voices.text.letters import cleaned

Entries = Mapping[str, str | Mapping[str, str]]
"""A lexicon as written."""

_VALUE = re.compile(r"(?P<spelling>[^/]*?)\s*(?:/(?P<ipa>[^/]+)/)?\s*")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


class Lexicon(Struct, frozen=True, kw_only=True):
    """What holds for phrases of one language.

    Attributes:
        respelt: respellings by word or words as written.
        sounds: by words in lower case: IPA, and a respelling beside it or None.
    """

    respelt: Mapping[str, str]
    sounds: Mapping[tuple[str, ...], tuple[str, str | None]]

    @classmethod
    def of(cls, language: str, *sources: tuple[str, Entries]) -> "Lexicon":
        """Put lexicons together for phrases in `language`; later ones win.

        Args:
            language: BCP 47 tag.
            sources: language of a file, and its lexicon.
        """
        respelt: dict[tuple[str, ...], tuple[str, str]] = {}
        sounds: dict[tuple[str, ...], tuple[str, str | None]] = {}
        for home, entries in sources:
            for key, value in entries.items():
                for spelling, ipa in _chosen(value, language, home):
                    words = _words(key)
                    respelt.pop(words, None)
                    sounds.pop(words, None)
                    if ipa:
                        sounds[words] = (ipa, spelling or None)
                    elif spelling:
                        respelt[words] = (key, spelling)
        return cls(respelt=dict(respelt.values()), sounds=sounds)

    def marked(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return the words with IPA where the lexicon has it; a maker's own marks win."""
        if not self.sounds:
            return tuple(words)
        found = list(words)
        bare = [_bare(word.text) for word in words]
        start = 0
        while start < len(found):
            width = self._width(bare, start)
            span = found[start : start + width]
            if width and all(word.sub is None and word.ipa is None for word in span):
                ipa, spelling = self.sounds[tuple(bare[start : start + width])]
                found[start] = replace(span[0], ipa=ipa, sub=spelling)
                rest = "" if spelling is not None else None
                for k in range(1, width):
                    found[start + k] = replace(span[k], ipa="", sub=rest)
            start += max(width, 1)
        return tuple(found)

    def _width(self, bare: Sequence[str], start: int) -> int:
        """Return how many words the longest entry at `start` takes, 0 for none."""
        longest = min(max(map(len, self.sounds), default=0), len(bare) - start)
        widths = range(longest, 0, -1)
        return next((n for n in widths if tuple(bare[start : start + n]) in self.sounds), 0)


def touching(entries: Entries, words: Sequence[str]) -> dict[str, str | Mapping[str, str]]:
    """Return the entries that can reach some of these words; perhaps a few more.

    Args:
        entries: a lexicon as written.
        words: as written, in order.
    """
    if not entries:
        return {}
    text = " ".join(cleaned(word) for word in words).lower()
    bare = f" {' '.join(_bare(word) for word in words)} "
    return {
        key: value
        for key, value in entries.items()
        if _stands_in(cleaned(key).lower(), text) or f" {' '.join(_words(key))} " in bare
    }


def _stands_in(key: str, text: str) -> bool:
    """Whether a key stands in a text as a whole word, or several."""
    return key in text and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text) is not None


def _chosen(
    value: str | Mapping[str, str], language: str, home: str
) -> Iterator[tuple[str, str | None]]:
    """Yield spelling and IPA of an entry as they hold for a language, if they do."""
    tongue = _tongue(language)
    if isinstance(value, str):
        found = _VALUE.fullmatch(value)
        spelling, ipa = (found["spelling"], found["ipa"]) if found else (value, None)
        yield (spelling if _tongue(home) == tongue else ""), ipa
        return
    for tag in dict.fromkeys((language, tongue)):
        if tag in value:
            yield from _chosen(value[tag], language, language)
            return


def _words(key: str) -> tuple[str, ...]:
    return tuple(_bare(word) for word in key.split())


def _bare(text: str) -> str:
    return _EDGES.sub("", cleaned(text)).lower()


def _tongue(language: str) -> str:
    return language.lower().split("-")[0]
