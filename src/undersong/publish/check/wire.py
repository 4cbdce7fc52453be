"""HTTP as a checker needs it: one request, one answer, every redirect seen."""

import http.client
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

HOPS_MAX: Final = 10
TIMEOUT_S: Final = 20.0
PATIENCE_S: Final = 120.0
"""A host that drips is left after this."""

_BLOCK: Final = 1 << 16
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class WireError(Exception):
    """No answer came: no such host, refused, too slow, or not HTTP."""


class Answer(Struct, frozen=True, kw_only=True):
    """What a host answered in the end.

    Attributes:
        url: the last address, after redirects.
        headers: by lower-case name.
        hops: status and address of each redirect on the way.
        body: as much of it as was asked for.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    hops: tuple[tuple[int, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header, empty when there is none."""
        return self.headers.get(name.lower(), "")

    @property
    def length(self) -> int | None:
        """Content-Length, None when there is none."""
        text = self.header("content-length")
        return int(text) if text.isascii() and text.isdigit() else None


def ask(
    method: str, url: str, headers: Mapping[str, str] | None = None, *, limit: int = 0
) -> Answer:
    """Ask a host, following redirects; the first `limit` bytes of the body are kept.

    Raises:
        WireError: no answer.
    """
    with _asked(method, url, headers or {}) as (answer, blocks):
        body = bytearray()
        while len(body) < limit and (block := next(blocks, b"")):
            body += block
    return Answer(
        status=answer.status,
        url=answer.url,
        headers=answer.headers,
        hops=answer.hops,
        body=bytes(body[:limit]),
    )


def stream(url: str) -> Iterator[bytes]:
    """Yield a whole body in blocks.

    Raises:
        WireError: no answer, or none with 200.
    """
    with _asked("GET", url, {}) as (answer, blocks):
        if answer.status != http.client.OK:
            raise WireError(f"status {answer.status}")
        yield from blocks


@contextmanager
def _asked(
    method: str, url: str, headers: Mapping[str, str]
) -> Iterator[tuple[Answer, Iterator[bytes]]]:
    """Yield the last answer and the blocks of its body."""
    hops: list[tuple[int, str]] = []
    started = time.monotonic()
    try:
        while True:
            with closing(_connection(url)) as connection:
                connection.request(method, _target(url), headers=_HEADERS | dict(headers))
                response = connection.getresponse()
                found = {name.lower(): value for name, value in response.getheaders()}
                onward = found.get("location") if response.status in _REDIRECTS else None
                if onward is not None and len(hops) < HOPS_MAX:
                    hops.append((response.status, url))
                    url = urljoin(url, onward)
                    continue
                answer = Answer(status=response.status, url=url, headers=found, hops=tuple(hops))
                yield answer, _blocks(response, started)
                return
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise WireError(str(error) or type(error).__name__) from error


_HEADERS: Final = {"User-Agent": "undersong-feed-check", "Accept-Encoding": "identity"}


def _blocks(response: http.client.HTTPResponse, started: float) -> Iterator[bytes]:
    while block := response.read(_BLOCK):
        yield block
        if time.monotonic() - started > PATIENCE_S:
            raise TimeoutError("the host is too slow")


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"not an http address: {url}")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(
        parts.hostname, parts.port, timeout=TIMEOUT_S, context=context
    )


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
