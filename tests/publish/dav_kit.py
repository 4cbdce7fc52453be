"""A small WebDAV server in this process, which can be told to fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from publish_kit import serving

CUT = 0
"""Instead of a status: the line is cut."""


class Dav(ThreadingHTTPServer):
    """Files and folders by path, what was asked, and faults to come."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.folders = {"/web"}
        self.asked: list[tuple[str, str]] = []
        self.headers: dict[str, dict[str, str]] = {}
        self.faults: dict[str, list[int]] = {}

    @property
    def place(self):
        return f"127.0.0.1:{self.server_port}/web"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        path = unquote(self.path).rstrip("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, path))
        faults = self.server.faults.get(self.command)
        fault = faults.pop(0) if faults else None
        if fault == CUT:
            self.close_connection = True
            return
        status, content = (fault, b"") if fault else self.done(path, body)
        self.send_response(status)
        if self.command in {"HEAD", "GET"} and status == 200:
            self.send_header("ETag", sha256(content).hexdigest())
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's
    do_MKCOL = do_MOVE = do_PROPFIND = answer  # noqa: N815 - as above

    def done(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and content."""
        files, folders = self.server.files, self.server.folders
        parent = path.rpartition("/")[0]
        if self.command in {"MKCOL", "PROPFIND"}:
            return self.of_folder(path)
        if self.command == "PUT" and parent in folders:
            files[path] = body
            self.server.headers[path] = dict(self.headers)
            return 201, b""
        if path not in files:
            return (409 if self.command == "PUT" else 404), b"there is none"
        if self.command == "MOVE":
            to = unquote(urlsplit(self.headers["Destination"]).path)
            files[to] = files.pop(path)
            self.server.headers[to] = self.server.headers.pop(path)
            return 201, b""
        if self.command == "DELETE":
            del files[path]
            return 204, b""
        return 200, files[path]

    def of_folder(self, folder: str) -> tuple[int, bytes]:
        """Make a folder, or list it."""
        folders, known = self.server.folders, folder in self.server.folders
        if self.command == "PROPFIND":
            return (207, self.listing(folder)) if known else (404, b"")
        folders.add(folder)
        return (405 if known else 201 if folder.rpartition("/")[0] in folders else 409), b""

    def listing(self, folder: str) -> bytes:
        """Return what servers say of a folder; some give whole addresses, others paths."""
        lines = [f"<D:response><D:href>{quote(folder)}/</D:href></D:response>"]
        for path, body in self.server.files.items():
            if path.rpartition("/")[0] == folder:
                size = f"<D:getcontentlength>{len(body)}</D:getcontentlength>"
                lines.append(
                    f"<D:response><D:href>http://host{quote(path)}</D:href>"
                    f"<D:propstat><D:prop>{size}</D:prop></D:propstat></D:response>"
                )
        return f'<D:multistatus xmlns:D="DAV:">{"".join(lines)}</D:multistatus>'.encode()

    def log_message(self, *_) -> None:
        """Keep the screen clean."""


@contextmanager
def dav_server() -> Iterator[Dav]:
    """Serve until the block ends."""
    with serving(Dav()) as server:
        yield server
