"""Where sentences and clauses end: pure functions of written words."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final

from msgspec import Struct

CLOSERS: Final = "\"'”’»›)]}*_」』》）"  # noqa: RUF001 - signs of many scripts
"""Quotes and brackets that may follow the sign that ends a sentence."""

LONGEST: Final = 25
"""Words that a voice says well in one breath (docs/craft.md)."""

_MIN_SIDE: Final = 4
"""A comma parts clauses only when this many words stand on both sides."""

_END: Final = re.compile(r"[.!?。！？｡．।॥؟۔]$")  # noqa: RUF001 - signs of many scripts
# what may follow that sign: closers, and dashes or pictures that go with the word
_TAIL: Final = re.compile(r"[^\w.!?…。！？｡．।॥؟۔]+$")  # noqa: RUF001 - signs of many scripts
_ELLIPSIS: Final = re.compile(r"(…|\.\.\.?)$")
_STRONG: Final = re.compile(r"([;:—…；：؛]|\.\.\.?| [–-]|--)$")  # noqa: RUF001 - signs of many scripts
_COMMA: Final = re.compile(r"[,，、،]$")  # noqa: RUF001 - signs of many scripts
_SIGN, _WEAK_SIGN, _LINK, _NOTHING = 0.0, 0.1, 0.25, 1.0  # badness of a cut
_DENSE_PER_WORD: Final = 2
_DENSE: Final = (
    *(range(0x3040, 0x3100), range(0x3400, 0xA000)),  # kana, Han
    *(range(0xAC00, 0xD7B0), range(0x0E00, 0x0F00)),  # Hangul, Thai and Lao
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never last in a sentence, whatever follows; "" is every language.
_NEVER_LAST: Final[Mapping[str, frozenset[str]]] = {
    language: _words(words)
    for language, words in {
        "": "dr mr mrs ms mx prof rev st mt ft e.g i.e viz vs cf approx ca",
        "de": "hr fr nr z.b d.h u.a bzw vgl ggf evtl bspw sog inkl exkl zzgl",
        "fr": "mme mlle mgr p.ex",
        "es": "sr sra srta dra ud uds p.ej",
        "it": "sig sig.ra dott avv p.es",
        "pt": "sr sra dra exmo p.ex",
        "nl": "bijv o.a dhr mevr drs m.b.t",
    }.items()
}

# Never last when a number follows: "No. 5", but "say no. Then".
_NUMBERED: Final = _words("no nr fig vol ch p pp art sec")

# Last in its sentence when a capital letter follows.
_MAY_BE_LAST: Final = _words(
    """a.m p.m etc inc ltd co corp jr sr u.s u.k usw u.s.w ecc enz d.c b.c a.d ph.d m.d
    jan feb mar apr jun jul aug sep sept oct nov dec min tel ave blvd al ed"""
)

# Words before which a long phrase may be parted, where no sign helps.
_LINKS: Final = _words(
    """and but or so then as while where when because until that which who if though
    und aber oder denn weil dass wenn während bis et mais ou car que qui quand pendant
    y e pero o porque cuando mientras ma perché quando mentre mas ou enquanto en maar of omdat
    terwijl"""
)


def sentences(words: Sequence[str], language: str) -> list[int]:
    """Return the indices, above 0, at which a new sentence begins.

    Args:
        words: as written, punctuation included.
        language: BCP 47 tag.
    """
    return [k for k in range(1, len(words)) if ends_sentence(words[k - 1], words[k], language)]


def ends_sentence(word: str, following: str | None, language: str) -> bool:
    """Tell whether a sentence ends with `word`.

    Abbreviations, initials, German ordinals, and quoted questions within a sentence do not end it.
    """
    bare = _TAIL.sub("", word)
    if not _END.search(bare):
        return False
    after = _first_letter(following)
    if _ELLIPSIS.search(bare):
        return following is None or not after.islower()
    if not bare.endswith("."):
        return not (bare != word and after.islower())
    return not _abbreviated(bare[:-1].lstrip("\"'“‘«¿¡(["), following, after, language)  # noqa: RUF001


def clauses(words: Sequence[str], bound: frozenset[int], *, at_signs: bool) -> list[int]:
    """Return the indices, above 0, at which a new phrase of a sentence begins.

    Args:
        words: of one sentence.
        bound: indices at which nothing may begin.
        at_signs: part at semicolons, colons, dashes, ellipses and weighty commas. Phrases of
            more than `LONGEST` words are parted in any case.
    """
    weighed = _Weighed.of(words)
    cuts = [k for k in _signed(weighed) if k not in bound] if at_signs else []
    edges = [0, *cuts, len(words)]
    more = [k for start, end in pairwise(edges) for k in _shortened(weighed, start, end, bound)]
    return sorted({*cuts, *more})


def _abbreviated(stem: str, following: str | None, after: str, language: str) -> bool:
    """Tell whether a full stop belongs to its word; at the end of a text it never does."""
    if following is None:
        return False
    low, tongue = stem.lower(), language.partition("-")[0]
    if low in _NEVER_LAST[""] or low in _NEVER_LAST.get(tongue, ()):
        return True
    if low in _NUMBERED and after.isdigit():
        return True
    if low in _MAY_BE_LAST or re.fullmatch(r"([^\W\d_]\.)+[^\W\d_]", low):
        return not after.isupper()
    initial = len(stem) == 1 and stem.isalpha() and stem.isupper()
    return initial or (tongue == "de" and re.fullmatch(r"\d{1,2}", stem) is not None)


class _Weighed(Struct, frozen=True, kw_only=True):
    """Words as numbers, so that long texts are parted in reasonable time.

    Attributes:
        until: size of the words before each index; one more entry than words.
        badness: of a cut before each index: signs, then link words, then anything else.
    """

    until: Sequence[float]
    badness: Sequence[float]

    @classmethod
    def of(cls, words: Sequence[str]) -> "_Weighed":
        """Weigh words."""
        sizes = (max(1.0, _dense(word) / _DENSE_PER_WORD) for word in words)
        badness = [_badness(before, word) for before, word in pairwise(words)]
        return cls(until=(0.0, *accumulate(sizes)), badness=(math.inf, *badness))

    def size(self, start: int, end: int) -> float:
        """Count words; where a script has no spaces, two characters count as one."""
        return self.until[end] - self.until[start]


def _dense(word: str) -> int:
    """Count the characters of scripts that write without spaces."""
    if word.isascii():
        return 0
    return sum(any(ord(sign) in script for script in _DENSE) for sign in word)


def _badness(before: str, word: str) -> float:
    bare = before.rstrip(CLOSERS)
    if _STRONG.search(bare):
        return _SIGN
    if _COMMA.search(bare):
        return _WEAK_SIGN
    return _LINK if word.lower().strip(",.;:") in _LINKS else _NOTHING


def _signed(weighed: _Weighed) -> Iterator[int]:
    """Yield the indices after signs that part clauses."""
    last = len(weighed.badness)
    strong = [*(k for k, badness in enumerate(weighed.badness) if badness == _SIGN), last]
    start = 0
    for stop in strong:
        for k in range(start + 1, stop):
            if (
                weighed.badness[k] == _WEAK_SIGN
                and min(weighed.size(start, k), weighed.size(k, stop)) >= _MIN_SIDE
            ):
                yield k
                start = k
        if stop < last:
            yield stop
        start = stop


def _shortened(weighed: _Weighed, start: int, end: int, bound: frozenset[int]) -> Iterator[int]:
    """Yield the indices that part words [start, end) into phrases of bearable length.

    The best cut is at a sign near the middle; nearness weighs less than the kind of place.
    """
    whole = weighed.size(start, end)
    inner = [k for k in range(start + 1, end) if k not in bound]
    if whole <= LONGEST or not inner:
        return
    best = min(inner, key=lambda k: weighed.badness[k] + abs(weighed.size(start, k) / whole - 0.5))
    yield from _shortened(weighed, start, best, bound)
    yield best
    yield from _shortened(weighed, best, end, bound)


def _first_letter(word: str | None) -> str:
    return next((sign for sign in word or "" if sign.isalnum()), "")
