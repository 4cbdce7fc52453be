"""Ogg pages (RFC 3533) without chance in them.

libsndfile draws the serial number of a stream from the clock. We give every file the same one,
which matters only to files chained or multiplexed into one, and nobody does that with tracks.
"""

from pathlib import Path
from typing import Final

from mutagen.ogg import OggPage

SERIAL: Final = int.from_bytes(b"song")
"""Serial number of our only stream."""


def settle_serial(path: Path) -> None:
    """Write SERIAL and a new checksum into every page; nothing else changes."""
    size = path.stat().st_size
    with path.open("rb+") as file:
        while (start := file.tell()) < size:
            page = OggPage(file)
            page.serial = SERIAL
            end = file.tell()
            file.seek(start)
            file.write(page.write())
            file.seek(end)
