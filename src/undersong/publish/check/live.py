"""Rules of a live host: what podcast apps and their crawlers ask of it."""

import hashlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, Final

from undersong.publish.check.document import FEED_MAX_BYTES, Element, Feed
from undersong.publish.check.rules import Finding, found
from undersong.publish.check.sound import HEAD_BYTES, same_type
from undersong.publish.check.values import is_address, is_secure
from undersong.publish.check.wire import Answer, WireError, ask, stream
from undersong.publish.picture import ART_MAX_BYTES

OK, PARTIAL, NOT_MODIFIED, UNAUTHORISED, FORBIDDEN, BEYOND = 200, 206, 304, 401, 403, 416
REDIRECTS_MAX: Final = 5
_FOR_GOOD: Final = (301, 308)
_FEED_TYPES: Final = ("application/rss+xml", "application/xml", "text/xml")
_IMAGE_TYPES: Final = ("image/jpeg", "image/png")
_OLD_TAG: Final = '"undersong-never-was"'
_ORIGIN: Final = "https://player.example"


class WebShelf:
    """Files on a host, by their addresses."""

    def __init__(self) -> None:
        """Begin without knowing any size."""
        self._sizes: dict[str, int | None] = {}

    def knows(self, url: str) -> bool:
        """Whether this is an address at all."""
        return is_address(url)

    def size(self, url: str) -> int | None:
        """Return Content-Length as HEAD or GET tells it, else what comes; None for nothing."""
        if url not in self._sizes:
            self._sizes[url] = self._size(url)
        return self._sizes[url]

    def _size(self, url: str) -> int | None:
        answer = None
        for method in ("HEAD", "GET"):
            answer = _quiet(method, url)
            if answer is not None and answer.status == OK and answer.length is not None:
                return answer.length
        here = answer is not None and answer.status == OK  # and its length is not told
        return len(self.whole(url, ART_MAX_BYTES)) if here else None

    def open(self, url: str) -> BinaryIO:
        """Return the head of the file."""
        answer = ask("GET", url, {"Range": f"bytes=0-{HEAD_BYTES - 1}"}, limit=HEAD_BYTES)
        return BytesIO(answer.body)

    def whole(self, url: str, limit: int) -> bytes:
        """Return the first `limit` bytes of the file."""
        return ask("GET", url, limit=limit).body

    def digest(self, url: str, name: str) -> bytes:
        """Return a digest of the whole file."""
        digest = hashlib.new(name)
        for block in stream(url):
            digest.update(block)
        return digest.digest()


def fetch_feed(url: str) -> tuple[bytes | None, tuple[Finding, ...]]:
    """Fetch a feed and look how its host behaves; None when it cannot be had."""
    try:
        answer = ask("GET", url, limit=FEED_MAX_BYTES + 1)
        wrong = (*_arrived(answer, url), *_feed_host(answer, url))
    except WireError as error:
        return None, (found("http-gone", url, error),)
    return (answer.body if answer.status == OK else None), wrong


def host_rules(feed: Feed, items: Sequence[Element]) -> Iterator[Finding]:
    """Yield how the host of a feed's files misbehaves."""
    for parent in (feed.channel, *items):
        for art in parent.children("itunes:image"):
            yield from _look(art.get("href") or "", _IMAGE_TYPES)
    for item in items:
        for one in item.children("enclosure"):
            yield from _look(
                one.get("url") or "", (one.get("type") or "",), length=one.get("length") or ""
            )
        for tag in ("podcast:transcript", "podcast:chapters"):
            for one in item.children(tag):
                yield from _look(one.get("url") or "", (one.get("type") or "",), shared=True)


