"""What the program itself is: the digest of the code that makes a number, part of its key.

A version says only that something changed. This says whether what changed reaches the number.
"""

import hashlib
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

SOUND: Final = (
    *("ambience", "audio", "decode", "dsp", "manifest", "master", "mix", "recipes.profiles"),
    *("soundbytes", "timeline", "units", "voices"),
)
"""Modules that reach the samples of a mix, and what is measured on them."""

_ROOT: Final = Path(__file__).parents[1]
_VERSION: Final = re.compile(r"^Version:(.*)$", re.MULTILINE)


@cache
def code_digest(*names: str) -> str:
    """Return the digest of the source of modules and whole packages of ours, once per process.

    Args:
        names: such as `dsp` or `voices.trim`.

    Raises:
        FileNotFoundError: there is no such module.
    """
    digest = hashlib.sha256()
    for name in names:
        for path in _sources(_ROOT.joinpath(*name.split("."))):
            digest.update(f"{path.relative_to(_ROOT).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def versions(*names: str) -> tuple[tuple[str, str], ...]:
    """Return the versions of others' packages, "" for one that is not installed."""
    return tuple((name, _version(name)) for name in names)


def _version(name: str) -> str:
    """Return a version by its line alone: importlib reads the description too, 1 ms for each."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return ""
    line = _VERSION.search(package.read_text("METADATA") or "")
    return line[1].strip() if line else package.version


def _sources(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
