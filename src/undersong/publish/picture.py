"""Cover pictures as directories want them."""

import io
import warnings
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct

SMALLEST, LARGEST = 1400, 3000
"""Pixels along each side (Apple Podcasts for Creators, article 896)."""

HEAVY_BYTES: Final = 512_000
"""Spotify and others advise to stay below this."""

ART_MAX_BYTES: Final = 20_000_000
"""What is larger is not looked at."""

DPI: Final = 72
SUFFIXES: Final = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",)}
MIMES: Final = {"JPEG": "image/jpeg", "PNG": "image/png"}


class Look(Struct, frozen=True, kw_only=True):
    """What a picture file says of itself.

    Attributes:
        kind: JPEG or PNG.
        mode: Pillow's name of the colours: RGB, RGBA, L, CMYK, P …
        dpi: dots per inch, 0 when the file does not say.
    """

    kind: str
    width: int
    height: int
    mode: str
    dpi: int
    size_bytes: int


def look_at(content: bytes) -> Look:
    """Read the head of a picture file; no pixel is decoded.

    Raises:
        ValueError: it is neither JPEG nor PNG, or its head is damaged.
    """
    from PIL import Image  # noqa: PLC0415 - slow to import, and few commands look at pictures

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of absurd size only warns
            image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
            resolution = image.info.get("dpi", (0, 0))
            clear = "transparency" in image.info
            return Look(
                kind="JPEG" if image.format == "MPO" else str(image.format),
                width=image.width,
                height=image.height,
                mode="transparent" if clear else image.mode,
                dpi=round(float(resolution[0])),
                size_bytes=len(content),
            )
    except (OSError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        msg = "it is neither a whole JPEG nor a whole PNG file"
        raise ValueError(msg) from error


def art_faults(look: Look, path: str) -> Iterator[tuple[str, str]]:
    """Yield what directories would refuse or dislike: name of the rule, value seen.

    The rules themselves stand in `check.rules`.
    """
    size = f"{look.width} by {look.height} pixels"
    if PurePosixPath(path).suffix.lower() not in SUFFIXES[look.kind]:
        yield "art-suffix", f"{look.kind} in {PurePosixPath(path).name}"
    if look.width != look.height:
        yield "art-square", size
    if not SMALLEST <= min(look.width, look.height) <= max(look.width, look.height) <= LARGEST:
        yield "art-size", size
    if look.mode != "RGB":
        yield "art-colour", look.mode
    if look.size_bytes > HEAVY_BYTES:
        yield "art-heavy", f"{look.size_bytes / 1000:.0f} kB"
    if look.dpi not in {0, DPI}:
        yield "art-dpi", f"{look.dpi} dpi"
