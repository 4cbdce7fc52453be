"""WebDAV as a target (RFC 4918): a folder of somebody's web server, NAS or cloud.

A file is sent under a passing name and moved into place, so none is ever there by half.
"""

import base64
import contextlib
import http.client
import secrets
import ssl
from collections.abc import Callable, Container, Iterator, Mapping
from email.message import Message
from http import HTTPStatus
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from undersong.errors import PublishError, UsageError
from undersong.publish import davlist
from undersong.publish.address import LOOPBACK, Address
from undersong.publish.keys import secret
from undersong.publish.model import Piece
from undersong.publish.target import Target, Tick, blocks, cache_control

PASSWORD: Final = "UNDERSONG_DAV_PASSWORD"  # noqa: S105 - what it is called

TIMEOUT_S: Final = 60
"""Without a byte in either direction."""

TRIES: Final = 4
FIRST_WAIT_S: Final = 0.25
"""Before the second try; each further wait is twice as long."""

_HINTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        301: "the folder is elsewhere: publish to the address it redirects to",
        302: "the folder is elsewhere: publish to the address it redirects to",
        308: "the folder is elsewhere: publish to the address it redirects to",
        403: "may this user write in this folder?",
        404: "is the path right? The first folder is not made here",
        405: "is this address WebDAV? Its host must know HEAD, GET, PUT, MOVE, MKCOL and DELETE",
        409: "is the path right? The first folder is not made here",
        413: "the host limits the size of files: raise its limit",
        501: "is this address WebDAV? Its host must know HEAD, GET, PUT, MOVE, MKCOL and DELETE",
        507: "there is no room left at the host",
    }
)
"""What helps, by HTTP status."""

_ABSENT: Final = frozenset({404, 410})
_NO_FOLDER: Final = frozenset({403, 404, 409})
"""What hosts say to a file whose folder is missing: RFC 4918 has 409, others differ."""


_PASSING: Final = frozenset({429, 500, 502, 503, 504})
"""What may be over at the next try."""


class _Answer(NamedTuple):
    """What the host said."""

    status: int
    headers: Message
    content: bytes


class _PassingError(Exception):
    """Something that may be over at the next try."""


