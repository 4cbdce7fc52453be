"""Rules of the channel that need a look at more than one value."""

import re
from collections.abc import Iterator
from typing import Final

from undersong.errors import nearest
from undersong.publish.categories import CATEGORIES
from undersong.publish.check.document import Element, Feed
from undersong.publish.check.rules import Finding, found
from undersong.publish.identity import podcast_guid
from undersong.publish.rss import AT_ONCE

_COPYRIGHT: Final = re.compile(r"copyright|©|\(c\)|\b(19|20)\d\d\b", re.IGNORECASE)


def channel_rules(feed: Feed, address: str | None) -> Iterator[Finding]:
    """Yield what is wrong with the channel; `address` is where it was fetched from, if it was."""
    for rule in (_links, _categories, _words, _promises, _archive):
        yield from rule(feed)
    if address is not None and feed.self_url and feed.self_url != address:
        yield found("self-other", "channel", f"{feed.self_url}, not {address}")


def _links(feed: Feed) -> Iterator[Finding]:
    own = [one for one in feed.channel.children("atom:link") if one.get("rel") == "self"]
    if not own or not own[0].get("href"):
        yield found("self-missing", "channel")
    elif own[0].get("type") != "application/rss+xml":
        yield found("self-type", "channel", own[0].get("type") or "none", own[0].line)


def _categories(feed: Feed) -> Iterator[Finding]:
    chosen = feed.channel.children("itunes:category")
    for element in chosen:
        name = element.get("text") or ""
        under = [child.get("text") or "" for child in element.children("itunes:category")]
        known = CATEGORIES.get(name)
        wrong = [name] if known is None else sorted({*under} - {*known})
        for one in wrong:
            near = nearest(one, CATEGORIES if known is None else known)
            seen = f"{one}, not {near}" if near else one or "empty"
            yield found("category", "channel", seen, element.line)
    if len(chosen) > 1:
        yield found("category-second", "channel", chosen[1].get("text"), chosen[1].line)


def _words(feed: Feed) -> Iterator[Finding]:
    rights = feed.channel.first("copyright")
    if rights is not None and _COPYRIGHT.search(rights.text):
        yield found("copyright-words", "channel", rights.text, rights.line)
    owner = feed.channel.first("itunes:owner")
    if owner is not None and owner.text_of("itunes:email"):
        yield found("owner-public", "channel", owner.text_of("itunes:email"), owner.line)


def _promises(feed: Feed) -> Iterator[Finding]:
    guid = feed.channel.text_of("podcast:guid")
    if guid and feed.self_url and guid.lower() != podcast_guid(feed.self_url):
        yield found("guid-derived", "channel", guid)
    yield from ai_content(feed.channel)
    if not any(_purpose(one) == "ai-content" for one in feed.channel.children("podcast:txt")):
        yield found("ai-missing", "channel")


def ai_content(parent: Element) -> Iterator[Finding]:
    """Yield statements on synthetic content that are neither true nor false."""
    for one in parent.children("podcast:txt"):
        if _purpose(one) == "ai-content" and one.text not in {"true", "false"}:
            yield found("ai-value", parent.where, one.text, one.line)


def _purpose(element: Element) -> str:
    return element.get("purpose") or ""


def _archive(feed: Feed) -> Iterator[Finding]:
    links = {one.get("rel"): one.get("href") for one in feed.channel.children("atom:link")}
    marked = feed.channel.first("fh:archive") is not None
    if not feed.items:
        yield found("items-none", "channel")
    if len(feed.items) > AT_ONCE:
        yield found("items-many", "channel", len(feed.items))
    if marked and not links.get("current"):
        yield found("archive-links", "channel", ", ".join(str(rel) for rel in links))
    if links.get("current") not in {None, feed.self_url} and not marked:
        yield found("archive-self", "channel", links.get("current"))
