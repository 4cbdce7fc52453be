"""Where a worker of a farm makes tracks: a copy of what each needs of its library, no more.

things/abcd…    files by their SHA-256, kept from track to track
library/NAME/   the copy, made afresh for every track
made/SLUG/      the track, until it is in the store
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.batch.errand import Errand
from undersong.batch.events import Begun, Event, Failed, Noted
from undersong.batch.farm_depot import Depot
from undersong.batch.farm_model import Delivery, Parcel, inside
from undersong.batch.farm_pack import digest_once
from undersong.batch.keys import locked_takes
from undersong.batch.program import maker_digest
from undersong.batch.sources import stamp_of
from undersong.batch.work import make
from undersong.errors import FarmError, OutputError, UndersongError
from undersong.files import digest_file
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.store.behind import backed
from undersong.voices.pins import Pin, merge_pins, read_pins

NOBODY: Final = 0
"""A worker of a farm does not know its number; whoever hears it counts."""


class Bench(Struct, frozen=True, kw_only=True):
    """A worker's place.

    Attributes:
        home: folder that is the worker's alone; `cache`, of its machine.
    """

    home: Path
    cache: Path
    depot: Depot

    def make(self, parcel: Parcel, tell: Callable[[Event], None]) -> Delivery | Failed:
        """Make a track and bring it into the store, or say why it cannot be made.

        A track that is in the store already, made of the same, is not made again.

        Raises:
            FarmError, OutputError: this worker, or the store, fails: another may try.
        """
        _expect_same_program(parcel)
        try:
            root = self._unpacked(parcel)
            with backed(self.cache, self.depot):
                return self._kept(parcel, root) or self._made(parcel, root, tell)
        except (FarmError, OutputError):
            raise
        except UndersongError as error:
            return Failed(
                slug=parcel.slug,
                message=self._at_home(error.message, parcel),
                hint=error.hint or "",
                exit_code=error.exit_code,
            )

    def _unpacked(self, parcel: Parcel) -> Path:
        for path, sha256 in parcel.elsewhere:
            _expect_same_file(Path(path), sha256)
        shutil.rmtree(self.home / "library", ignore_errors=True)
        shutil.rmtree(self.home / "made", ignore_errors=True)
        root = self.home / "library" / inside(parcel.library)
        for name in ("recipes", *parcel.folders):
            (root / inside(name)).mkdir(parents=True, exist_ok=True)
        for name, sha256 in parcel.files:
            target = root / inside(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._place(sha256, target)
        return root

    def _place(self, sha256: str, target: Path) -> None:
        kept = self.home / "things" / sha256
        if not kept.is_file():
            self.depot.get(sha256, kept)
        with suppress(OSError):
            os.link(kept, target)
            return
        shutil.copyfile(kept, target)  # some file systems have no links

    def _kept(self, parcel: Parcel, root: Path) -> Delivery | None:
        """Return the track if it was made before, of the same and of the same locked takes."""
        found = None if parcel.force else self.depot.delivery(parcel.digest)
        if found is None:
            return None
        merge_pins(root / parcel.lock, found.pins)
        library = Library.find(root)
        recipes = {each.slug: each for each in load_recipe(root / parcel.recipe, library)}
        same = locked_takes(recipes[parcel.slug], library) == found.made.locked
        return found if same else None

    def _made(self, parcel: Parcel, root: Path, tell: Callable[[Event], None]) -> Delivery:
        before = read_pins(root / parcel.lock)
        folder = self.home / "made" / parcel.slug
        errand = Errand(
            slug=parcel.slug,
            root=root,
            recipe=root / parcel.recipe,
            folder=folder,
            cache=self.cache,
            choice=parcel.choice,
            force=parcel.force,
        )
        tell(Begun(slug=parcel.slug, worker=NOBODY))
        made = make(errand, NOBODY, self._telling(parcel, tell))
        sums = {name: digest_file(folder / name) for name in made.outputs}
        for name, sha256 in sums.items():
            self.depot.put(folder / name, sha256, afresh=True)
        pins = _fresh(before, read_pins(root / parcel.lock))
        delivery = Delivery(made=made, files=tuple(sums.items()), pins=pins)
        self.depot.keep_delivery(parcel.digest, delivery)
        shutil.rmtree(folder, ignore_errors=True)
        return delivery

    def _telling(self, parcel: Parcel, tell: Callable[[Event], None]) -> Callable[[Event], None]:
        def told(event: Event) -> None:
            if isinstance(event, Noted):
                event = replace(event, text=self._at_home(event.text, parcel))
            tell(event)

        return told

    def _at_home(self, text: str, parcel: Parcel) -> str:
        """Return what is said of files as a maker knows them: seen from the library's folder."""
        return text.replace(f"{self.home / 'library' / parcel.library}{os.sep}", "")


def _fresh(before: dict[str, Pin], after: dict[str, Pin]) -> tuple[Pin, ...]:
    return tuple(pin for phrase, pin in after.items() if phrase not in before)


def _expect_same_program(parcel: Parcel) -> None:
    if parcel.program != maker_digest():
        raise FarmError(
            "a worker of the farm runs another version of Undersong, or of what it stands on",
            hint="install the same versions everywhere: undersong, numpy, scipy, soundfile, soxr",
        )


def _expect_same_file(path: Path, sha256: str) -> None:
    if not path.is_file() or digest_once(path, stamp_of(path)) != sha256:
        raise FarmError(
            f"a worker of the farm does not have {path} as it is here",
            hint="put it into the library, or install the same on every worker",
        )
