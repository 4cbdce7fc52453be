"""Folders on other machines that are reached over SSH or at an rsync daemon."""

import re
from functools import cache
from typing import Final

from undersong.errors import PublishError, UsageError
from undersong.publish.address import Address
from undersong.publish.keys import EXTRA, secret
from undersong.publish.target import Target

OVER_SSH: Final = "rsync+ssh"
SFTP_PASSWORD: Final = "UNDERSONG_SFTP_PASSWORD"  # noqa: S105 - where it is, not what
DAEMON_PASSWORD: Final = "RSYNC_PASSWORD"  # noqa: S105 - as rsync itself calls it

_SHORT: Final = re.compile(r"([^@/:]+)@(\[[0-9A-Fa-f:.]+\]|[^@/:\[\]]+):(.*)")
_NAME: Final = re.compile(r"[^\s:/\\'\"`$;&|<>()-][^\s:/\\'\"`$;&|<>()]*")


def read_short(text: str) -> Address | None:
    """Return what `user@host:path` means, as scp and rsync have it; None when it is not that.

    A path without a leading slash begins at the user's home.
    """
    found = _SHORT.fullmatch(text)
    if found is None:
        return None
    path = found[3] if found[3].startswith("/") else f"~/{found[3]}"
    return Address(
        scheme=OVER_SSH,
        user=found[1],
        host=found[2].strip("[]"),
        port=None,
        path=path.strip("/"),
        settings={},
    )


def folder_of(address: Address) -> str:
    """Return the folder as a shell finds it: from the root, or, after `~/`, from home."""
    if address.path == "~" or address.path.startswith("~/"):
        return address.path[2:] or "."
    return f"/{address.path}"


def open_sftp(address: Address) -> Target:
    """Return the target of `sftp://user@host:port/path`; no line is opened yet.

    Raises:
        PublishError: asyncssh is not installed.
    """
    _legal(address)
    try:
        from undersong.publish.sftp import SftpTarget  # noqa: PLC0415 - only who needs it has it
    except ImportError as error:
        raise PublishError(f"sftp:// needs {error.name}, which is missing", hint=EXTRA) from error
    return SftpTarget(address, lambda: secret(address, SFTP_PASSWORD))


def open_rsync(address: Address) -> Target:
    """Return the target of `rsync+ssh://user@host:port/path` or `rsync://host/module/path`."""
    from undersong.publish.rsync import RsyncTarget  # noqa: PLC0415 - imports this module

    _legal(address)
    if address.scheme != OVER_SSH and not address.path:
        raise UsageError(f"{address.name} names no module", hint="write rsync://HOST/MODULE/FOLDER")
    return RsyncTarget(address, cache(lambda: secret(address, DAEMON_PASSWORD)))


def _legal(address: Address) -> None:
    """Refuse what ssh could take for an option or a shell for a command."""
    address.only()
    for name in filter(None, (address.user, address.host)):
        if not _NAME.fullmatch(name.replace(":", "")):
            raise UsageError(f"the {address.scheme}:// address has no right user or host")
    if any(ord(letter) < ord(" ") for letter in address.path):
        raise UsageError(f"the {address.scheme}:// address has a path that cannot be")
