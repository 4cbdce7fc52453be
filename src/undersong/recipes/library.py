"""A library: a folder of recipes, voices and beds, and what all its recipes share.

Names are looked for in the library's own folders first, then in the starter library that is
shipped with Undersong.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from undersong.errors import Fault, FaultsError, UnknownNameError
from undersong.files import at_home, is_there
from undersong.plugins import installed
from undersong.recipes.document import in_order, read_document
from undersong.recipes.model import Position
from undersong.recipes.names import Names, composed, is_safe
from undersong.recipes.schema import LibraryFile
from undersong.recipes.source import read_source

FILE: Final = "undersong.yaml"
"""What makes a folder a library."""

_YAML: Final = (".yaml", ".yml")
_SOUND: Final = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma")
_LANGUAGE: Final = "en-US"
_OUR_CUES: Final = ("bell",)


class Library(Struct, frozen=True, kw_only=True):
    """Where recipes come from, and what they share.

    Attributes:
        root: the folder that holds `undersong.yaml`, or what comes nearest to it.
        file: `undersong.yaml` itself, or None when there is none.
        album: album or series of the tracks; the title when none is chosen.
        artwork: cover picture, as it can be opened, or None.
        lexicon: how words are said, whatever voice speaks; a voice's own lexicon wins.
        defaults: what recipes inherit, by key as in the schema; nested mappings stay nested.
        destinations: by name, what holds for all tracks that are made for it, by key likewise.
        destination: the one that tracks are made for now, or None.
        publish: kept for publishing.
        lines: positions of the keys of `file`, dotted: `defaults.length`.
        faults: of `file`; what they concern is left out. Only a `glance` gives a library with any.
    """

    root: Path
    file: Path | None = None
    title: str
    author: str = ""
    language: str = _LANGUAGE
    album: str
    artwork: str | None = None
    description: str = ""
    lexicon: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    destinations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    destination: str | None = None
    publish: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, Position] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    @classmethod
    def find(cls, path: Path) -> "Library":
        """Return the library that a file or folder belongs to, as `glance` does.

        Raises:
            FaultsError: `undersong.yaml` holds faults.
        """
        found = cls.glance(path)
        if found.faults:
            raise FaultsError(found.faults)
        return found

    @classmethod
    def glance(cls, path: Path) -> "Library":
        """Return the library that a file or folder belongs to, whatever its file's faults.

        The nearest folder upwards with an `undersong.yaml`; without one, the folder above
        `recipes/`, or else the folder itself, with everything as usual.
        """
        here = path.absolute()
        above = [here, *here.parents] if here.is_dir() else list(here.parents)
        for folder in above:
            if is_there(folder / FILE):
                return _open(folder, _as_given(path, folder) / FILE)
        holders = [folder.parent for folder in above if folder.name == "recipes"]
        root = holders[0] if holders else above[0]
        return cls(root=root, title=root.name or "Recipes", album=root.name or "Recipes")

    def bound_for(self, destination: str | None) -> "Library":
        """Return the library as it is for one of its destinations; None is none in particular.

        Raises:
            UnknownNameError: it has no such destination.
        """
        if destination is not None and destination not in self.destinations:
            raise UnknownNameError("destination", destination, self.destinations)
        return replace(self, destination=destination)

    def tracks_folder(self, destination: str | None) -> Path:
        """Return where finished tracks go, unless a run says otherwise."""
        if destination is None:
            return self.root / "build"
        chosen = self.destinations[destination].get("folder")
        return self.root / (at_home(chosen) if chosen else f"build/{destination}")

    def recipe_files(self) -> tuple[Path, ...]:
        """Return every recipe file, sorted; README.md and hidden files are none."""
        folder = self.root / "recipes"
        found = (path for path in folder.rglob("*.md") if path.name.lower() != "readme.md")
        return tuple(sorted(path for path in found if not _is_hidden(path, folder)))

    def voice_names(self) -> tuple[str, ...]:
        """Return the names of all voice files, sorted."""
        return tuple(sorted(self._found("voices", _YAML)))

    def voice_file(self, name: str) -> Path:
        """Return a voice file.

        Raises:
            UnknownNameError: there is none, with the nearest name.
        """
        return _lookup("voice", name, self._found("voices", _YAML))

    def bed_names(self) -> tuple[str, ...]:
        """Return the names of all bed files, sorted."""
        return tuple(sorted(self._found("ambience", _YAML)))

    def bed_file(self, name: str) -> Path:
        """Return a bed file.

        Raises:
            UnknownNameError: there is none, with the nearest name.
        """
        return _lookup("ambience", name, self._found("ambience", _YAML))

    def sound_names(self) -> tuple[str, ...]:
        """Return every name that a sound mark may use, sorted: cue makers, then files too."""
        return tuple(sorted({*_cue_makers(), *self._sounds()}))

    def sound_file(self, name: str) -> Path | None:
        """Return a sound file of `sounds/`, by name with or without suffix; None for none."""
        return self._sounds().get(composed(name))

    def names(self, folder: Path) -> Names:
        """Return everything that a file in `folder` may name."""
        return Names(
            voices=self.voice_names(),
            beds=self.bed_names(),
            sounds=self.sound_names(),
            folder=folder,
        )

    def _roots(self) -> tuple[Path, ...]:
        return (self.root, starter_folder())

    def _sounds(self) -> dict[str, Path]:
        whole = self._found("sounds", _SOUND, stem=False)
        stems = {composed(path.stem): path for path in reversed(whole.values())}
        makers = _cue_makers()
        return {name: path for name, path in {**stems, **whole}.items() if name not in makers}

    def _found(self, folder: str, suffixes: Iterable[str], *, stem: bool = True) -> dict[str, Path]:
        """Return files by name, the library's own before the starter's."""
        found: dict[str, Path] = {}
        for root in self._roots():
            for path in _listed(root / folder, tuple(suffixes)):
                found.setdefault(composed(path.stem if stem else path.name), path)
        return found


def starter_folder() -> Path:
    """Return the folder of the starter library: in the wheel, or at the root of a checkout."""
    package = Path(str(files("undersong")))
    shipped, checkout = package / "starter", package.parent.parent
    return checkout if not shipped.is_dir() and (checkout / "pyproject.toml").is_file() else shipped


def _open(root: Path, path: Path) -> Library:
    """Read `undersong.yaml`, which lies in `root` and was given as `path`."""
    name = root.name or "Recipes"
    bare = Library(root=root, file=path, title=name, album=name)
    try:
        source = read_source(path)
    except FaultsError as error:
        return replace(bare, faults=error.faults)
    document = read_document(source, 0, len(source.text))
    found, faults = document.salvage(LibraryFile, bare.names(root), otherwise={"title": name})
    chosen = found.chosen()
    return Library(
        root=root,
        file=path,
        title=found.title,
        author=chosen.get("author", ""),
        language=found.language,
        album=chosen.get("album", found.title),
        artwork=chosen.get("artwork"),
        description=chosen.get("description", ""),
        lexicon=chosen.get("lexicon", {}),
        defaults=chosen.get("defaults", {}),
        destinations={name: each.chosen() for name, each in chosen.get("destinations", {}).items()},
        publish=chosen.get("publish", {}),
        lines=document.lines(),
        faults=in_order((*source.faults, *faults)),
    )


def _as_given(path: Path, folder: Path) -> Path:
    """Return `folder`, which is above `path`, as the maker would write it."""
    above = (path, *path.parents)
    return next((given for given in above if given.absolute() == folder), folder)


def _lookup(kind: str, name: str, found: Mapping[str, Path]) -> Path:
    if composed(name) not in found:
        raise UnknownNameError(kind, name, found)
    return found[composed(name)]


def _listed(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files of a folder whose name can be used, sorted."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in suffixes and is_safe(path.stem) and path.is_file():
                yield path


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


@cache
def _cue_makers() -> frozenset[str]:
    """Return the names of installed cue makers, without loading any."""
    return frozenset({*_OUR_CUES, *installed("undersong.cues")})
