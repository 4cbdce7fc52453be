"""Every rule that a feed can break: how bad that is, and who says so.

Rules about one element or attribute come from the table in `expect`; those here need a look at
more than one value.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

from undersong.publish.check.expect import EXPECTED

Severity = Literal["error", "warning", "note"]


class Rule(Struct, frozen=True, kw_only=True):
    """One thing that should hold.

    Attributes:
        severity: error, some app refuses or breaks; warning, some app misbehaves; note, advice.
        source: who asks for it.
        text: what should hold.
    """

    name: str
    severity: Severity
    source: str
    text: str


class Finding(Struct, frozen=True, kw_only=True):
    """A rule that does not hold somewhere.

    Attributes:
        where: `channel`, `item 3 “Title”`, or the address of a file.
        line: in the feed, 1-based, or None.
    """

    rule: Rule
    where: str
    seen: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """One line for people."""
        place = f"{self.where}, line {self.line}" if self.line else self.where
        seen = f" (seen: {self.seen})" if self.seen else ""
        return f"{self.rule.severity}: {place}: {self.rule.text}{seen} [{self.rule.name}]"


_E: Final = "error"
_W: Final = "warning"
_N: Final = "note"

_ROWS: Final[tuple[tuple[str, Severity, str, str], ...]] = (
    # the document
    ("xml-broken", _E, "XML 1.0", "the feed is well-formed XML"),
    ("xml-doctype", _E, "security", "there is no document type declaration"),
    ("xml-size", _E, "security", "the feed is smaller than 50 MB"),
    ("xml-utf8", _E, "Apple 823", "the feed is UTF-8"),
    ("rss-version", _E, "Apple 823", "it is RSS 2.0 with one channel; Atom is no longer accepted"),
    ("ns-itunes", _E, "Apple 823", "the itunes namespace is declared, letter for letter"),
    ("ns-content", _W, "Apple 823", "the content namespace is declared"),
    ("ns-podcast", _W, "PSP-1", "the podcast namespace is declared"),
    ("ns-podcast-old", _N, "Podcasting 2.0", "the podcast namespace has its present address"),
    ("ns-atom", _W, "PSP-1", "the atom namespace is declared"),
    ("tag-case", _E, "Apple 823", "tags are written with the right case"),
    ("tag-unknown", _W, "Podcasting 2.0", "tags of a known namespace are known"),
    ("once", _E, "RSS 2.0", "what may be said once is said once"),
    ("spaces", _W, "PSP-1", "values have no spaces around them"),
    ("too-long", _W, "PSP-1", "values other than descriptions have at most 255 characters"),
    ("text-bidi", _W, "Unicode UAX 9", "every change of writing direction is ended"),
    ("url-plain", _W, "Apple 823", "addresses are https"),
    # the channel
    ("self-missing", _E, "PSP-1", "atom:link rel=self gives the feed's address"),
    ("self-type", _W, "PSP-1", "atom:link rel=self has the type application/rss+xml"),
    ("self-other", _W, "PSP-1", "atom:link rel=self is the address the feed was fetched from"),
    ("category", _E, "Apple 5316", "categories are Apple's, letter for letter"),
    ("category-second", _N, "Apple 5316", "one category is enough: others are not looked at"),
    ("copyright-words", _W, "PSP-1", "copyright is a name without the word, sign or year"),
    ("owner-public", _N, "privacy", "no mail address is published; Apple no longer asks for one"),
    ("guid-derived", _N, "Podcasting 2.0", "podcast:guid is made of the feed's address"),
    ("ai-missing", _W, "Podcasting 2.0", "podcast:txt purpose=ai-content says who speaks"),
    ("ai-value", _E, "Podcasting 2.0", "ai-content is true or false"),
    ("items-none", _E, "Apple 823", "there is at least one item"),
    ("items-many", _N, "RFC 5005", "more than 300 items are on archive pages"),
    ("archive-links", _E, "RFC 5005", "an archive page links to the current feed"),
    ("archive-gone", _E, "RFC 5005", "the archive page that a feed links to is there"),
    ("archive-self", _W, "RFC 5005", "an archive page is marked by fh:archive"),
    # items
    ("item-order", _N, "custom", "items come newest first"),
    ("item-future", _W, "Apple 823", "no item is dated in the future"),
    ("title-number", _W, "Apple 823", "titles hold no episode number"),
    ("enclosure-unique", _E, "Apple 823", "every enclosure has an address of its own"),
    ("enclosure-suffix", _W, "Apple 823", "an enclosure's address ends as its type does"),
    ("guid-unique", _E, "Apple 823", "every guid is there once"),
    ("guid-link", _W, "RSS 2.0", "a guid that is no address says isPermaLink=false"),
    ("serial-episode", _E, "Apple 823", "in a serial show every full item has itunes:episode"),
    ("episode-twice", _W, "Apple 823", "no two items have the same season and episode"),
    ("duration-clock", _N, "Apple 823", "itunes:duration is in whole seconds"),
    ("description-html", _W, "Apple 823", "descriptions use p, ol, ul, li and a only"),
    ("timestamps", _N, "Apple, Dec 2025", "timestamps begin at 00:00:00 and are three or more"),
    ("chapters-none", _N, "Apple, Dec 2025", "items of ten minutes bring their own chapters"),
    ("transcript-none", _N, "Apple 5482", "items have a WebVTT transcript"),
    ("alternate-default", _W, "Podcasting 2.0", "one alternate at most is the default"),
    ("alternate-source", _E, "Podcasting 2.0", "an alternateEnclosure has a source"),
    ("soundbite-end", _E, "Podcasting 2.0", "a soundbite ends before its item does"),
    ("soundbite-length", _N, "Podcasting 2.0", "a soundbite lasts 15 to 120 s"),
    # files
    ("file-missing", _E, "Apple 823", "the file behind an address is there"),
    ("file-size", _E, "RSS 2.0", "length is the file's size in bytes"),
    ("file-type", _E, "Apple 823", "the file is of the type that the feed says"),
    ("file-duration", _W, "Apple 823", "itunes:duration is the file's length"),
    ("file-rate", _W, "Apple 893", "sound is at 44.1 or 48 kHz"),
    ("file-bitrate", _N, "Apple 893", "MP3 has 96-128 kb/s in mono, 128-256 kb/s in stereo"),
    ("file-integrity", _E, "Podcasting 2.0", "the file has the digest that the feed says"),
    ("art-broken", _E, "Apple 896", "a cover is a whole JPEG or PNG file"),
    ("art-suffix", _E, "Apple 896", "a cover's name ends as its real type does"),
    ("art-square", _E, "Apple 896", "a cover is square"),
    ("art-size", _E, "Apple 896", "a cover has 1400 to 3000 pixels along each side"),
    ("art-colour", _E, "Apple 896", "a cover is RGB without transparency"),
    ("art-heavy", _N, "Spotify", "a cover has at most 512 kB"),
    ("art-dpi", _N, "Apple 896", "a cover says 72 dpi"),
    ("chapters-json", _E, "Podcasting 2.0", "a chapters file is JSON with version and chapters"),
    ("chapters-order", _E, "Podcasting 2.0", "chapters are in order of time"),
    ("chapters-late", _E, "Podcasting 2.0", "chapters begin before the sound ends"),
    ("transcript-broken", _E, "Podcasting 2.0", "a transcript can be read as its type"),
    ("transcript-wide", _W, "Podcasting 2.0", "lines: VTT 65 characters, SRT two of 32"),
    ("transcript-late", _W, "Podcasting 2.0", "captions end with the sound"),
    # web pages
    ("page-missing", _W, "RSS 2.0", "the page that an item links to is there"),
    ("page-link", _W, "HTML 4.6.3", "whatever a page of the show leads to is there"),
    # a live host
    ("http-gone", _E, "Apple 823", "the host answers with 200"),
    ("http-password", _E, "Apple 823", "no password is asked for"),
    ("http-redirects", _W, "Apple 823", "there are at most five redirects, and none to plain http"),
    ("http-moved", _N, "RFC 9110", "the address is the last one: nothing has moved for good"),
    ("http-head", _E, "Apple 893", "HEAD is answered as GET is, without the content"),
    ("http-type", _E, "Apple 893", "Content-Type is the one that the feed says"),
    ("http-length", _E, "Apple 893", "Content-Length is the length that the feed says"),
    ("http-ranges", _E, "Apple 893", "byte ranges are answered with 206"),
    ("http-ranges-feed", _W, "Apple 893", "the feed itself is served in byte ranges"),
    ("http-beyond", _W, "RFC 9110", "a range beyond the end is answered with 416"),
    ("http-if-range", _E, "RFC 9110", "If-Range with an old tag brings all of what may change"),
    ("http-validator", _W, "Apple 823", "there is an ETag or Last-Modified"),
    ("http-304", _W, "Apple 823", "what has not changed is answered with 304"),
    ("http-cors", _W, "Podcasting 2.0", "transcripts and chapters may be read by web players"),
)

_EXPECTED: Final = tuple(row for expect in EXPECTED for row in expect.rules())

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        name: Rule(name=name, severity=severity, source=source, text=text)
        for name, severity, source, text in (*_ROWS, *_EXPECTED)
    }
)
"""Every rule by name."""


def found(name: str, where: str, seen: object = "", line: int | None = None) -> Finding:
    """Return a finding; what was seen is cut to a line."""
    text = _shown(" ".join(str(seen).split()))
    cut = text if len(text) <= 100 else text[:99] + "…"  # noqa: PLR2004 - a line of a terminal
    return Finding(rule=RULES[name], where=_shown(where), seen=cut, line=line)


def _shown(text: str) -> str:
    """Return text that no terminal obeys: control signs and turns of direction as codes."""
    return "".join(f"\\u{ord(sign):04x}" if _moves(sign) else sign for sign in text)


def _moves(sign: str) -> bool:
    return unicodedata.category(sign) == "Cc" or unicodedata.bidirectional(sign) in _TURNS


_TURNS: Final = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Bidirectional classes of signs that turn the direction of what follows (Unicode UAX 9)."""
