"""A show that uses everything, and one way to break each rule."""

import json
from functools import partial

from publish_kit import SHOW, URL, picture, publish, sound, write_library, write_track

from undersong.publish.captions import Cue, to_srt

FULL = (
    SHOW.replace("site: false\n", "")
    + """\
copyright: Somebody
licence: cc-by-4.0
licence_url: https://example.org/licence
persons: [{name: Ann, role: narrator, href: https://example.org/ann}]
funding: [{url: https://example.org/give, text: Support us}]
update: {rule: FREQ=WEEKLY, text: every Sunday}
hub: https://hub.example.org/
seasons: {1: Evenings}
alternates: [opus]
episodes:
  - track: rest
    date: 2026-11-02
    season: 1
    soundbite: {start: 0s, length: 15s}
  - {track: sea, date: 2026-11-01, season: 1}
  - {track: hello, kind: trailer, date: 2026-10-01}
"""
)
VTT = """\
WEBVTT

00:00.200 --> 00:00.900
Let yourself arrive.

00:19.000 --> 00:19.900
There is nowhere else to be.
"""


def full_show(root, url=URL):
    """Write and build a show that uses everything, for an address; return its folder."""
    write_library(root, FULL.replace(URL, url))
    long = {"length_s": 20.0, "files": {"mp3": sound(seconds=20), "opus": sound("OGG", 20)}}
    chapters = [
        {"title": title, "start_s": start, "end_s": start + 5.0}
        for title, start in (("Arriving", 0.0), ("The air", 5.0), ("Rest", 10.0))
    ]
    beside = {"rest.vtt": VTT, "rest.txt": "Let yourself arrive.\n"}
    for slug in ("rest", "sea", "hello"):
        write_track(root / "build", slug, chapters=chapters, beside=beside, **long)
    publish(root)
    return root / "public"


def _swap(old, new, count=1):
    return lambda text: text.replace(old, new, count)


def _drop(start, end):
    """Take out the first element from `start` to `end`."""

    def change(text):
        first = text.index(start)
        return text[:first] + text[text.index(end, first) + len(end) :]

    return change


def _again(start, end):
    """Say the first element from `start` to `end` twice."""

    def change(text):
        first = text.index(start)
        last = text.index(end, first) + len(end)
        return text[:last] + text[first:last] + text[last:]

    return change


def _flip(text):
    """Put the first item behind the second."""
    head, first, second, *rest = text.split("<item>")
    return "<item>".join((head, second, first, *rest))


def _many(text):
    head, rest = text.split("<item>", 1)
    item, tail = rest.split("</item>", 1)
    return head + f"<item>{item}</item>" * 301 + tail


def _no_items(text):
    return text[: text.index("<item>")] + "</channel></rss>"


_SELF = 'rel="self" type="application/rss+xml"'

