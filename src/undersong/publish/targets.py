"""Which target an address means: a table that grows by a row for each kind."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from undersong.errors import UnknownNameError
from undersong.files import at_home
from undersong.publish.address import Address, read_address
from undersong.publish.dav import PASSWORD, open_dav
from undersong.publish.remote import (
    DAEMON_PASSWORD,
    OVER_SSH,
    SFTP_PASSWORD,
    open_rsync,
    open_sftp,
    read_short,
)
from undersong.publish.stores import AZURE_KEY, GOOGLE_KEY, S3_KEYS, open_az, open_gs, open_s3
from undersong.publish.target import FolderTarget, Target

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters: C: is a drive


class Kind(NamedTuple):
    """A kind of place elsewhere: how it is opened, and what its secrets are called."""

    open: Callable[[Address], Target]
    secrets: tuple[str, ...]


_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "rsync": Kind(open_rsync, (DAEMON_PASSWORD,)),
        OVER_SSH: Kind(open_rsync, ()),
        "s3": Kind(open_s3, S3_KEYS),
        "gs": Kind(open_gs, (GOOGLE_KEY,)),
        "az": Kind(open_az, (AZURE_KEY,)),
        "dav": Kind(open_dav, (PASSWORD,)),
        "davs": Kind(open_dav, (PASSWORD,)),
        "sftp": Kind(open_sftp, (SFTP_PASSWORD,)),
        "webdav+http": Kind(open_dav, (PASSWORD,)),
        "webdav+https": Kind(open_dav, (PASSWORD,)),
    }
)
"""By scheme. Whatever an opener needs is imported when it opens."""


def open_target(address: str, root: Path) -> Target:
    """Return the target of an address: a folder, relative to `root`, or a place elsewhere.

    Raises:
        UnknownNameError: an address of a kind that this version cannot send to.
        UsageError: it holds a secret, or cannot be read.
        PublishError: what it needs is not installed, or no secret is known for it.
    """
    if (root / address).exists():
        return FolderTarget(root / at_home(address))
    if (short := read_short(address)) is not None:
        return open_rsync(short)
    found = _SCHEME.match(address)
    if found is None:
        return FolderTarget(root / at_home(address))
    kind = _KINDS.get(found[1].lower())
    if kind is None:
        kinds = ["a folder", "user@host:folder", *(f"{scheme}://" for scheme in _KINDS)]
        raise UnknownNameError("kind of target", found[1], kinds)
    return kind.open(read_address(address, kind.secrets))
