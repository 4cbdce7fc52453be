"""The checker: a feed from a file, a folder or a host; every finding in one report."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.errors import Fault, FaultsError
from undersong.publish.check.behind import files_behind
from undersong.publish.check.channel import channel_rules
from undersong.publish.check.document import (
    FEED_MAX_BYTES,
    Feed,
    namespaces_of,
    read_feed,
)
from undersong.publish.check.items import across, item_rules
from undersong.publish.check.live import WebShelf, fetch_feed, host_rules
from undersong.publish.check.pages import pages_behind
from undersong.publish.check.rules import Finding, found
from undersong.publish.check.shelf import FolderShelf
from undersong.publish.check.structure import every_element, expected
from undersong.publish.check.wire import WireError
from undersong.publish.model import FEED

PAGES_MAX: Final = 1000
"""More archive pages than these are not followed."""

_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


class Report(Struct, frozen=True, kw_only=True):
    """What was looked at and what was found, worst first.

    Attributes:
        pages: feed documents that were read.
        items: in all of them.
        looked_at: items whose files were looked at.
    """

    where: str
    pages: int
    items: int
    looked_at: int
    findings: tuple[Finding, ...]

    def count(self, severity: str) -> int:
        """Return how many findings have this severity."""
        return sum(finding.rule.severity == severity for finding in self.findings)


def check_file(path: Path, now: datetime, *, deep: bool = False) -> Report:
    """Check a feed on this disk and the files behind it, wherever its own address says they are.

    Args:
        path: the feed, or the folder that holds `feed.xml`.
        now: aware; what is dated later is in the future.
        deep: also read all sound and compare digests.

    Raises:
        FaultsError: there is no such file.
    """
    path = path / FEED if path.is_dir() else path
    try:
        with path.open("rb") as file:
            content = file.read(FEED_MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise FaultsError([Fault(file=str(path), message=message)]) from error
    feed, early = read_feed(content, str(path))
    if feed is None:
        return _report(str(path), (), 0, early)
    shelf = FolderShelf(feed.self_url.rpartition("/")[0] + "/", path.parent)

    def page(url: str) -> tuple[bytes | None, tuple[Finding, ...]]:
        local = shelf.path(url) if shelf.knows(url) else None
        return (local.read_bytes(), ()) if local else (None, (found("archive-gone", url),))

    feeds, more = _pages(feed, page)
    items = [item for one in feeds for item in one.items]
    findings = [*early, *more, *_rules(feeds, now, None)]
    for one in feeds:
        findings += files_behind(one, shelf, one.items, deep=deep)
    findings += pages_behind(feeds, shelf)
    return _report(str(path), feeds, len(items), findings)


def check_address(url: str, now: datetime, *, first: int = 10, deep: bool = False) -> Report:
    """Check a feed on a host, how the host behaves, and the files of the `first` items."""
    content, early = fetch_feed(url)
    if content is None:
        return _report(url, (), 0, early)
    feed, broken = read_feed(content, url)
    if feed is None:
        return _report(url, (), 0, (*early, *broken))
    feeds, more = _pages(feed, fetch_feed)
    items = feed.items[:first]
    findings = [*early, *broken, *more, *_rules(feeds, now, url), *host_rules(feed, items)]
    try:
        findings += files_behind(feed, WebShelf(), items, deep=deep)
    except WireError as error:
        findings.append(found("http-gone", url, error))
    return _report(url, feeds, len(items), findings)


Fetch = Callable[[str], tuple[bytes | None, tuple[Finding, ...]]]


def _pages(feed: Feed, fetch: Fetch) -> tuple[list[Feed], list[Finding]]:
    """Return the feed and its archive pages, newest first."""
    feeds, seen = [feed], {feed.self_url}
    findings: list[Finding] = []
    while len(feeds) < PAGES_MAX:
        older = _older(feeds[-1])
        if not older or older in seen:
            break
        seen.add(older)
        content, wrong = fetch(older)
        findings += wrong
        page, early = read_feed(content, older) if content is not None else (None, ())
        findings += early
        if page is None:
            break
        feeds.append(page)
    return feeds, findings


def _older(feed: Feed) -> str:
    links = feed.channel.children("atom:link")
    found_here = (one.get("href") or "" for one in links if one.get("rel") == "prev-archive")
    return next(found_here, "")


def _rules(feeds: Sequence[Feed], now: datetime, address: str | None) -> Iterator[Finding]:
    for feed in feeds:
        yield from namespaces_of(feed)
        yield from expected(feed)
        yield from every_element(feed)
        yield from channel_rules(feed, address if feed is feeds[0] else None)
        yield from item_rules(feed)
    yield from across(feeds, now)


def _report(
    where: str, feeds: Sequence[Feed], looked_at: int, findings: Sequence[Finding]
) -> Report:
    once = dict.fromkeys(findings)
    return Report(
        where=where,
        pages=len(feeds),
        items=sum(len(feed.items) for feed in feeds),
        looked_at=looked_at,
        findings=tuple(sorted(once, key=lambda one: _ORDER[one.rule.severity])),
    )
