"""Which target an address means: a table that grows by a row for each kind."""

import re
from pathlib import Path
from typing import Final

from undersong.errors import UnknownNameError
from undersong.files import at_home
from undersong.publish.target import FolderTarget, Target

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters: C: is a drive


def open_target(address: str, root: Path) -> Target:
    """Return the target of an address: a folder, relative to `root`.

    Raises:
        UnknownNameError: an address of a kind that this version cannot send to.
    """
    found = _SCHEME.match(address)
    if found is not None and not (root / address).exists():
        raise UnknownNameError("kind of target", found[1], ["a folder"])
    return FolderTarget(root / at_home(address))
