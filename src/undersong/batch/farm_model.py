"""The nouns of a farm: what travels to a worker, and what comes back."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.batch.events import Made
from undersong.batch.model import Choice
from undersong.errors import FarmError
from undersong.files import digest_json, plain
from undersong.voices.pins import LOCK_FILE, Pin

SCHEMA: Final = 1
"""Version of `Parcel` and `Delivery`, part of every track's name in the store."""

Things = tuple[tuple[str, str], ...]
"""Names of files, relative with slashes, and the SHA-256 of each."""


class Parcel(Struct, frozen=True, kw_only=True, dict=True):
    """A track to be made, for a worker that has nothing of the library.

    Attributes:
        library: name of the library's folder.
        recipe: the recipe file, seen from there.
        files: of the library, all that it is made from; `folders`, those that must be there.
        elsewhere: files outside it, by absolute path, that every worker must have, as programs.
        force: render it even if a worker has made it already.
        program: digest of the program that is to make it.
        store: address of the store that holds the files.
    """

    slug: str
    library: str
    recipe: str
    files: Things
    folders: tuple[str, ...]
    elsewhere: Things
    choice: Choice
    force: bool
    program: str
    store: str

    @property
    def lock(self) -> str:
        """Where takes are locked: beside the recipe."""
        return (PurePosixPath(self.recipe).parent / LOCK_FILE).as_posix()

    @cached_property
    def digest(self) -> str:
        """Digest of all that reaches the track's bytes but locked takes, which are looked at."""
        files = sorted(each for each in self.files if each[0] != self.lock)
        made_from = [self.library, self.recipe, self.slug, files, self.folders, self.elsewhere]
        return digest_json([SCHEMA, self.program, plain(self.choice), made_from])


class Delivery(Struct, frozen=True, kw_only=True):
    """A track that a worker has made, its files in the store.

    Attributes:
        files: of the track, the manifest last.
        pins: of takes that were locked meanwhile, their sound in the store.
    """

    made: Made
    files: Things
    pins: tuple[Pin, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`."""
        return plain(self)

    def again(self) -> "Delivery":
        """Return it as one that was there already."""
        return replace(self, made=replace(self.made, rendered=False))


def delivery_from_json(kept: Mapping[str, Any]) -> Delivery:
    """Return the delivery of which `Delivery.as_json` made `kept`.

    Raises:
        KeyError, TypeError, ValueError: it was not made so.
    """
    made = Made(**{**kept["made"], "outputs": tuple(kept["made"]["outputs"])})
    files = tuple((name, sha256) for name, sha256 in kept["files"])
    return Delivery(made=made, files=files, pins=tuple(Pin(**pin) for pin in kept["pins"]))


def inside(name: str) -> PurePosixPath:
    """Return a name that came over the network as a path that stays in its folder.

    Raises:
        FarmError: it would not.
    """
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise FarmError(f"the farm sent a file name that leads elsewhere: {name!r}")
    return path
