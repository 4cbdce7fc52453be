"""One kept file: a line that says what it is, the digest of the rest, the rest."""

from typing import Final

from undersong.files import digest_bytes

MAGIC: Final = b"undersong entry 1\n"
OLDER: Final = (b"undersong take 1\n",)
"""First lines of entries as they were written before, laid out alike."""


def seal(body: bytes) -> bytes:
    """Return an entry that holds `body` and tells when a bit of it changes."""
    return MAGIC + digest_bytes(body).encode() + b"\n" + body


def unseal(entry: bytes) -> bytes | None:
    """Return what an entry holds, or None when a single bit of it is not as it was written."""
    magic = next((magic for magic in (MAGIC, *OLDER) if entry.startswith(magic)), None)
    if magic is None:
        return None
    digest, _, body = entry[len(magic) :].partition(b"\n")
    return body if digest_bytes(body).encode() == digest else None
