"""Packing errands for a farm, and unpacking the tracks that come back."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from undersong.batch.errand import Errand
from undersong.batch.events import Made
from undersong.batch.farm_depot import Depot
from undersong.batch.farm_model import Delivery, Parcel, inside
from undersong.batch.model import Stamp
from undersong.batch.program import maker_digest
from undersong.batch.sources import stamp_of
from undersong.deliver.leftovers import making
from undersong.errors import FarmError
from undersong.files import digest_file
from undersong.manifest import MANIFEST
from undersong.recipes.library import Library, starter_folder
from undersong.recipes.load import load_recipe
from undersong.store.behind import backed
from undersong.store.kinds import LOCKED, TAKES
from undersong.store.store import Store
from undersong.voices.desk import open_desk
from undersong.voices.pins import LOCK_FILE, Pin, merge_pins
from undersong.voices.registry import engine_class
from undersong.voices.takes import TakeStore


class Packer:
    """Sends what errands are made from to a store, each thing once, and fetches tracks from it."""

    def __init__(self, depot: Depot) -> None:
        """Send to `depot`."""
        self._depot = depot
        self._sent = cache(self._send_takes)

    def packed(self, errand: Errand) -> Parcel:
        """Return an errand that needs nothing of this machine, its files in the store.

        Raises:
            FarmError: an input cannot travel, or the store cannot be used.
            UndersongError: the recipe can no longer be read.
        """
        self._sent(errand.root, errand.recipe, errand.cache, errand.choice.engine)
        paths = [errand.root / key for key in errand.inputs]
        names = {path: name_of(path, errand.root) for path in paths}
        files = [path for path in paths if path.is_file()]
        return Parcel(
            slug=errand.slug,
            library=errand.root.name,
            recipe=str(name_of(errand.recipe, errand.root)),
            files=tuple((name, self._put(path)) for path in files if (name := names[path])),
            folders=tuple(name for path in paths if (name := names[path]) and path.is_dir()),
            elsewhere=tuple((str(path), self._digest(path)) for path in files if not names[path]),
            choice=errand.choice,
            force=errand.force,
            program=maker_digest(),
            store=self._depot.address,
        )

    def unpack(self, delivery: Delivery, errand: Errand) -> Made:
        """Bring a finished track home: locked takes, its files, and its manifest last.

        Raises:
            FarmError: a file is no longer in the store, or only damaged.
            OutputError: no space, or no permission.
        """
        self._lock(delivery.pins, errand)
        names = [inside(name).as_posix() for name, _ in delivery.files]
        with making(errand.folder, [name for name in names if name != MANIFEST]):
            fetched = [self._fetch(sha256, errand.folder / n) for n, sha256 in delivery.files]
        return delivery.made if any(fetched) else delivery.again().made

    def _put(self, path: Path) -> str:
        sha256 = self._digest(path)
        self._depot.put(path, sha256)
        return sha256

    def _digest(self, path: Path) -> str:
        try:
            return digest_once(path, stamp_of(path))
        except OSError as error:
            raise FarmError(f"{path} cannot be read: {error.strerror or error}") from error

    def _fetch(self, sha256: str, path: Path) -> bool:
        """Bring one file unless it is there, and tell whether that was needed."""
        if path.is_file() and digest_file(path) == sha256:
            return False
        self._depot.get(sha256, path)
        return True

    def _lock(self, pins: Sequence[Pin], errand: Errand) -> None:
        """Take over what was locked, the sound first: nothing can make it again."""
        if not pins:
            return
        with backed(errand.cache, self._depot):
            for pin in pins:
                Store(errand.cache).read(LOCKED, pin.name)
        merge_pins(errand.recipe.parent / LOCK_FILE, pins)

    def _send_takes(self, root: Path, recipe: Path, folder: Path, engine: str | None) -> None:
        """Send takes that nothing can make again, or only an engine that never repeats itself."""
        library, store = Library.find(root), TakeStore(folder)
        desk = open_desk(load_recipe(recipe, library), library, store, engine=engine)
        for phrase in desk.phrases:
            if phrase.pin or not engine_class(phrase.choice.engine).repeatable:
                self._send_take(Store(folder), phrase.entry(store, phrase.take) or "")

    def _send_take(self, store: Store, key: str) -> None:
        for kind in (TAKES, LOCKED) if key else ():
            if store.has(kind, key) and (body := store.read(kind, key)) is not None:
                self._depot.offer(kind, key, body)


def name_of(path: Path, root: Path) -> str | None:
    """Return the name that a file has in a worker's copy of the library; None for none.

    What the starter library lends lies in the copy where it lies there.
    """
    homes = (home for home in (root, starter_folder()) if path.is_relative_to(home))
    return next((path.relative_to(home).as_posix() for home in homes), None)


@cache
def digest_once(path: Path, _stamp: Stamp | None) -> str:
    """Return the digest of a file, read once per process unless its stamp changes."""
    return digest_file(path)