def _look(
    url: str, types: Sequence[str], *, length: str = "", shared: bool = False
) -> Iterator[Finding]:
    """Look at one file; `shared` ones are read by web players instead of played."""
    if not is_address(url):
        return
    try:
        answer = ask("GET", url, {"Origin": _ORIGIN})
        yield from _arrived(answer, url)
        if answer.status != OK:
            return
        if not any(same_type(answer.header("content-type"), mime) for mime in types):
            yield found("http-type", url, answer.header("content-type") or "none")
        if shared:
            if answer.header("access-control-allow-origin") not in {"*", _ORIGIN}:
                yield found("http-cors", url)
            return
        yield from _same_head(answer, url)
        if length.isdigit() and answer.length not in {None, int(length)}:
            yield found("http-length", url, f"{answer.length}, not {length}")
        yield from _ranges(answer, url)
        yield from _unchanged(answer, url)
    except WireError as error:
        yield found("http-gone", url, error)


def _feed_host(answer: Answer, url: str) -> Iterator[Finding]:
    if answer.status != OK:
        return
    kind = answer.header("content-type").partition(";")[0].strip().lower()
    if kind not in _FEED_TYPES:
        yield found("http-type", url, kind or "none")
    yield from _same_head(answer, url)
    yield from _unchanged(answer, url)
    first = ask("GET", url, {"Range": "bytes=0-0"}, limit=2)
    if first.status != PARTIAL:
        yield found("http-ranges-feed", url, f"status {first.status}")


def _arrived(answer: Answer, url: str) -> Iterator[Finding]:
    """Yield what went wrong on the way to an answer."""
    if answer.status in {UNAUTHORISED, FORBIDDEN}:
        yield found("http-password", url, answer.status)
    elif answer.status != OK:
        yield found("http-gone", url, f"status {answer.status}")
    way = [address for _, address in answer.hops[1:]] + [answer.url] * bool(answer.hops)
    if len(answer.hops) > REDIRECTS_MAX or not all(is_secure(step) for step in way):
        yield found("http-redirects", url, " → ".join([url, *way]))
    if answer.hops and answer.hops[0][0] in _FOR_GOOD:
        yield found("http-moved", url, answer.url)


def _same_head(answer: Answer, url: str) -> Iterator[Finding]:
    head = ask("HEAD", url)
    if head.status != answer.status:
        yield found("http-head", url, f"status {head.status}")
    elif answer.length is not None and head.length not in {None, answer.length}:
        yield found("http-head", url, f"Content-Length {head.length}, not {answer.length}")


def _ranges(answer: Answer, url: str) -> Iterator[Finding]:
    first = ask("GET", url, {"Range": "bytes=0-0"}, limit=2)
    total = f"bytes 0-0/{answer.length}"
    if first.status != PARTIAL or len(first.body) != 1:
        yield found("http-ranges", url, f"status {first.status}, {len(first.body)} bytes")
        return
    if answer.length is not None and first.header("content-range") != total:
        yield found("http-ranges", url, first.header("content-range") or "no Content-Range")
    if answer.length is not None:
        beyond = ask("GET", url, {"Range": f"bytes={answer.length}-"})
        if beyond.status != BEYOND:
            yield found("http-beyond", url, f"status {beyond.status}")
    lasting = "immutable" in answer.header("cache-control").lower()  # RFC 8246: no tag gets old
    old = ask("GET", url, {"Range": "bytes=0-0", "If-Range": _OLD_TAG})
    if old.status != OK and not lasting:
        yield found("http-if-range", url, f"status {old.status}")


def _unchanged(answer: Answer, url: str) -> Iterator[Finding]:
    tag, date = answer.header("etag"), answer.header("last-modified")
    if not tag and not date:
        yield found("http-validator", url)
        return
    condition = {"If-None-Match": tag} if tag else {"If-Modified-Since": date}
    again = ask("GET", url, condition)
    if again.status != NOT_MODIFIED:
        yield found("http-304", url, f"status {again.status}")


def _quiet(method: str, url: str) -> Answer | None:
    """Ask for the head of an answer; None when none came."""
    try:
        return ask(method, url)
    except WireError:
        return None
