"""Bundles: the takes of recipes in one file, so that another machine renders them unspoken.

A bundle is a ZIP file of entries as they lie in the cache, `takes/NAME.take`, and `bundle.json`,
which says the digest of each and which takes are locked in which folder of the library.
"""

import json
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass  # noqa: TID251 - pydantic reads them
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from msgspec import Struct
from pydantic import Field, TypeAdapter, ValidationError

from undersong import files
from undersong.errors import AudioFileError, VoiceError
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe
from undersong.voices.narration import Narration
from undersong.voices.pins import (
    LOCK_FILE,
    Digest,
    Pin,
    lock_file,
    merge_pins,
    pins_by_phrase,
    read_pins,
)
from undersong.voices.takes import TakeStore, read_entry

SCHEMA: Final = 1
INDEX: Final = "bundle.json"
LARGEST_ENTRY: Final = 64 << 20
"""Bytes. No phrase comes near; it keeps a damaged or hostile file from filling the memory."""


_DAMAGES: Final = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError)
"""What reading a damaged archive can raise; RuntimeError where it is encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """What a bundle says about itself: digests of entries by name, pins by folder."""

    schema: Annotated[int, Field(ge=SCHEMA, le=SCHEMA)]
    entries: dict[Digest, Digest]
    locks: dict[str, tuple[Pin, ...]]


_READER: Final = TypeAdapter(_Index)


class Imported(Struct, frozen=True, kw_only=True):
    """What came of a bundle.

    Attributes:
        takes: how many it holds, all of which are in the cache now.
        new: how many of them were not there before.
        locks: how many of its locked takes stand in lock files now, by file.
        others: locked takes that differ from what was locked here, which was left as it is.
        homeless: folders of its locked takes that the library does not have.
    """

    takes: int
    new: int
    locks: Mapping[Path, int]
    others: tuple[Pin, ...]
    homeless: tuple[str, ...]


def export_bundle(
    spoken: Sequence[tuple[Recipe, Narration]], library: Library, store: TakeStore, path: Path
) -> int:
    """Write the takes of spoken tracks to a bundle and return how many they are.

    The same takes always give the same bytes.

    Raises:
        VoiceError: a take left the cache meanwhile.
        FaultsError: a lock file holds faults.
        OutputError: the bundle cannot be written.
    """
    names = sorted({take.key for _, narration in spoken for take in narration.takes})
    index = _Index(
        schema=SCHEMA,
        entries={name: files.digest_bytes(_taken(store, name)) for name in names},
        locks=_locks([recipe for recipe, _ in spoken], library.root, names),
    )
    with files.atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as bundle:
        text = json.dumps(files.plain(index), indent=1, sort_keys=True, ensure_ascii=False)
        bundle.writestr(zipfile.ZipInfo(INDEX), text)
        for name in names:
            bundle.writestr(zipfile.ZipInfo(_path(name)), _taken(store, name))
    return len(names)


def import_bundle(path: Path, library: Library, store: TakeStore) -> Imported:
    """Bring the takes of a bundle into the cache, and lock those that were locked.

    Everything is checked before anything is written. Takes that are in the cache stay, and so
    does what is locked here already.

    Raises:
        AudioFileError: the file is no bundle, or a bit of it is not as it was written.
        FaultsError: a lock file of the library holds faults.
        OutputError: the cache or a lock file cannot be written.
    """
    with _opened(path) as bundle:
        index = _checked(bundle)
        for folder in index.locks:
            read_pins(library.root / folder / LOCK_FILE)
        pinned = {pin.name for pins in index.locks.values() for pin in pins}
        new = sum(not store.has(name) for name in index.entries)
        for name in index.entries:
            store.put_entry(name, _member(bundle, _path(name)), locked=name in pinned)
        for pin in (pin for pins in index.locks.values() for pin in pins):
            store.put_entry(pin.key, _member(bundle, _path(pin.name)))
    homes = {f: library.root / f for f in index.locks if (library.root / f).is_dir()}
    refused = {f: merge_pins(home / LOCK_FILE, index.locks[f]) for f, home in homes.items()}
    return Imported(
        takes=len(index.entries),
        new=new,
        locks={homes[f] / LOCK_FILE: len(index.locks[f]) - len(refused[f]) for f in homes},
        others=tuple(pin for pins in refused.values() for pin in pins),
        homeless=tuple(folder for folder in index.locks if folder not in homes),
    )


def _taken(store: TakeStore, name: str) -> bytes:
    entry = store.entry(name)
    if entry is None:
        raise VoiceError("a take left the cache while it was exported", hint="run again")
    return entry


def _locks(
    recipes: Iterable[Recipe], root: Path, names: Collection[str]
) -> dict[str, tuple[Pin, ...]]:
    """Return the pins of exported takes by the folder of their recipes, seen from the library."""
    locks: dict[str, tuple[Pin, ...]] = {}
    for lock in dict.fromkeys(lock_file(recipe) for recipe in recipes):
        folder = lock.parent.absolute()
        seen = folder.relative_to(root) if folder.is_relative_to(root) else Path()
        pins = [pin for pin in read_pins(lock).values() if pin.name in names]
        if pins:
            locks[seen.as_posix()] = tuple(sorted(pins, key=lambda pin: pin.phrase))
    return locks


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a bundle; whatever is found to be wrong with it becomes one sentence."""
    try:
        with zipfile.ZipFile(path) as bundle:
            yield bundle
    except FileNotFoundError as error:
        raise AudioFileError(f"there is no bundle {path}") from error
    except OSError as error:
        raise AudioFileError(f"cannot read {path}: {error.strerror or error}") from error
    except ValidationError as error:
        raise _no_bundle(path, f"its {INDEX} is not as we write it") from error
    except _DAMAGES as error:
        raise _no_bundle(path, str(error).strip("'\"")) from error


def _checked(bundle: zipfile.ZipFile) -> _Index:
    """Read the index, and see that every take and every pin is as it says."""
    index = _READER.validate_json(_member(bundle, INDEX))
    for name, digest in index.entries.items():
        entry = _member(bundle, _path(name))
        _expect(files.digest_bytes(entry) == digest, f"take {name[:12]}… is damaged")
        _expect(_is_take(entry), f"{name[:12]}… is no take")
    for folder, pins in index.locks.items():
        _expect(_is_inside(folder), f"`{folder}` is no folder of a library")
        pins_by_phrase(pins)
        for pin in pins:
            take = read_entry(_member(bundle, _path(pin.name)))
            sound = files.digest_bytes(take.audio) if take else None
            _expect(sound == pin.audio_sha256, f"the take of “{pin.text}” is not the locked one")
    return index


def _path(name: str) -> str:
    return f"takes/{name}.take"


def _member(bundle: zipfile.ZipFile, name: str) -> bytes:
    _expect(bundle.getinfo(name).file_size <= LARGEST_ENTRY, f"{name} is too large")
    return bundle.read(name)


def _expect(true: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition itself
    if not true:
        raise ValueError(otherwise)


def _is_take(entry: bytes) -> bool:
    try:
        return read_entry(entry) is not None
    except (KeyError, TypeError, ValueError):
        return False


def _is_inside(folder: str) -> bool:
    path = PurePosixPath(folder)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in folder


def _no_bundle(path: Path, why: str) -> AudioFileError:
    return AudioFileError(
        f"{path} is no whole bundle: {why}",
        hint="nothing was imported; export it again, or copy it again",
    )
