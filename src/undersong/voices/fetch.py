"""Getting a file from a path or an address: it arrives whole and as expected, or not at all."""

import hashlib
import http.client
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from msgspec import Struct

from undersong import __version__
from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.files import atomic

BLOCK: Final = 1 << 16
NOT_FOUND: Final = 404

MOST_TEXT: Final = 8 << 20
"""Cards and lists are small; whatever is larger is not one."""


class Expected(Struct, frozen=True, kw_only=True):
    """What is known of a file beforehand; None for what is not."""

    size_bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait for an address: for its next bytes, and for all of them."""

    gap_s: float = 30.0
    total_s: float = 3600.0


def is_address(source: str) -> bool:
    """Tell whether a source is to be fetched from a network."""
    return urlsplit(source).scheme in {"http", "https"}


def fetch(
    source: str,
    target: Path,
    expected: Expected,
    patience: Patience,
    tick: Tick | None = None,
) -> None:
    """Bring a file to `target`, replacing what is there only by a whole one.

    Args:
        source: a path, or an address that begins with http:// or https://.
        target: where it is to be.
        expected: checked before anything is replaced.
        patience: for addresses.
        tick: told of bytes as they come.

    Raises:
        VoiceError: missing, unreachable, cut short, stalled, or not what was expected.
        OutputError: it cannot be written.
    """
    if not is_address(source) and not Path(source).is_file():
        raise VoiceError(f"there is no file {source}")
    with atomic(target) as temporary:
        if is_address(source):
            with temporary.open("wb") as file:
                for block in _blocks(source, patience, expected.size_bytes):
                    file.write(block)
                    if tick is not None:
                        tick(len(block))
        else:
            shutil.copyfile(source, temporary)
        expect(temporary, expected, source)


def fetch_text(source: str, patience: Patience) -> str | None:
    """Return a small text, or None when there is none at that path or address.

    Raises:
        VoiceError: unreachable, cut short, stalled, or no text.
    """
    try:
        if is_address(source):
            return _limited(source, patience).decode()
        return Path(source).read_text(encoding="utf-8") if Path(source).is_file() else None
    except UnicodeDecodeError as error:
        raise VoiceError(f"{source} is no text") from error
    except _NotFoundError:
        return None


def expect(path: Path, expected: Expected, source: str) -> None:
    """Raise a VoiceError when a file is not what was expected of `source`."""
    size = path.stat().st_size
    if expected.size_bytes not in {None, size}:
        raise VoiceError(f"{source} has {size} bytes instead of {expected.size_bytes}", hint=_AGAIN)
    for kind, wanted in (("sha256", expected.sha256), ("md5", expected.md5)):
        if wanted is None:
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, kind).hexdigest()
        if found != wanted.lower():
            raise VoiceError(f"{source} has the {kind} {found} instead of {wanted}", hint=_AGAIN)


_AGAIN: Final = "nothing was kept; it may be another version, or damaged on the way"


class _NotFoundError(VoiceError):
    """The server has nothing at this address."""


def _limited(source: str, patience: Patience) -> bytes:
    content = bytearray()
    for block in _blocks(source, patience, None):
        content += block
        if len(content) > MOST_TEXT:
            raise VoiceError(f"{source} is too long to be what it should be")
    return bytes(content)


def _blocks(source: str, patience: Patience, size_bytes: int | None) -> Iterator[bytes]:
    """Yield what an address holds, complete or with an error at its end."""
    until = time.monotonic() + patience.total_s
    order = urllib.request.Request(  # noqa: S310 - http and https only, by `is_address`
        source, headers={"User-Agent": f"undersong/{__version__}", "Accept-Encoding": "identity"}
    )
    with (
        _in_words(source, patience),
        urllib.request.urlopen(order, timeout=patience.gap_s) as answer,  # noqa: S310 - as above
    ):
        promised = answer.headers.get("Content-Length", "")
        length = int(promised) if promised.isdecimal() else None
        if None not in {size_bytes, length} and size_bytes != length:
            raise VoiceError(f"{source} has {length} bytes instead of {size_bytes}", hint=_AGAIN)
        come = 0
        while block := answer.read1(BLOCK):
            come += len(block)
            yield block
            if time.monotonic() > until:
                raise VoiceError(f"{source} took longer than {patience.total_s:g} s")
        if length not in {None, come}:
            raise VoiceError(f"{source} broke off after {come} of {length} bytes", hint=_AGAIN)


@contextmanager
def _in_words(source: str, patience: Patience) -> Iterator[None]:
    """Turn all the ways in which networks fail into a sentence."""
    try:
        yield
    except HTTPError as error:
        error.close()
        kind = _NotFoundError if error.code == NOT_FOUND else VoiceError
        raise kind(f"{source} answers {error.code} {error.reason}") from error
    except TimeoutError as error:
        raise VoiceError(f"{source} sent nothing for {patience.gap_s:g} s") from error
    except URLError as error:
        raise VoiceError(f"{source} cannot be reached: {error.reason}") from error
    except (http.client.HTTPException, OSError) as error:
        raise VoiceError(f"{source} broke off: {str(error) or type(error).__name__}") from error
