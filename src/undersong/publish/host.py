"""A folder on the web the way a good host has it: ranges, tags, conditions, types, CORS.

For trying a show with real apps before anybody subscribes, on this machine or its network.
"""

import hashlib
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from undersong.errors import OutputError
from undersong.files import atomic
from undersong.publish.check.document import read_feed
from undersong.publish.episodes import CHAPTERS_MIME
from undersong.publish.jsonfeed import JSON_FEED
from undersong.publish.model import FEED
from undersong.publish.names import FORMS, HASH_DIGITS
from undersong.publish.site.pages import SHOW_PAGE
from undersong.publish.target import FRESH, IMMUTABLE

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".xml": "application/rss+xml; charset=utf-8",
        ".opml": "text/x-opml; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".vtt": "text/vtt; charset=utf-8",
        ".srt": "application/x-subrip; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".jpg": "image/jpeg",
        ".png": "image/png",
        **{form.suffix: form.mime for form in FORMS.values()},
    }
)
"""Media type by suffix; the machine's own table is never asked."""

_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A Host header that may stand in a feed."""

_NAMED_BY_CONTENT: Final = re.compile(rf".*-[0-9a-f]{{{HASH_DIGITS}}}\.[a-z0-9]+")


_NAMING: Final = (".xml", ".html", ".opml")
"""Files that name the host they lie on."""


def type_of(path: str) -> str:
    """Return the media type of a file of a show, by its path."""
    pure = PurePosixPath(path)
    if pure.parts[:1] == ("chapters",) and pure.suffix == ".json":
        return CHAPTERS_MIME
    if pure.name == JSON_FEED:
        return "application/feed+json; charset=utf-8"
    return _TYPES.get(pure.suffix.lower(), "application/octet-stream")


class Host(StaticFiles):
    """Serves a show's folder; feeds and pages name this host instead of the one meant."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        """Serve `folder`; feeds and pages are rewritten in `scratch`."""
        super().__init__(directory=folder, html=True)
        self._folder = folder
        self._scratch = scratch

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; hidden ones are not there."""
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    def file_response(
        self,
        full_path: Any,  # noqa: ANN401 - as starlette has it
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file, or that it has not changed; feeds, pages name the host asked."""
        path, asked = scope["path"].lstrip("/"), Headers(scope=scope)
        if path == "" or path.endswith("/"):
            path += SHOW_PAGE
        if path.endswith(_NAMING) or PurePosixPath(path).name == JSON_FEED:
            full_path = self._rewritten(Path(full_path), asked.get("host", ""))
            stat_result = full_path.stat()
        lasting = _NAMED_BY_CONTENT.fullmatch(path) is not None
        response = FileResponse(
            full_path,
            status_code=status_code,
            stat_result=stat_result,
            media_type=type_of(path),
            headers={
                "cache-control": IMMUTABLE if lasting else FRESH,
                "x-content-type-options": "nosniff",
            },
        )
        if self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response

    def _rewritten(self, path: Path, host: str) -> Path:
        """Return a copy of a feed or page that names `host`; written only when it is another."""
        content = path.read_bytes()
        base, here = base_of(self._folder), f"http://{host}/"
        if base and _HOST.fullmatch(host):
            for form in (str, _quoted, _bare):
                content = content.replace(form(base).encode(), form(here).encode())
        name = hashlib.sha256(content).hexdigest() + path.suffix
        own = self._scratch / name
        if not own.is_file():
            with atomic(own) as temporary:
                temporary.write_bytes(content)
        return own


def _quoted(address: str) -> str:
    """Return an address as it stands in another's query."""
    return quote(address, safe="")


def _bare(address: str) -> str:
    """Return an address as it stands behind an app's own scheme."""
    return address.partition("://")[2]


def base_of(folder: Path) -> str:
    """Return the address of the folder that a show is meant for, empty when no feed tells."""
    try:
        feed, _ = read_feed((folder / FEED).read_bytes(), FEED)
    except OSError:
        return ""
    return feed.self_url.rpartition("/")[0] + "/" if feed is not None and feed.self_url else ""


def make_host(folder: Path, scratch: Path) -> Starlette:
    """Return the application that serves `folder`."""
    shared = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        allow_headers=["Range", "If-Range", "If-None-Match", "If-Modified-Since"],
        expose_headers=["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
    )
    return Starlette(routes=[Mount("/", app=Host(folder, scratch))], middleware=[shared])


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        OutputError: the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        why = error.strerror if isinstance(error, OSError) else None
        raise OutputError(
            f"cannot listen on {host}:{port}: {why or error}",
            hint="choose another port with --port",
        ) from error
    return found


def make_server(app: Starlette) -> uvicorn.Server:
    """Return a server that says nothing and ends when it is told to."""
    return uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", server_header=False)
    )
