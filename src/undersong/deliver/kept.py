"""Finished files that are in the cache: brought, not made; and those that are made, kept there."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import soundfile
from msgspec import Struct
from msgspec.structs import replace

from undersong.audio import Tick
from undersong.deliver.again import deliver_changed
from undersong.deliver.codecs import CODECS
from undersong.deliver.encode import Order
from undersong.deliver.piped import ffmpeg
from undersong.files import digest_json, plain
from undersong.manifest import Deliverable, Levels
from undersong.store.finished import Finished, Shelf
from undersong.store.program import code_digest, versions

_TOOLS: Final = (
    *("imageio-ffmpeg", "llvmlite", "matplotlib", "mutagen", "numba", "numpy", "pillow"),
    *("scipy", "soundfile", "soxr"),
)
"""Packages of others that reach the bytes of a finished file."""


class Keeping(Struct, frozen=True, kw_only=True):
    """Where finished files of a track are kept, and what reaches their bytes.

    Attributes:
        sound: digest of all that reaches the sound of its files.
        label: digest of all that they say besides.
    """

    shelf: Shelf
    sound: str
    label: str

    def key(self, name: str) -> str:
        """Return the key of a file: of a format, or of a companion by its name."""
        encoder = _encoder() if name in CODECS and CODECS[name].ffmpeg else ""
        return digest_json([name, self.sound, self.label, _tools(), encoder])

    def bring_or_make(self, name: str, path: Path, make: Callable[[], None]) -> bool:
        """See that `path` is the companion `name`, and tell whether it had to be made.

        Raises:
            UndersongError: of `make`; or `path` cannot be written.
        """
        key = self.key(name)
        found = self.shelf.find(key)
        with ExitStack() as naming:
            fresh = found is None or not self.shelf.bring(found, path, naming, _unseen)
        if fresh:
            self.shelf.make_room()
            make()
        self.shelf.keep(key, path, None if fresh else found)
        return fresh


def deliver_kept(
    order: Order,
    keeping: Keeping,
    before: Mapping[str, Any] | None,
    stage: Callable[[str, int], Tick],
) -> tuple[tuple[Deliverable, ...], bool]:
    """See that all files of a track are there, in the order of `order.formats`.

    Those in the cache are brought; the others are made, and kept. No file has its final name before
    all are complete.

    Args:
        order: what is to be there; the bytes are those of `deliver`.
        keeping: where finished files are kept.
        before: manifest of the track that is there, or None to encode all that is not kept.
        stage: begins a stage of so many steps.

    Returns:
        The files, and whether any had to be made.

    Raises:
        LoudnessError, OutputError: as of `deliver`.
    """
    keys = {name: keeping.key(name) for name in order.formats}
    with ExitStack() as naming:
        there = _brought(order, keys, keeping.shelf, naming, stage)
        rest = replace(order, formats=tuple(name for name in keys if name not in there))
        if rest.formats:
            keeping.shelf.make_room()
            encoding = partial(stage, "encoding and checking")
            made = deliver_changed(rest, before, keeping.sound, encoding)
            there |= {each.format: each for each in made}
    for name, key in keys.items():
        keeping.shelf.keep(key, order.folder / there[name].file, _finished(there[name]))
    return tuple(there[name] for name in keys), bool(rest.formats)


def _brought(
    order: Order,
    keys: Mapping[str, str],
    shelf: Shelf,
    naming: ExitStack,
    stage: Callable[[str, int], Tick],
) -> dict[str, Deliverable]:
    """Bring what is in the cache, to have its names once `naming` is left; return it by format."""
    noted = {name: found for name, key in keys.items() if (found := shelf.find(key))}
    if not noted:
        return {}
    tick = stage("bringing from the cache", sum(found.size_bytes for found in noted.values()))
    return {
        name: _deliverable(found)
        for name, found in noted.items()
        if shelf.bring(found, order.folder / found.facts["file"], naming, tick)
    }


def _finished(item: Deliverable) -> Finished:
    return Finished(sha256=item.sha256, size_bytes=item.size_bytes, facts=plain(item))


def _deliverable(found: Finished) -> Deliverable:
    return Deliverable(**{**found.facts, "levels": Levels(**found.facts["levels"])})


@cache
def _tools() -> str:
    code = code_digest("deliver", "store.finished")
    return digest_json([code, soundfile.__libsndfile_version__, versions(*_TOOLS)])


@cache
def _encoder() -> str:
    """Return what tells the binary that encodes lossy formats from others."""
    found = shutil.which(ffmpeg() or "")  # it may be a name alone, of a program of the system
    return f"{Path(found).name} {Path(found).stat().st_size}" if found else ""


def _unseen(_: int) -> None:
    """Take ticks that nobody watches."""
