"""The part of Google's XML interface that publishing needs, without signatures, in this process.

What matters here is Google's own way of conditions: a generation, which lists do not tell.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, unquote, urlsplit

from publish_kit import serving


class Google(ThreadingHTTPServer):
    """Objects of one bucket, each with its generation."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[int, bytes, str]] = {}
        self.generations = count(1)
        self.conditions: list[tuple[str, str]] = []
        self.faults: list[int] = []

    @property
    def key(self):
        """A service account that needs no login."""
        url = f"http://127.0.0.1:{self.server_port}"
        account = {"client_email": "ann", "private_key": "none", "private_key_id": "none"}
        return json.dumps({"gcs_base_url": url, "disable_oauth": True, **account})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        parts = urlsplit(self.path)
        name = unquote(parts.path).removeprefix("/bucket").lstrip("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.faults:
            return self.say(self.server.faults.pop(0))
        if not name:
            return self.say(200, self.listed(parse_qs(parts.query).get("prefix", [""])[0]))
        if self.command == "PUT":
            return self.put(name, body)
        if name not in self.server.objects:
            return self.say(404)
        if self.command == "DELETE":
            del self.server.objects[name]
            return self.say(204)
        return self.say(200, self.server.objects[name][1], name)

    do_GET = do_HEAD = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's

    def put(self, name: str, body: bytes) -> None:
        objects = self.server.objects
        wanted = self.headers.get("x-goog-if-generation-match")
        if wanted is not None:
            self.server.conditions.append((name, wanted))
            if int(wanted) != objects.get(name, (0,))[0]:
                return self.say(412)
        objects[name] = (next(self.server.generations), body, self.headers["Content-Type"])
        return self.say(200, b"", name)

    def listed(self, prefix: str) -> bytes:
        return "<ListBucketResult>{}</ListBucketResult>".format(
            "".join(
                f"<Contents><Key>{name}</Key><Size>{len(body)}</Size><ETag>{_tag(body)}</ETag>"
                "<LastModified>2026-11-21T06:00:00.000Z</LastModified></Contents>"
                for name, (_, body, _) in sorted(self.server.objects.items())
                if name.startswith(prefix)
            )
        ).encode()

    def say(self, status: int, content: bytes = b"", name: str = "") -> None:
        self.send_response(status)
        if name:
            generation, body, mime = self.server.objects[name]
            self.send_header("x-goog-generation", str(generation))
            self.send_header("ETag", _tag(body))
            self.send_header("Last-Modified", "Sat, 21 Nov 2026 06:00:00 GMT")
            self.send_header("Content-Type", mime)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_) -> None:
        """Keep the screen clean."""


def _tag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


@contextmanager
def google_server() -> Iterator[Google]:
    """Serve until the block ends."""
    with serving(Google()) as server:
        yield server
