"""Rules of the web pages beside a feed: they are there, and so is whatever they lead to."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urldefrag, urljoin

from lxml import html

from undersong.publish.check.document import Feed
from undersong.publish.check.rules import Finding, found
from undersong.publish.check.shelf import FolderShelf

PAGE_MAX_BYTES: Final = 8_000_000
_LEADS: Final = "//@href | //@src"


def pages_behind(feeds: Sequence[Feed], shelf: FolderShelf) -> Iterator[Finding]:
    """Yield what is wrong with the pages that items link to, and with all pages behind them.

    Addresses outside the show's folder are not looked at, and neither is a folder's own address:
    which file answers there is the host's affair.
    """
    there: dict[str, bool] = {}
    left: list[str] = []
    for item in (item for feed in feeds for item in feed.items):
        url = _ours(item.text_of("link"), shelf)
        if not url:
            continue
        if not _is_there(url, shelf, there):
            yield found("page-missing", item.where, url, item.line)
        left.append(url)
    while left:
        page = left.pop()
        for url in _leads(page, shelf):
            known = url in there
            if not _is_there(url, shelf, there):
                yield found("page-link", page, url)
            elif not known:
                left.append(url)


def _is_there(url: str, shelf: FolderShelf, there: dict[str, bool]) -> bool:
    if url not in there:
        there[url] = shelf.size(url) is not None
    return there[url]


def _leads(page: str, shelf: FolderShelf) -> Iterator[str]:
    """Yield every address in the show's folder that a page names; none of what is no page."""
    content = shelf.whole(page, PAGE_MAX_BYTES) if page.endswith(".html") else b""
    if not content.strip():
        return
    named = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8"))
    for lead in dict.fromkeys(map(str, named.xpath(_LEADS))):
        if url := _ours(urljoin(page, lead), shelf):
            yield url


def _ours(address: str, shelf: FolderShelf) -> str:
    """Return an address without its fragment; empty when it is no file of this show."""
    url = urldefrag(address.strip()).url
    return url if shelf.knows(url) and not url.endswith("/") else ""
