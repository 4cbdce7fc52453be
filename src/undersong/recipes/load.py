"""A recipe file, its library's defaults and its variants become the recipes of tracks.

All faults of a file are reported together: front matter, script, names and contradictions.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from undersong.errors import Fault, FaultsError
from undersong.files import digest_bytes
from undersong.recipes.contradictions import contradictions, fades, pause_difference
from undersong.recipes.document import Document, in_order, read_document
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe, Script
from undersong.recipes.names import slug
from undersong.recipes.pace import DEFAULT_PACE, PACES
from undersong.recipes.schema import Defaults, RecipeFile
from undersong.recipes.script import read_script
from undersong.recipes.settings import Layer, Settings, flat, layers_of, variant_faults
from undersong.recipes.source import Source, read_source

_FRONT: Final = re.compile(
    r"\s*^---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_NAME_MAX: Final = 180
"""Letters of a track's name; a file's name may have 255 bytes with all that is put around it."""

_DIGEST_LETTERS: Final = 8

_OPENING: Final = re.compile(r"\s*^---[ \t]*$", re.MULTILINE)


def load_recipe(path: Path, library: Library | None = None) -> tuple[Recipe, ...]:
    """Load a recipe file: one recipe, or one for every combination of its variants.

    Args:
        path: a Markdown file with front matter.
        library: whose defaults it inherits; found from `path` when None.

    Raises:
        FaultsError: every fault of the file, in file order.
    """
    library = library or Library.find(path)
    return _Reader(path, library).recipes()


def load_all(library: Library) -> tuple[Recipe, ...]:
    """Load every recipe of a library.

    Raises:
        FaultsError: every fault of every file, and tracks of different files with one slug.
    """
    recipes, faults = read_all(library)
    if faults:
        raise FaultsError(faults)
    return recipes


def read_all(library: Library) -> tuple[tuple[Recipe, ...], tuple[Fault, ...]]:
    """Return the recipes of all files without faults, and the faults of all others.

    Tracks of different files with one slug are faults of the later file.
    """
    recipes: list[Recipe] = []
    faults: list[Fault] = []
    for path in library.recipe_files():
        try:
            recipes += load_recipe(path, library)
        except FaultsError as error:
            faults += error.faults
    first: dict[str, Recipe] = {}
    for recipe in recipes:
        other = first.setdefault(recipe.slug, recipe)
        if other.path != recipe.path:
            message = f"this makes the same track name as {other.path}"
            faults.append(Fault(file=recipe.path, message=message, seen=recipe.slug))
    return tuple(recipes), in_order(faults)


class _Reader:
    """Reads one recipe file; gathers faults until they are raised together."""

    def __init__(self, path: Path, library: Library) -> None:
        self._path = path
        self._library = library
        self._names = library.names(path.parent)
        self._source = read_source(path)
        self._front = _front(self._source)
        self._faults = [*self._source.faults, *self._front.faults]
        self._scripts: dict[str, Script] = {}

    def recipes(self) -> tuple[Recipe, ...]:
        """Return one recipe for each combination of variants.

        Raises:
            FaultsError: every fault.
        """
        found: RecipeFile | None = None
        if not self._front.faults:
            found, faults = self._front.document.validate(RecipeFile, self._names)
            self._faults += faults
        if found is None:
            self._script(self._library.language, DEFAULT_PACE)
            raise FaultsError(in_order(self._faults))
        if "variants" in found.model_fields_set:
            self._faults += variant_faults(self._front.document, found.variants)
        made = [self._recipe(settings) for settings in self._settings(found)]
        recipes = tuple(recipe for recipe in made if recipe is not None)
        self._check_slugs(recipes)
        if self._faults:
            raise FaultsError(in_order(self._faults))
        return recipes

    def _settings(self, found: RecipeFile) -> list[Settings]:
        """Return what holds for each track: variant, destination, recipe, library, usual."""
        library, document = self._library, self._front.document
        usual = {**_usual(), "language": library.language, "author": library.author}
        usual |= {"album": library.album, "artwork": library.artwork}
        chosen = flat({k: v for k, v in found.chosen().items() if k != "variants"})
        below = (
            Layer(values=usual),
            Layer(
                file=str(library.file),
                values=flat(library.defaults),
                lines={k.removeprefix("defaults."): p for k, p in library.lines.items()},
            ),
            Layer(file=str(self._path), values=chosen, lines=document.lines()),
            *_bound(library),
        )
        variants = found.variants if "variants" in found.model_fields_set else None
        return [Settings(layers=(*below, top)) for top in layers_of(document, variants)]

    def _recipe(self, settings: Settings) -> Recipe | None:
        """Return the recipe of one track, or None when it has no voice; notes contradictions."""
        get = settings.get
        script = self._script(get("language"), get("pace"))
        self._faults += contradictions(settings, script)
        if get("voice") is None and self._library.faults:
            return None  # perhaps it is chosen there, where nothing could be read
        if get("voice") is None:
            message = "no voice is chosen, here or in the library's defaults"
            known = ", ".join(self._names.voices)
            self._faults.append(settings.fault("voice", message, legal=f"voice: one of {known}"))
            return None
        variant = settings.layers[-1]
        return Recipe(
            path=str(self._path),
            slug=_track_name(self._path.stem, *variant.written.values()),
            title=get("title"),
            author=get("author"),
            album=get("album"),
            language=get("language"),
            voice=get("voice"),
            ambience=get("ambience"),
            length=get("length"),
            pace=PACES[get("pace")],
            difference_lu=get("difference"),
            pause_difference_lu=pause_difference(settings),
            duck=get("duck"),
            fades=fades(settings),
            loudness=get("loudness"),
            anchor=get("anchor"),
            formats=get("formats"),
            style=get("style"),
            about=settings.under("about"),
            artwork=get("artwork"),
            seed=_seed(self._path.stem) if get("seed") is None else get("seed"),
            variant=variant.written,
            script=script,
            lines={**self._front.document.lines(), **variant.lines},
        )

    def _script(self, language: str, pace: str) -> Script:
        """Return the script as a pace parts it, read once for each."""
        if self._front.body is None:
            return Script(cues=())
        if pace not in self._scripts:
            self._scripts[pace], faults = read_script(
                self._source,
                self._front.body,
                language=language,
                pace=PACES[pace],
                names=self._names,
            )
            self._faults += faults
        return self._scripts[pace]

    def _check_slugs(self, recipes: Sequence[Recipe]) -> None:
        """Note different variants that would make the same file name."""
        first: dict[str, Recipe] = {}
        for recipe in recipes:
            other = first.setdefault(recipe.slug, recipe)
            if other.variant != recipe.variant:
                offset = self._front.document.offset(("variants",), key=True)
                message = "two variants make the same track name"
                self._faults.append(self._source.fault(offset, message, seen=recipe.slug))


@cache
def _usual() -> dict[str, Any]:
    return flat(Defaults.usual())


def _bound(library: Library) -> Iterator[Layer]:
    """Yield what the destination says of all tracks, if they are made for one."""
    if library.destination is not None:
        start = f"destinations.{library.destination}."
        yield Layer(
            file=str(library.file),
            values=flat(library.destinations[library.destination]),
            lines={key.removeprefix(start): place for key, place in library.lines.items()},
        )


def _track_name(*parts: str) -> str:
    """Return the slug of a track: its file's name and its variant's choices, cut to _NAME_MAX."""
    name = "-".join(slug(part) for part in parts)
    if len(name) <= _NAME_MAX:
        return name
    return f"{name[:_NAME_MAX]}-{digest_bytes(name.encode())[:_DIGEST_LETTERS]}"


def _seed(stem: str) -> int:
    """Return the seed of a recipe that names none: the same for all of its variants."""
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:4])


class _Front(Struct, frozen=True, kw_only=True):
    """Front matter, and the offset of the script below it; None when that is not known."""

    document: Document
    body: int | None
    faults: tuple[Fault, ...] = ()


def _front(source: Source) -> _Front:
    found = _FRONT.match(source.text)
    if found is not None:
        document = read_document(source, *found.span(1))
        return _Front(document=document, body=found.end())
    legal = "first a line `---`, then keys such as `title: …` and `voice: …`, then a line `---`"
    opened = _OPENING.match(source.text) is not None
    message = "the front matter is never closed" if opened else "there is no front matter"
    return _Front(
        document=read_document(source, 0, 0),
        body=None if opened else 0,
        faults=(source.fault(0, message, legal=legal),),
    )
