"""What each element and attribute of a feed should be: one row each."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

from undersong.publish.check.values import (
    Test,
    anything,
    bytes_upto,
    is_address,
    is_date,
    is_decimal,
    is_duration,
    is_geo,
    is_guid,
    is_integrity,
    is_moment,
    is_rrule,
    is_seconds,
    is_tongue,
    is_whole,
    one_of,
    upto,
)

Severity = Literal["error", "warning", "note"]


class Expect(Struct, frozen=True, kw_only=True):
    """What one element, or one attribute of it, should be.

    Attributes:
        scope: `channel`, `item`, `both`, or the element that it stands in.
        tag: with the usual prefix of its namespace.
        attribute: whose value is tested; None tests the text.
        missing: how bad it is when it is not there; None for not at all. For an attribute,
            only where the element is there.
        wrong: how bad another value is.
        test: of the value; None where only being there counts.
        legal: what `test` takes, in words.
        many: the element may be there several times.
    """

    scope: str
    tag: str
    attribute: str | None
    missing: Severity | None
    wrong: Severity
    test: Test | None
    legal: str
    source: str
    many: bool = False

    @property
    def name(self) -> str:
        """Name of the rule about its value."""
        return f"{self.scope}.{self.tag}" + (f"@{self.attribute}" if self.attribute else "")

    def rules(self) -> Iterator[tuple[str, Severity, str, str]]:
        """Yield name, severity, source and text of the rules that this row makes."""
        what = f"{self.attribute} of {self.tag}" if self.attribute else self.tag
        if self.test is not None:
            yield self.name, self.wrong, self.source, f"{what} is {self.legal}"
        if self.missing is not None:
            yield f"{self.name}.missing", self.missing, self.source, f"{what} is there"


_TRUTH = (one_of("true", "false"), "true or false")
_YES = (one_of("Yes"), "Yes, or is left out")
_YESNO = (one_of("yes", "no"), "yes or no")
_URL = (is_address, "an absolute address in ASCII")
_TEXT = (anything, "some text")
_WORDS = (upto(128), "1 to 128 characters")
_LONG = (bytes_upto(4000), "1 to 4000 bytes")
_WHOLE = (is_whole, "a whole number from 1")
_TIME = (is_seconds, "seconds")
_DATE = (is_date, "an RFC 2822 date with the right weekday")
_TONGUE = (is_tongue, "a language code such as en or en-us")
_AUDIO = (
    one_of("audio/mpeg", "audio/x-m4a", "video/mp4", "video/quicktime", "video/x-m4v",
           "application/pdf"),
    "audio/mpeg or audio/x-m4a",
)  # fmt: skip
_TRANSCRIPTS = (
    one_of("text/vtt", "application/x-subrip", "application/srt", "application/json",
           "text/html", "text/plain"),
    "text/vtt, application/x-subrip, application/json, text/html or text/plain",
)  # fmt: skip
_KINDS = ("podcast", "music", "video", "film", "audiobook", "newsletter", "blog", "publisher",
          "course")  # fmt: skip
_MEDIUM = (
    one_of(*_KINDS, "mixed", *(f"{kind}L" for kind in _KINDS)),
    "one of the namespace's media, or a list of them with L",
)
_KIND = (one_of("full", "trailer", "bonus"), "full, trailer or bonus")
_SERIAL = (one_of("episodic", "serial"), "episodic or serial")
_SRI = (is_integrity, "sha256-, sha384- or sha512- and base64")
_RATIO = (upto(16), "a ratio such as 1/1")

_E: Final = "error"
_W: Final = "warning"
_N: Final = "note"
_APPLE, _PSP, _P20, _RSS = "Apple 823", "PSP-1", "Podcasting 2.0", "RSS 2.0"

_Value = tuple[Test, str]
_Row = tuple[str, str, str | None, Severity | None, Severity, _Value | None, str, bool]
_ROWS: Final[tuple[_Row, ...]] = (
    # scope, tag, attribute, missing, wrong, test, source, many
    ("channel", "title", None, _E, _E, _TEXT, _APPLE, False),
    ("channel", "description", None, _E, _E, _LONG, _APPLE, False),
    ("channel", "link", None, _W, _E, _URL, _PSP, False),
    ("channel", "language", None, _E, _E, _TONGUE, _APPLE, False),
    ("channel", "atom:link", "href", _E, _E, _URL, _PSP, True),
    ("channel", "pubDate", None, None, _E, _DATE, _RSS, False),
    ("channel", "lastBuildDate", None, None, _E, _DATE, _RSS, False),
    ("channel", "copyright", None, None, _W, _TEXT, _PSP, False),
    ("channel", "itunes:image", None, _E, _N, None, _APPLE, False),
    ("channel", "itunes:image", "href", _E, _E, _URL, _APPLE, False),
    ("channel", "itunes:category", None, _E, _N, None, _APPLE, True),
    ("channel", "itunes:explicit", None, _E, _E, _TRUTH, _APPLE, False),
    ("channel", "itunes:author", None, _W, _E, _TEXT, _APPLE, False),
    ("channel", "itunes:type", None, None, _E, _SERIAL, _APPLE, False),
    ("channel", "itunes:new-feed-url", None, None, _E, _URL, _APPLE, False),
    ("channel", "itunes:complete", None, None, _E, _YES, _APPLE, False),
    ("channel", "podcast:guid", None, _W, _E, (is_guid, "a UUID of version 5"), _P20, False),
    ("channel", "podcast:locked", None, _N, _E, _YESNO, _PSP, False),
    ("channel", "podcast:medium", None, None, _E, _MEDIUM, _P20, False),
    ("channel", "podcast:funding", None, None, _E, _WORDS, _P20, True),
    ("channel", "podcast:funding", "url", _E, _E, _URL, _P20, True),
    ("channel", "podcast:trailer", None, None, _W, _WORDS, _P20, True),
    ("channel", "podcast:trailer", "url", _E, _E, _URL, _P20, True),
    ("channel", "podcast:trailer", "pubdate", _E, _E, _DATE, _P20, True),
    ("channel", "podcast:trailer", "length", None, _E, _WHOLE, _P20, True),
    ("channel", "podcast:trailer", "season", None, _E, _WHOLE, _P20, True),
    ("channel", "podcast:updateFrequency", None, None, _W, _WORDS, _P20, False),
    ("channel", "podcast:updateFrequency", "rrule", None, _E,
     (is_rrule, "a rule such as FREQ=WEEKLY"), _P20, False),
    ("channel", "podcast:updateFrequency", "dtstart", None, _E,
     (is_moment, "a moment of ISO 8601"), _P20, False),
    ("channel", "podcast:updateFrequency", "complete", None, _E, _TRUTH, _P20, False),
    ("channel", "podcast:block", None, None, _E, _YESNO, _P20, True),
    ("podcast:podroll", "podcast:remoteItem", "feedGuid", _E, _E,
     (is_guid, "a UUID of version 5"), _P20, True),
    ("podcast:publisher", "podcast:remoteItem", "feedGuid", _E, _E,
     (is_guid, "a UUID of version 5"), _P20, True),
    ("itunes:owner", "itunes:email", None, _W, _W,
     (lambda text: "@" in text, "a mail address"), _APPLE, False),
    ("item", "title", None, _E, _E, _TEXT, _APPLE, False),
    ("item", "enclosure", None, _E, _N, None, _APPLE, False),
    ("item", "enclosure", "url", _E, _E, _URL, _APPLE, False),
    ("item", "enclosure", "length", _E, _E, _WHOLE, _APPLE, False),
    ("item", "enclosure", "type", _E, _E, _AUDIO, _APPLE, False),
    ("item", "guid", None, _E, _E, _TEXT, _APPLE, False),
    ("item", "guid", "isPermaLink", None, _E, _TRUTH, _RSS, False),
    ("item", "pubDate", None, _W, _E, _DATE, _APPLE, False),
    ("item", "description", None, _W, _E, _LONG, _APPLE, False),
    ("item", "link", None, _N, _E, _URL, _PSP, False),
    ("item", "itunes:duration", None, _W, _E,
     (is_duration, "seconds, or hours, minutes and seconds"),
     _APPLE, False),
    ("item", "itunes:explicit", None, _N, _E, _TRUTH, _APPLE, False),
    ("item", "itunes:image", "href", _E, _E, _URL, _APPLE, False),
    ("item", "itunes:episode", None, None, _E, _WHOLE, _APPLE, False),
    ("item", "itunes:season", None, None, _E, _WHOLE, _APPLE, False),
    ("item", "itunes:episodeType", None, None, _E, _KIND, _APPLE, False),
    ("item", "podcast:transcript", "url", _E, _E, _URL, _P20, True),
    ("item", "podcast:transcript", "type", _E, _E, _TRANSCRIPTS, _P20, True),
    ("item", "podcast:transcript", "language", None, _E, _TONGUE, _P20, True),
    ("item", "podcast:transcript", "rel", None, _E, (one_of("captions"), "captions"), _P20, True),
    ("item", "podcast:chapters", "url", _E, _E, _URL, _P20, False),
    ("item", "podcast:chapters", "type", _E, _E,
     (one_of("application/json+chapters", "application/json"), "application/json+chapters"),
     _P20, False),
    ("item", "podcast:soundbite", "startTime", _E, _E, _TIME, _P20, True),
    ("item", "podcast:soundbite", "duration", _E, _E, _TIME, _P20, True),
    ("item", "podcast:soundbite", None, None, _W,
     (lambda text: len(text) <= 128, "at most 128 characters"), _P20, True),  # noqa: PLR2004 - as said
    ("item", "podcast:season", None, None, _E, _WHOLE, _P20, False),
    ("item", "podcast:season", "name", None, _W, _WORDS, _P20, False),
    ("item", "podcast:episode", None, None, _E, (is_decimal, "a number"), _P20, False),
    ("item", "podcast:episode", "display", None, _W, (upto(32), "1 to 32 characters"), _P20, False),
    ("item", "podcast:alternateEnclosure", "type", _E, _E,
     (lambda text: "/" in text, "a media type"), _P20, True),
    ("item", "podcast:alternateEnclosure", "length", _W, _E, _WHOLE, _P20, True),
    ("item", "podcast:alternateEnclosure", "bitrate", None, _E, (is_decimal, "bits per second"),
     _P20, True),
    ("item", "podcast:alternateEnclosure", "lang", None, _E, _TONGUE, _P20, True),
    ("item", "podcast:alternateEnclosure", "title", None, _W, (upto(32), "1 to 32 characters"),
     _P20, True),
    ("item", "podcast:alternateEnclosure", "rel", None, _W, (upto(32), "1 to 32 characters"),
     _P20, True),
    ("item", "podcast:alternateEnclosure", "default", None, _E, _TRUTH, _P20, True),
    ("podcast:alternateEnclosure", "podcast:source", "uri", _E, _E, _TEXT, _P20, True),
    ("podcast:alternateEnclosure", "podcast:integrity", "type", _E, _E,
     (one_of("sri", "pgp-signature"), "sri or pgp-signature"), _P20, False),
    ("podcast:alternateEnclosure", "podcast:integrity", "value", _E, _E, _SRI, _P20, False),
    ("both", "itunes:block", None, None, _E, _YES, _APPLE, False),
    ("both", "podcast:txt", None, None, _E,
     (lambda text: 0 < len(text) <= 4000, "1 to 4000 characters"), _P20, True),  # noqa: PLR2004 - as said
    ("both", "podcast:txt", "purpose", None, _W, _WORDS, _P20, True),
    ("both", "podcast:person", None, None, _E, _WORDS, _P20, True),
    ("both", "podcast:person", "role", None, _W, _WORDS, _P20, True),
    ("both", "podcast:person", "group", None, _W, _WORDS, _P20, True),
    ("both", "podcast:person", "img", None, _E, _URL, _P20, True),
    ("both", "podcast:person", "href", None, _E, _URL, _P20, True),
    ("both", "podcast:socialInteract", "protocol", _E, _W, _TEXT, _P20, True),
    ("both", "podcast:contentLink", "href", _E, _E, _URL, _P20, True),
    ("both", "podcast:location", None, None, _W, _WORDS, _P20, True),
    ("both", "podcast:location", "geo", None, _E, (is_geo, "a geo URI"), _P20, True),
    ("both", "podcast:location", "rel", None, _E, (one_of("subject", "creator"),
     "subject or creator"), _P20, True),
    ("both", "podcast:location", "country", None, _W, (upto(2), "two letters"), _P20, True),
    ("both", "podcast:license", None, None, _E, _WORDS, _P20, False),
    ("both", "podcast:license", "url", None, _E, _URL, _P20, False),
    ("both", "podcast:image", "href", None, _E, _URL, _P20, True),
    ("both", "podcast:image", "aspect-ratio", None, _W, _RATIO, _P20, True),
    ("both", "podcast:image", "width", None, _E, _WHOLE, _P20, True),
)  # fmt: skip

EXPECTED: Final = tuple(
    Expect(
        scope=scope,
        tag=tag,
        attribute=attribute,
        missing=missing,
        wrong=wrong,
        test=value[0] if value else None,
        legal=value[1] if value else "",
        source=source,
        many=many,
    )
    for scope, tag, attribute, missing, wrong, value, source, many in _ROWS
)
"""Every row."""

_ITUNES = """
author block category complete duration email episode episodeType explicit image keywords name
new-feed-url owner season subtitle summary title type
"""
_PODCAST = """
alternateEnclosure block chapters chat contentLink episode funding guid image images integrity
license liveItem location locked medium metaBoost person podping podroll publisher remoteItem
season socialInteract soundbite source trailer transcript txt updateFrequency value valueRecipient
valueTimeSplit
"""

TAGS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"itunes": frozenset(_ITUNES.split()), "podcast": frozenset(_PODCAST.split())}
)
"""Local names of the namespaces whose tags we know."""
