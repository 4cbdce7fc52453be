"""One SFTP session with a server: its key proved, its faults in words, its breaks mended."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncssh

from undersong.errors import PublishError
from undersong.publish.address import Address
from undersong.publish.remote import SFTP_PASSWORD

LOGIN_S: Final = 20
"""A server that has not let us in after this long will not."""

PATIENCE_S: Final = 300
"""A step that takes longer has failed; four mebibytes at 112 kbit/s take that long."""

ALIVE_S: Final = 15
"""A server that says nothing is asked whether it is there; three silences end the line."""

TRIES: Final = 3

T = TypeVar("T")

_BROKEN: Final = (
    asyncssh.DisconnectError,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    ConnectionError,
    TimeoutError,
)


async def soon(step: Awaitable[T]) -> T:
    """Return what a step returns.

    Raises:
        TimeoutError: it takes longer than `PATIENCE_S`.
    """
    return await asyncio.wait_for(step, PATIENCE_S)


class Line:
    """An SFTP session that opens when it is first needed, and again when it breaks.

    What `~/.ssh/config` says of the host holds, except that its key is always proved.
    """

    def __init__(self, address: Address, password: Callable[[], str | None]) -> None:
        """Prepare a line; `password` is asked only when the server wants one."""
        self._address = address
        self._password = password
        self._runner = asyncio.Runner()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    def run(self, act: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, T]]) -> T:
        """Return what `act` returns; it is begun anew when the line breaks.

        Raises:
            PublishError: no line, or the server refuses.
        """
        left = TRIES
        while True:
            try:
                return self._runner.run(self._acted(act))
            except _BROKEN as error:
                self._drop()
                left -= 1
                if not left:
                    raise PublishError(
                        f"the connection to {self._address.place} broke {TRIES} times: "
                        f"{_reason(error)}",
                        hint="publish again; what has arrived stays, and the feed is whole",
                    ) from error
            except asyncssh.Error as error:
                raise refusal(error, self._address) from error

    def close(self) -> None:
        """End the session."""
        self._drop()
        self._runner.close()

    async def _acted(self, act: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, T]]) -> T:
        if self._sftp is None:
            self._connection = await _connected(self._address, self._password)
            try:
                self._sftp = await soon(self._connection.start_sftp_client())
            except (asyncssh.Error, TimeoutError) as error:
                raise PublishError(
                    f"{self._address.place} lets us in, but offers no SFTP: {_reason(error)}",
                    hint="ask the host to enable SFTP, or send with rsync",
                ) from error
        return await act(self._sftp)

    def _drop(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            with suppress(asyncssh.Error, OSError):
                self._runner.run(asyncio.wait_for(connection.wait_closed(), LOGIN_S))


class _Door(asyncssh.SSHClient):
    """Remembers the key that a server showed, and lets no unknown one pass."""

    shown = ""

    def validate_host_public_key(
        self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Refuse a key that is not in known_hosts."""
        self.shown = key.get_fingerprint()
        return False


async def _connected(
    address: Address, password: Callable[[], str | None]
) -> asyncssh.SSHClientConnection:
    """Return a connection to a server whose key is known and that has let us in."""
    door = _Door()
    named = {"username": address.user} if address.user else {}
    try:
        options = asyncssh.SSHClientConnectionOptions(
            host=address.host,
            port=address.port or (),
            client_factory=lambda: door,
            password=password,
            connect_timeout=LOGIN_S,
            login_timeout=LOGIN_S,
            keepalive_interval=ALIVE_S,
            **named,
        )
        known = options.known_hosts or _usual()  # even if the configuration wants no proof
        return await asyncssh.connect(
            address.host, address.port or (), options=options, known_hosts=known
        )
    except asyncssh.HostKeyNotVerifiable as error:
        raise _unproved(address, door.shown, known=_knows(options)) from error
    except asyncssh.PermissionDenied as error:
        raise PublishError(
            f"{address.place} did not let us in: {error.reason}",
            hint="put a key into ssh-agent or ~/.ssh and its public half on the server; "
            f"if it must be a password, {address.secrets_go((SFTP_PASSWORD,))}",
        ) from error
    except (ValueError, FileNotFoundError, PermissionError) as error:
        raise PublishError(f"something in ~/.ssh cannot be used: {error}") from error
    except (asyncssh.Error, OSError) as error:
        raise PublishError(
            f"cannot reach {address.place}: {_reason(error)}",
            hint=f"try `{_by_hand(address)}`",
        ) from error


def _usual() -> list[str] | bytes:
    """Return the file of known hosts, nothing known when there is none."""
    usual = Path("~/.ssh/known_hosts").expanduser()
    return [str(usual)] if usual.is_file() else b""


def _knows(options: asyncssh.SSHClientConnectionOptions) -> bool:
    """Whether some key of this server is known."""
    known, name = options.known_hosts or _usual(), options.host_key_alias or options.host
    port = options.port if options.port != asyncssh.DEFAULT_PORT else None
    return bool(asyncssh.match_known_hosts(known, name, "", port)[0])


def _unproved(address: Address, shown: str, *, known: bool) -> PublishError:
    if known:
        return PublishError(
            f"{address.place} shows another key than the one in known_hosts: {shown}",
            hint="somebody may stand in between: ask the host whether its key has changed, "
            "and only then put the new one into ~/.ssh/known_hosts",
        )
    return PublishError(
        f"the key of {address.place} is not in known_hosts: {shown or 'it is of no known kind'}",
        hint=f"run `{_by_hand(address)}` once, compare this fingerprint with the one that the "
        "host names, answer yes, and publish again",
    )


def _by_hand(address: Address) -> str:
    port = f"-p {address.port} " if address.port else ""
    return f"ssh {port}{address.user + '@' if address.user else ''}{address.host}"


_REFUSALS: Final = (
    (asyncssh.SFTPPermissionDenied, "does not permit it", "check who owns the folder there"),
    (
        asyncssh.SFTPFailure,  # all that SFTP 3 has to say
        "cannot do it",
        "is its disk full, a quota reached, or a file where a folder should be?",
    ),
)
"""Kind of refusal, in words, and what may help."""


def refusal(error: asyncssh.Error, address: Address) -> PublishError:
    """Return what a server refused, in words."""
    for kind, said, hint in _REFUSALS:
        if isinstance(error, kind):
            return PublishError(f"{address.name}: the server {said}: {error.reason}", hint=hint)
    return PublishError(f"{address.name}: the server refuses: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    said = error.reason if isinstance(error, asyncssh.Error) else getattr(error, "strerror", None)
    return said or str(error) or type(error).__name__
