"""An SFTP server in a thread: asyncssh's own, over a folder, with what a server may lack or do."""

import asyncio
import os
import threading
from contextlib import contextmanager
from pathlib import Path

import asyncssh
from msgspec import Struct, field

USER, PASSWORD = "ann", "quiet-evening"


class Quirks(Struct, kw_only=True):
    """What is special about a server.

    Attributes:
        replaces: it can rename over a file that is there.
        flushes: it knows fsync.
        refuses: raised for every write.
        cut_after: writes after which it cuts the line, each number once.
        password_only: no key is let in.
    """

    replaces: bool = True
    flushes: bool = True
    refuses: Exception | None = None
    cut_after: list[int] = field(default_factory=list)
    password_only: bool = False
    written: list[int] = field(default_factory=list)
    logins: int = 0


class Server(asyncssh.SSHServer):
    """Lets one user in, by a password or by any key in authorized_keys."""

    def __init__(self, quirks):
        self._quirks = quirks

    def connection_made(self, conn):  # noqa: ARG002 - as asyncssh calls it
        self._quirks.logins += 1

    def password_auth_supported(self):
        return True

    def public_key_auth_supported(self):
        return not self._quirks.password_only

    def validate_password(self, username, password):
        return (username, password) == (USER, PASSWORD)


class Files(asyncssh.SFTPServer):
    """A folder, `/` being its top."""

    def __init__(self, chan, root, quirks):
        super().__init__(chan, chroot=os.fsencode(root))
        self._chan, self._quirks = chan, quirks

    def write(self, file_obj, offset, data):
        quirks = self._quirks
        if quirks.refuses is not None:
            raise quirks.refuses
        quirks.written.append(len(data))
        if len(quirks.written) in quirks.cut_after:
            quirks.cut_after.remove(len(quirks.written))
            self._chan.get_connection().abort()
        return super().write(file_obj, offset, data)

    def posix_rename(self, oldpath, newpath):
        if not self._quirks.replaces:
            raise asyncssh.SFTPOpUnsupported("no posix-rename here")
        return super().posix_rename(oldpath, newpath)

    def rename(self, oldpath, newpath):
        if Path(os.fsdecode(self.map_path(newpath))).exists():
            raise asyncssh.SFTPFailure("the name is taken")
        return super().rename(oldpath, newpath)

    def fsync(self, file_obj):
        if not self._quirks.flushes:
            raise asyncssh.SFTPOpUnsupported("no fsync here")
        return super().fsync(file_obj)


class Running(Struct, frozen=True, kw_only=True):
    """Port, public half of the server's key, and what is special about it."""

    port: int
    key: str
    quirks: Quirks


@contextmanager
def sftp_server(root: Path, quirks: Quirks, *, authorized: Path | None = None, offers=True):
    """Serve a folder on loopback until the block ends."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    files = (lambda chan: Files(chan, root, quirks)) if offers else None

    async def listen():
        return await asyncssh.create_server(
            lambda: Server(quirks),
            "127.0.0.1",
            0,
            server_host_keys=[key],
            sftp_factory=files,
            authorized_client_keys=str(authorized) if authorized else None,
        )

    async def leave(listening):
        listening.close()
        await listening.wait_closed()
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    listening = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        public = key.export_public_key().decode().strip()
        yield Running(port=listening.get_port(), key=public, quirks=quirks)
    finally:
        asyncio.run_coroutine_threadsafe(leave(listening), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
