"""Cover pictures: read, recognised by their content, checked to the end."""

import warnings
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from undersong.errors import AudioFileError, Fault, FaultsError
from undersong.files import digest_bytes, digest_json
from undersong.store.kinds import COVERS
from undersong.store.program import code_digest
from undersong.store.store import Store

MAX_BYTES: Final = 10_000_000
"""A cover travels in every file of a track, and feeds fetch it over and over."""

_MIME: Final = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png"}  # MPO: JPEG and more
_GLANCE = (64, 64)  # a JPEG file is decoded to about this size, which reads all of it


class Cover(Struct, frozen=True, kw_only=True):
    """A picture as its file holds it; width and height in pixels, depth in bits per pixel."""

    content: bytes
    mime: str
    width: int
    height: int
    depth: int


def read_cover(path: Path, cache: Path | None = None) -> Cover:
    """Read a JPEG or PNG file.

    Args:
        path: the file.
        cache: folder where it is kept that a picture is whole, so that none is decoded twice.

    Raises:
        AudioFileError: missing, damaged, or another format whatever its name says.
        FaultsError: larger than MAX_BYTES.
        OutputError: the cache cannot be used.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AudioFileError(
            f"cannot read the cover {path}: {error.strerror}", hint="give a JPEG or PNG file"
        ) from error
    if len(content) > MAX_BYTES:
        raise FaultsError(
            [
                Fault(
                    file=str(path),
                    message="the cover is too large",
                    seen=f"{len(content) / 1e6:.1f} MB",
                    legal=f"at most {MAX_BYTES / 1e6:.0f} MB",
                )
            ]
        )
    if cache is None:
        return Cover(content=content, **_recognised(path, content))
    key = digest_json([digest_bytes(content), code_digest("deliver.artwork")])
    facts = Store(cache).recall(COVERS, key, lambda: _recognised(path, content))
    return Cover(content=content, **facts)


def _recognised(path: Path, content: bytes) -> dict[str, Any]:
    """Return what is known of a picture, by the names of `Cover`, after decoding all of it."""
    import io  # noqa: PLC0415 - needed with Pillow alone

    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only for tracks with a cover

    bits = {"1": 1, "L": 8, "LA": 16, "P": 8, "RGBA": 32, "CMYK": 32, "I;16": 16}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of absurd size only warns
            image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
            kind, (width, height), mode = image.format, image.size, image.mode
            if kind == "PNG":
                image.verify()  # all checksums, nothing decoded
            else:
                image.draft("RGB", _GLANCE)
                image.load()
    except UnidentifiedImageError as error:
        raise _damaged(path, "it is neither JPEG nor PNG") from error
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as error:
        raise _damaged(path, str(error) or "it is damaged") from error
    return {
        "mime": _MIME[str(kind)],
        "width": width,
        "height": height,
        "depth": bits.get(mode, 24),
    }


def _damaged(path: Path, why: str) -> AudioFileError:
    return AudioFileError(
        f"cannot use {path} as a cover: {why}", hint="save it again as JPEG or PNG"
    )
