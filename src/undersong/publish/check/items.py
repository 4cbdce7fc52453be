"""Rules of items that need a look at more than one value."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from undersong.publish.check.channel import ai_content
from undersong.publish.check.document import Element, Feed
from undersong.publish.check.rules import Finding, found
from undersong.publish.check.values import duration_s, is_address, is_seconds, read_date
from undersong.publish.names import FORMS
from undersong.publish.notes import CHAPTERS_MIN

_NUMBERED: Final = re.compile(
    r"(?:episode|ep\.?|folge|#)\s*\d+|\d+\s*[:.)\u2013-]\s|s\d+\s*e\d+", re.IGNORECASE
)
_ALLOWED: Final = frozenset({"p", "ol", "ul", "li", "a"})
_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_STAMP: Final = re.compile(r"(?<![\d:])(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?![\d:])")
_LONG_S: Final = 600
"""From here on Apple makes chapters of its own where a feed brings none."""

_SOUNDBITE_S: Final = (15, 120)


def item_rules(feed: Feed) -> Iterator[Finding]:
    """Yield what is wrong with single items."""
    serial = feed.channel.text_of("itunes:type") == "serial"
    for item in feed.items:
        for rule in (*_RULES, _serial) if serial else _RULES:
            yield from rule(item)


def across(feeds: Sequence[Feed], now: datetime) -> Iterator[Finding]:
    """Yield what is wrong between items, on all pages of a feed together."""
    items = [item for feed in feeds for item in feed.items]
    yield from _twice(items, "enclosure-unique", lambda one: _enclosure(one, "url"))
    yield from _twice(items, "guid-unique", lambda one: one.text_of("guid"))
    yield from _twice(items, "episode-twice", _episode)
    for feed in feeds:
        dates = [(item, read_date(item.text_of("pubDate"))) for item in feed.items]
        for (_, before), (item, after) in pairwise(dates):
            if before and after and after > before:
                yield found("item-order", item.where, item.text_of("pubDate"), item.line)
                break
        for item, date in dates:
            if date and date > now:
                yield found("item-future", item.where, item.text_of("pubDate"), item.line)


def _twice(items: Sequence[Element], rule: str, key: Callable[[Element], str]) -> Iterator[Finding]:
    seen: dict[str, Element] = {}
    for item in items:
        value = key(item)
        if value and seen.setdefault(value, item) is not item:
            yield found(rule, item.where, f"{value}, also in {seen[value].where}", item.line)


def _enclosure(item: Element, attribute: str) -> str:
    element = item.first("enclosure")
    return (element.get(attribute) or "") if element is not None else ""


def _episode(item: Element) -> str:
    number = item.text_of("itunes:episode")
    kind = item.text_of("itunes:episodeType") or "full"
    season = item.text_of("itunes:season") or "1"
    return f"season {season}, episode {number}" if number and kind == "full" else ""


def _title(item: Element) -> Iterator[Finding]:
    title = item.first("title")
    if title is not None and _NUMBERED.match(title.text):
        yield found("title-number", item.where, title.text, title.line)


def _suffix(item: Element) -> Iterator[Finding]:
    url, mime = _enclosure(item, "url"), _enclosure(item, "type")
    known = {form.mime: form.suffix for form in FORMS.values()}
    if mime in known and is_address(url):
        suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
        if suffix != known[mime]:
            yield found("enclosure-suffix", item.where, f"{suffix or 'none'} for {mime}", item.line)


def _guid(item: Element) -> Iterator[Finding]:
    guid = item.first("guid")
    if guid is not None and guid.get("isPermaLink") != "false" and not is_address(guid.text):
        yield found("guid-link", item.where, guid.text, guid.line)


def _duration(item: Element) -> Iterator[Finding]:
    element = item.first("itunes:duration")
    if element is not None and ":" in element.text and duration_s(element.text) is not None:
        yield found("duration-clock", item.where, element.text, element.line)


def _description(item: Element) -> Iterator[Finding]:
    element = item.first("description")
    if element is None:
        return
    others = {tag.lower() for tag in _TAG.findall(element.text)} - _ALLOWED
    if others:
        yield found("description-html", item.where, ", ".join(sorted(others)), element.line)
    times = stamps(element.text)
    if times and (times[0] != 0 or len(times) < CHAPTERS_MIN):
        yield found(
            "timestamps", item.where, f"{len(times)}, the first at {times[0]} s", element.line
        )


def stamps(text: str) -> list[int]:
    """Return the timestamps that begin lines or HTML elements of a description, in seconds."""
    lines = re.split(r"<[^<>]*>|\n", text)
    marks = (_STAMP.match(line.strip()) for line in lines)
    return [int(mark[1] or 0) * 3600 + int(mark[2]) * 60 + int(mark[3]) for mark in marks if mark]


def _chapters(item: Element) -> Iterator[Finding]:
    length = duration_s(item.text_of("itunes:duration")) or 0
    own = item.first("podcast:chapters") is not None or stamps(item.text_of("description"))
    if length >= _LONG_S and not own:
        yield found("chapters-none", item.where, f"{length} s", item.line)


def _transcripts(item: Element) -> Iterator[Finding]:
    kinds = [one.get("type") for one in item.children("podcast:transcript")]
    if "text/vtt" not in kinds:
        yield found(
            "transcript-none", item.where, ", ".join(str(kind) for kind in kinds), item.line
        )


def _alternates(item: Element) -> Iterator[Finding]:
    offered = item.children("podcast:alternateEnclosure")
    if sum(one.get("default") == "true" for one in offered) > 1:
        yield found("alternate-default", item.where, line=offered[0].line)
    for one in offered:
        if not one.children("podcast:source"):
            yield found("alternate-source", item.where, one.get("type") or "", one.line)


def _soundbites(item: Element) -> Iterator[Finding]:
    length = duration_s(item.text_of("itunes:duration"))
    for one in item.children("podcast:soundbite"):
        start, lasts = one.get("startTime") or "", one.get("duration") or ""
        if not is_seconds(start) or not is_seconds(lasts):
            continue
        if length is not None and float(start) + float(lasts) > length + 1:
            yield found("soundbite-end", item.where, f"{start} + {lasts} s of {length} s", one.line)
        if not _SOUNDBITE_S[0] <= float(lasts) <= _SOUNDBITE_S[1]:
            yield found("soundbite-length", item.where, f"{lasts} s", one.line)


def _serial(item: Element) -> Iterator[Finding]:
    full = (item.text_of("itunes:episodeType") or "full") == "full"
    if full and not item.text_of("itunes:episode"):
        yield found("serial-episode", item.where, line=item.line)


_RULES: Final = (
    _title,
    _suffix,
    _guid,
    _duration,
    _description,
    _chapters,
    _transcripts,
    _alternates,
    _soundbites,
    ai_content,
)
