"""What the program itself is: a change of it can reach every track."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Final

from undersong import __version__
from undersong.files import digest_bytes, digest_json

_REACHING: Final = ("num2words", "numpy", "scipy", "soundfile", "soxr")
"""Libraries whose version can change a track's bytes, besides those that engines count in."""


@cache
def program_digest() -> str:
    """Return the digest of our own code and of the libraries that reach every track's bytes."""
    package = Path(str(files("undersong")))
    code = [
        [str(path.relative_to(package)), digest_bytes(path.read_bytes())]
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] not in _SILENT
    ]
    return digest_json([__version__, code, [[name, _version(name)] for name in _REACHING]])


_SILENT: Final = frozenset({"batch", "cli", "preview", "publish", "testing", "starter"})
"""Packages that reach no track's bytes."""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