class DavTarget(Target):
    """A folder behind WebDAV. Use from one thread."""

    def __init__(self, address: Address, password: str | None, *, safe: bool) -> None:
        """Publish below an address.

        Args:
            address: whose user may be empty.
            password: of that user.
            safe: speak https.
        """
        self._address = address
        self._root = "/" + quote(address.path) if address.path else ""
        self._url = f"{'https' if safe else 'http'}://{address.netloc}{self._root}"
        self._login = _login(address.user, password)
        self._line = _line(address, safe=safe)
        self._folders = {"", "."}
        self._seen: dict[str, tuple[str, ...]] = {}
        self._listed: dict[str, dict[str, int] | None] = {}
        self._changed: set[str] = set()

    @property
    def name(self) -> str:
        """The address."""
        return self._address.name

    def size(self, path: str) -> int | None:
        """Return the length of a file, None when there is none.

        Raises:
            PublishError: the host does not tell.
        """
        folder = str(PurePosixPath(path).parent)
        if folder != "." and path not in self._changed:
            there = self._list(folder)
            if there is not None:
                return there.get(path)
        found = self._find("HEAD", path)
        self._seen.setdefault(path, _marks(found))
        length = found.headers.get("Content-Length", "") if found else ""
        return int(length) if length.isdecimal() else None

    def read(self, path: str) -> bytes | None:
        """Return a small file, None when there is none.

        Raises:
            PublishError: the host does not give it.
        """
        found = self._find("GET", path)
        self._seen.setdefault(path, _marks(found))
        return found.content if found else None

    def write(self, piece: Piece, tick: Tick) -> None:
        """Send a piece, and move it into place.

        Raises:
            PublishError: the host does not take it, or somebody else has replaced it meanwhile.
        """
        self._changed.add(piece.path)
        self._make(str(PurePosixPath(piece.path).parent))
        passing = f"{piece.path}.{secrets.token_hex(4)}.part"
        try:
            self._must(self._put(piece, passing, tick), {200, 201, 204}, f"take {piece.path}")
            self._refuse_overtaken(piece)
            to = {"Destination": f"{self._url}/{quote(piece.path)}", "Overwrite": "T"}
            self._must(self._ask("MOVE", passing, to)[0], {201, 204}, f"move {piece.path} in place")
        except BaseException:
            with contextlib.suppress(PublishError):
                self._ask("DELETE", passing)
            raise
        self._seen.pop(piece.path, None)

    def delete(self, path: str) -> None:
        """Take a file away; that it is not there is no fault.

        Raises:
            PublishError: the host does not.
        """
        self._changed.add(path)
        status, _, _ = self._ask("DELETE", path)
        if status not in _ABSENT:
            self._must(status, {200, 202, 204}, f"delete {path}")

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def _list(self, folder: str) -> dict[str, int] | None:
        """Return lengths by path of what was in a folder when this began, if the host lists."""
        if folder not in self._listed:
            status, _, content = self._ask("PROPFIND", f"{folder}/", davlist.HEADERS, _listing)
            if status in _ABSENT:
                self._listed[folder] = {}
            elif status == HTTPStatus.MULTI_STATUS:
                self._listed[folder] = davlist.listed(content, unquote(self._root) + "/")
            else:
                self._listed[folder] = None  # then every file is asked for
        return self._listed[folder]

    def _find(self, verb: str, path: str) -> _Answer | None:
        """Ask for a file, or about it; None when there is none."""
        found = self._ask(verb, path)
        if found.status in _ABSENT:
            return None
        self._must(found.status, {200}, f"give {path}")
        return found

    def _refuse_overtaken(self, piece: Piece) -> None:
        """Of two who publish at once, tell the second; WebDAV has no condition for a move."""
        before = self._seen.get(piece.path)
        if piece.immutable or before is None:
            return
        if _marks(self._find("HEAD", piece.path)) != before:
            raise PublishError(
                f"somebody else publishes to {self.name}: {piece.path} has just changed there",
                hint="run publish again; it compares everything anew",
            )

    def _make(self, folder: str) -> None:
        """Make a folder and those above it, unless they are there."""
        if folder in self._folders:
            return
        self._make(str(PurePosixPath(folder).parent))
        status, _, _ = self._ask("MKCOL", f"{folder}/")
        self._must(status, {200, 201, 405}, f"make the folder {folder}")  # 405: there is one
        self._folders.add(folder)

    def _put(self, piece: Piece, path: str, tick: Tick) -> int:
        """Send a piece under a name and return the status; a try that failed is not counted."""
        headers = {
            "Content-Type": piece.mime,
            "Content-Length": str(piece.size_bytes),
            "Cache-Control": cache_control(piece),
        }
        sent_bytes = 0

        def counted() -> Iterator[bytes]:
            nonlocal sent_bytes
            tick(-sent_bytes)
            sent_bytes = 0
            for block in blocks(piece):
                yield block
                sent_bytes += len(block)
                tick(len(block))

        return self._ask("PUT", path, headers, counted)[0]

    def _ask(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], Iterator[bytes]] | None = None,
    ) -> _Answer:
        """Ask until there is an answer; what may pass is tried again.

        Raises:
            PublishError: there is none, after all tries.
        """
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(multiplier=FIRST_WAIT_S),
            retry=retry_if_exception_type(_PassingError),
            reraise=True,
        )
        try:
            return tries(self._try, verb, path, headers or {}, body)
        except _PassingError as error:
            raise PublishError(
                f"{self._address.netloc} does not answer {verb} {path}: {error}",
                hint="is the address right, is the host up? What has arrived is not sent again",
            ) from None

    def _try(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],
        body: Callable[[], Iterator[bytes]] | None,
    ) -> _Answer:
        sent = {**self._login, **headers}
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why
                self._line.request(verb, self._path(path), body() if body else None, sent)
            answer = self._line.getresponse()
            found = _Answer(answer.status, answer.headers, answer.read())
        except ssl.SSLCertVerificationError as error:
            self._line.close()
            raise PublishError(
                f"the certificate of {self._address.netloc} is not trusted: {error.verify_message}",
                hint="is it the right host, is the clock right?",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            raise _PassingError(str(error) or type(error).__name__) from error
        except BaseException:
            self._line.close()  # it stands in the middle of a request
            raise
        if found.status in _PASSING:
            raise _PassingError(f"{found.status} {http.client.responses[found.status]}")
        return found

    def _path(self, path: str) -> str:
        return f"{self._root}/{quote(path)}"

    def _must(self, status: int, good: Container[int], what: str) -> None:
        if status in good:
            return
        hint = _HINTS.get(status, "what does the host's log say?")
        if status == HTTPStatus.UNAUTHORIZED:
            hint = f"are name and password right? {self._address.secrets_go((PASSWORD,))}"
        raise PublishError(
            f"{self._address.netloc} does not {what}: "
            f"{status} {http.client.responses.get(status, '')}".rstrip(),
            hint=hint,
        )


def open_dav(address: Address) -> DavTarget:
    """Open `davs://user@host/folder`, or `dav://` on this computer; no settings.

    Raises:
        PublishError: no password is known for the user.
        UsageError: a password would travel without https.
        UnknownNameError: settings.
    """
    address.only()
    safe = address.scheme in {"davs", "webdav+https"}
    if not safe and address.host not in LOOPBACK:
        raise UsageError(
            f"{address.name}: passwords and sound travel over https only",
            hint=f"write it as davs://{address.name.partition('://')[2]}",
        )
    password = secret(address, PASSWORD) if address.user else None
    if address.user and password is None:
        raise PublishError(
            f"no password is known for {address.place}", hint=address.secrets_go((PASSWORD,))
        )
    return DavTarget(address, password, safe=safe)


def _line(address: Address, *, safe: bool) -> http.client.HTTPConnection:
    """Return a connection, which opens when it is asked."""
    if not safe:
        return http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(
        address.host, address.port, timeout=TIMEOUT_S, context=context
    )


def _listing() -> Iterator[bytes]:
    yield davlist.ASK


def _marks(found: _Answer | None) -> tuple[str, ...]:
    """Return what changes with a file; nothing for none."""
    names = ("ETag", "Last-Modified", "Content-Length")
    return tuple(found.headers.get(name, "") for name in names) if found else ()


def _login(user: str, password: str | None) -> dict[str, str]:
    """Return the header of RFC 7617; none for nobody."""
    if password is None:
        return {}
    both = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {both}"}
