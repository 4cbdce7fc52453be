"""What the cache keeps: one row for each kind of entry."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of entry.

    Attributes:
        name: of its folder; `suffix`, of its files.
        about: what it is, for people.
        heard: a damaged one is set aside, not written over: it may be all there is of a sound.
        lasting: never removed to save space, because it may be impossible to make again.
        shared: a file as libraries have it, under its own SHA-256 and without a seal. It costs
            nothing while a library holds it too, and goes before all else once none does.
    """

    name: str
    suffix: str
    about: str
    heard: bool = False
    lasting: bool = False
    shared: bool = False


TAKES: Final = Kind(name="takes", suffix=".take", about="what voices said", heard=True)
LOCKED: Final = Kind(
    name="locked", suffix=".take", about="takes that takes.lock names", heard=True, lasting=True
)
MEASURED: Final = Kind(name="measured", suffix=".json", about="edges and levels of takes")
SURVEYS: Final = Kind(name="surveys", suffix=".json", about="loudness of beds")
MASTERINGS: Final = Kind(name="masterings", suffix=".json", about="gains of masters")
RECORDINGS: Final = Kind(name="recordings", suffix=".npz", about="what was heard in recordings")
DIGESTS: Final = Kind(name="digests", suffix=".json", about="digests of recordings")
COVERS: Final = Kind(name="covers", suffix=".json", about="sizes of whole cover pictures")
FINISHED: Final = Kind(name="finished", suffix=".json", about="levels of finished files")
FILES: Final = Kind(name="files", suffix=".file", about="finished files of tracks", shared=True)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            *(TAKES, LOCKED, MEASURED, SURVEYS, MASTERINGS),
            *(RECORDINGS, DIGESTS, COVERS, FINISHED, FILES),
        )
    }
)
