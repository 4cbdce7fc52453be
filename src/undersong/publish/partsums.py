"""Sums that S3 gives as ETags: proof that what arrived is what was sent."""

import hashlib


def md5_of(content: bytes = b"") -> "hashlib._Hash":
    """Return the sum that S3 has in its ETags."""
    return hashlib.md5(content, usedforsecurity=False)


class PartSums:
    """The ETag that S3 gives to a file sent in parts: MD5 of the MD5s of its parts, and a count."""

    def __init__(self, part_bytes: int) -> None:
        """Begin a file whose parts, but for the last, are this long."""
        self._part_bytes = part_bytes
        self._sums: list[bytes] = []
        self._part, self._filled_bytes = md5_of(), 0

    def add(self, block: bytes) -> None:
        """Take the next bytes."""
        rest = memoryview(block)
        while rest:
            fits = rest[: self._part_bytes - self._filled_bytes]
            self._part.update(fits)
            self._filled_bytes += len(fits)
            rest = rest[len(fits) :]
            if self._filled_bytes == self._part_bytes:
                self._end_part()

    def etag(self) -> str:
        """Return the sum of everything; nothing may be added then."""
        if self._filled_bytes:
            self._end_part()
        whole = md5_of(b"".join(self._sums))
        return f"{whole.hexdigest()}-{len(self._sums)}"

    def _end_part(self) -> None:
        self._sums.append(self._part.digest())
        self._part, self._filled_bytes = md5_of(), 0
