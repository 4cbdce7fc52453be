"""Which of our words the service has named: counted for trust, timed for captions."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from undersong.voices.contract import Mark, Request
from undersong.voices.edge.model import Named

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana and Han: scripts that leave no space between words."""

_ATOM: Final = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


def atoms(text: str) -> list[str]:
    """Return the least parts that two texts can share: words, or letters where none are spaced."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _ATOM.findall(re.sub("['\u2019]", "", plain))


def letters(text: str) -> int:
    """Return how long a text is to say, in letters; one of Han or kana counts as two."""
    return sum(
        2 if len(atom) == 1 and ord(atom) >= ord("\u3040") else len(atom) for atom in atoms(text)
    )


def coverage(text: str, named: Sequence[Named]) -> tuple[int, int]:
    """Return how many atoms of the text have been named, in order, and how many there are."""
    ours = atoms(text)
    theirs = [atom for word in named for atom in atoms(word.text)]
    matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()), len(ours)


def marks(request: Request, named: Sequence[Named]) -> tuple[Mark, ...]:
    """Return a mark for each named word that is one of the request's, in order."""
    found = tuple(_marks(request, named))
    return tuple(dict.fromkeys(found))


def _marks(request: Request, named: Sequence[Named]) -> Iterator[Mark]:
    ours = [(index, atom) for index, word in enumerate(request.words) for atom in atoms(word.text)]
    theirs = [(word, atom) for word in named for atom in atoms(word.text)]
    matcher = SequenceMatcher(
        None, [atom for _, atom in theirs], [atom for _, atom in ours], autojunk=False
    )
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            word = theirs[block.a + step][0]
            yield Mark(word=ours[block.b + step][0], start_s=word.start_s, length_s=word.length_s)