XML = {
    "xml-broken": lambda text: text[:-20],
    "xml-doctype": _swap("<rss", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss"),
    "xml-utf8": _swap("encoding='UTF-8'", "encoding='ISO-8859-1'"),
    "rss-version": _swap('version="2.0"', 'version="0.91"'),
    "ns-itunes": _swap("dtds/podcast-1.0.dtd", "DTDs/Podcast-1.0.dtd"),
    "ns-content": _swap("purl.org/rss/1.0/modules/content/", "purl.org/x/"),
    "ns-podcast": _swap("https://podcastindex.org/namespace/1.0", "https://podcastindex.org/"),
    "ns-podcast-old": _swap(
        "https://podcastindex.org/namespace/1.0",
        "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
    ),
    "ns-atom": _swap("http://www.w3.org/2005/Atom", "http://www.w3.org/2005/atom"),
    "tag-case": _swap("itunes:explicit", "itunes:Explicit", 2),
    "tag-unknown": _swap(
        "<podcast:locked>yes</podcast:locked>", "<podcast:shut>yes</podcast:shut>"
    ),
    "once": _again("<title>", "</title>"),
    "spaces": _swap("<title>A test", "<title> A test"),
    "too-long": _swap("<title>A test", "<title>" + "x" * 300),
    "text-bidi": _swap("<title>A test", "<title>\u202eA test"),
    "url-plain": _swap("https://example.org/give", "http://example.org/give"),
    "self-missing": _swap('rel="self"', 'rel="alternate"'),
    "self-type": _swap(_SELF, 'rel="self" type="text/xml"'),
    "category": _swap("Mental Health", "Mental health"),
    "category-second": _again('<itunes:category text="Health', "    </itunes:category>"),
    "copyright-words": _swap("<copyright>Somebody", "<copyright>© 2026 Somebody"),
    "owner-public": _swap(
        "<podcast:locked>",
        "<itunes:owner><itunes:email>a@example.org</itunes:email></itunes:owner><podcast:locked>",
    ),
    "guid-derived": _swap("<podcast:guid>", "<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810"),
    "ai-missing": _drop("<podcast:txt", "</podcast:txt>"),
    "ai-value": _swap('purpose="ai-content">false', 'purpose="ai-content">no'),
    "items-none": _no_items,
    "items-many": _many,
    "archive-links": _swap(
        "<channel>", '<channel><h:archive xmlns:h="http://purl.org/syndication/history/1.0"/>'
    ),
    "archive-gone": _swap(
        "<atom:link",
        '<atom:link rel="prev-archive" href="https://example.org/show/archive/feed-0009.xml"/>'
        "<atom:link",
    ),
    "archive-self": _swap(
        "<atom:link", '<atom:link rel="current" href="https://example.org/other.xml"/><atom:link'
    ),
    "item-order": _flip,
    "item-future": _swap("Mon, 02 Nov 2026", "Tue, 02 Nov 2027", 9),
    "title-number": _swap("<title>The rest", "<title>Episode 3: The rest"),
    "enclosure-unique": _again("<item>", "</item>"),
    "enclosure-suffix": _swap('.mp3" length', '.m4a" length', 9),
    "guid-unique": _again("<item>", "</item>"),
    "guid-link": _swap(' isPermaLink="false"', ""),
    "serial-episode": lambda text: _drop("<itunes:episode>", "</itunes:episode>")(
        text.replace("episodic", "serial")
    ),
    "episode-twice": _again("<item>", "</item>"),
    "duration-clock": _swap("duration>20<", "duration>0:20<"),
    "description-html": _swap("<![CDATA[<p>", "<![CDATA[<div></div><p>"),
    "timestamps": _swap("00:00:00 Arriving", "Arriving"),
    "chapters-none": lambda text: _drop("<podcast:chapters", "/>")(
        text.replace("00:00:", "").replace("duration>20<", "duration>900<")
    ),
    "transcript-none": _swap('type="text/vtt"', 'type="text/plain"'),
    "alternate-default": _swap('title="Opus"', 'title="Opus" default="true"'),
    "alternate-source": _drop("<podcast:source", "/>"),
    "soundbite-end": _swap('startTime="0.000"', 'startTime="19.000"'),
    "soundbite-length": _swap('duration="15.000"', 'duration="5.000"'),
}
"""By rule: what to do to the text of the feed."""


def _one(folder, kind):
    return next(path for path in sorted(folder.glob(kind)) if path.name.startswith("rest-"))


def _write(kind, content):
    return lambda folder: _one(folder, kind).write_bytes(content)


def _longer(folder):
    path = _one(folder, "media/*.mp3")
    path.write_bytes(path.read_bytes() + b"\0")


def _cover(content):
    return lambda folder: next(folder.glob("art/*")).write_bytes(content)


def _chapters(*starts):
    value = {
        "version": "1.2.0",
        "chapters": [{"startTime": start, "title": "x"} for start in starts],
    }
    return _write("chapters/*.json", json.dumps(value).encode())


_WIDE = "1\n00:00:00,000 --> 00:00:01,000\n" + "wide " * 20 + "\n"
_LATE = to_srt([Cue(start_ms=0, end_ms=90_000, text="late")])

FILES = {
    "file-missing": lambda folder: _one(folder, "media/*.mp3").unlink(),
    "file-size": _longer,
    "file-type": _write("media/*.mp3", b"<html>not found</html>"),
    "file-duration": _write("media/*.mp3", sound(seconds=5)),
    "file-rate": _write("media/*.mp3", sound(seconds=20, rate=32_000)),
    "file-bitrate": _write("media/*.mp3", sound(seconds=20, rate=16_000)),
    "art-broken": _cover(b"GIF89a"),
    "art-suffix": _cover(picture(form="JPEG")),
    "art-square": _cover(picture((1400, 1500))),
    "art-size": _cover(picture((600, 600))),
    "art-colour": _cover(picture(mode="RGBA")),
    "art-heavy": _cover(picture() + b"\0" * 600_000),
    "art-dpi": _cover(picture(dpi=(300, 300))),
    "chapters-json": _write("chapters/*.json", b'{"version": "1.2.0"}'),
    "chapters-order": _chapters(0, 9, 4),
    "chapters-late": _chapters(0, 900),
    "transcript-broken": _write("transcripts/*.vtt", b"Let yourself arrive."),
    "transcript-wide": _write("transcripts/*.srt", _WIDE.encode()),
    "transcript-late": _write("transcripts/*.srt", _LATE.encode()),
    "page-missing": lambda folder: (folder / "episodes" / "rest.html").unlink(),
    "page-link": lambda folder: next(folder.glob("site/*.css")).unlink(),
}
"""By rule: what to do to the folder of the show."""

DEEP = {"file-integrity": partial(_write, "media/*.opus")}
"""Rules that only a deep look finds."""
