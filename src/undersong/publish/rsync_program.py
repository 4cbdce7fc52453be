"""The rsync program: called without a shell, its progress read, its failures in words."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from undersong.errors import PublishError
from undersong.publish.address import Address
from undersong.publish.remote import OVER_SSH

SILENT_S: Final = 60
"""rsync gives up when nothing has come for this long."""

LOGIN_S: Final = 20

LINGER_S: Final = 20
"""A login that is no longer used ends after this, should we be killed."""

_ALWAYS: Final = (f"--timeout={SILENT_S}", "--no-human-readable", "--no-motd", "--outbuf=N")
_SSH: Final = f"ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout={LOGIN_S}"

Said = Callable[[str], None]
"""Takes a line of output; progress overwrites its line and comes as several."""


class AbsentError(PublishError):
    """What was asked for is not there."""


class Rsync:
    """Calls rsync for one machine; over SSH, all calls share one login."""

    def __init__(self, address: Address, password: Callable[[], str | None]) -> None:
        """Prepare calls; `password` is asked for a daemon only."""
        self._address = address
        self._password = password
        self._logged_in = False

    def call(
        self, options: Sequence[str], paths: Sequence[str], said: Said = lambda _line: None
    ) -> None:
        """Run rsync until it ends; it ends soon after us, even when we are killed.

        Args:
            options: what it should do.
            paths: from where, to where.
            said: takes what it prints.

        Raises:
            AbsentError: there is no such folder or file.
            PublishError: no rsync, no connection, or it failed.
        """
        program = shutil.which("rsync")
        if program is None:
            raise PublishError(
                "this needs the program rsync, which is not installed",
                hint="install it (apt install rsync, brew install rsync), or send by sftp://",
            )
        over_ssh = self._address.scheme == OVER_SSH
        self._logged_in = over_ssh
        way = ["-e", self._shell()] if over_ssh else [f"--contimeout={LOGIN_S}"]
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as wrong:
            child = subprocess.Popen(  # noqa: S603 - no shell; the address was looked through
                [program, *_ALWAYS, *way, *options, "--", *paths],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=wrong,
                text=True,
                errors="replace",
                start_new_session=not over_ssh,  # or it asks a terminal for the password
            )
            code = _ended(child, said)
            wrong.seek(0)
            if code:
                raise _in_words(code, wrong, self._address)

    def close(self) -> None:
        """End the login."""
        shell = self._shell().split()
        if not self._logged_in or "ControlMaster=auto" not in shell or not shutil.which(shell[0]):
            return
        user = f"{self._address.user}@" if self._address.user else ""
        subprocess.run(  # noqa: S603 - as above
            [*shell, "-O", "exit", f"{user}{self._address.host}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOGIN_S,
            check=False,  # it may have ended by itself
        )
        self._logged_in = False

    def _shell(self) -> str:
        """Return how rsync reaches the machine; the maker's own way is taken as it is."""
        shell = os.environ.get("RSYNC_RSH") or _SSH + _sharing()
        return f"{shell} -p {self._address.port}" if self._address.port else shell

    def _environment(self) -> Mapping[str, str]:
        """Return the environment of rsync; the password of a daemon is nowhere else."""
        plain = {**os.environ, "LC_ALL": "C"}
        if self._address.scheme == OVER_SSH:
            return plain
        return plain | {"RSYNC_PASSWORD": self._password() or ""}


def _sharing() -> str:
    """Return how ssh shares one login among our calls; nothing where that cannot be done safely.

    Its socket lies in a folder of ours alone, and not below TMPDIR: names of sockets are short.
    """
    if os.name != "posix":
        return ""
    folder = Path(f"/tmp/undersong-{os.getuid()}")  # noqa: S108 - looked at before it is used
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return ""
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        return ""
    return (
        f" -o ControlMaster=auto -o ControlPath={folder}/{os.getpid()}-%C"
        f" -o ControlPersist={LINGER_S}"
    )


def _ended(child: subprocess.Popen[str], said: Said) -> int:
    """Pass on what a child prints until it ends; stop it when we are stopped."""
    with child:
        try:
            for line in child.stdout or ():
                said(line.rstrip("\n"))
            return child.wait()
        finally:
            if child.poll() is None:
                child.terminate()


_SAID: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Host key verification failed": (
            "its key is not the one in known_hosts",
            "run `ssh` to it once by hand, compare fingerprints with the host, and publish again",
        ),
        "Permission denied (13)": ("it does not permit it", "check who owns the folder there"),
        "Permission denied (": (
            "it did not let us in",
            "put a key into ssh-agent or ~/.ssh and its public half on the server",
        ),
        "auth failed": (
            "it did not let us in",
            "the daemon's password belongs into $RSYNC_PASSWORD or the keyring",
        ),
        "Unknown module": ("it has no such module", "rsync://host/ is followed by a module"),
        "read only": ("its module is read only", "`read only = no` in its rsyncd.conf"),
        "No space left": ("its disk is full", "free some space there"),
        "unknown option": ("it is too old", "rsync 3.2.3 or newer is needed on both machines"),
        "unrecognized option": ("rsync is too old", "3.2.3 or newer is needed on both machines"),
        "command not found": ("it has no rsync", "install it there, or send by sftp://"),
    }
)
"""By what stands in rsync's or ssh's complaints: what is wrong, and what helps."""

_ABSENT: Final = re.compile(r"(change_dir|link_stat) .* failed: No such file or directory")
_EMPTY_CODE: Final = 23


def _in_words(code: int, wrong: IO[str], address: Address) -> PublishError:
    lines = [line for line in (line.strip() for line in wrong) if line]
    text = "\n".join(lines)
    if code == _EMPTY_CODE and _ABSENT.search(text):
        return AbsentError(f"{address.name}: there is nothing of that name")
    for mark, (what, hint) in _SAID.items():
        if mark in text:
            return PublishError(f"cannot send to {address.name}: {what}", hint=hint)
    reason = lines[0] if lines else f"rsync ended with {code}"
    return PublishError(
        f"cannot send to {address.name}: {reason}",
        hint="publish again; what has arrived stays, and the feed is whole",
    )
