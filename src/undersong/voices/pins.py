"""Which takes the recipes of a folder are spoken with: `takes.lock`, beside the recipes.

An engine that never says the same thing twice is asked once. What it said is locked: later runs
use that very sound, whatever the engine has become since, and never ask again. The file is written
by us, read by people in their version control, and changed on purpose only with `undersong takes`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass  # noqa: TID251 - pydantic reads them
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from undersong import files
from undersong.errors import Fault, FaultsError
from undersong.lock import locked
from undersong.recipes.model import Recipe
from undersong.voices.contract import Request
from undersong.voices.voice import EngineChoice

LOCK_FILE: Final = "takes.lock"
SCHEMA: Final = 1
"""Version of the file's layout and of `phrase_digest`."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One phrase and the take that is locked for it.

    Attributes:
        text: what is said, for people.
        engine: what said it, and `fingerprint`, what that engine was then.
        take: its number among the takes of the phrase, from 1.
        phrase: digest of engine, options and request, by which the take is found.
        key: name of the take in the cache when it was made.
        audio_sha256: of its sound as it came.
    """

    text: str
    language: str
    engine: str
    fingerprint: str
    take: Annotated[int, Field(ge=1)]
    phrase: Digest
    key: Digest
    audio_sha256: Digest

    @property
    def name(self) -> str:
        """Name of the locked take in the cache: of this sound, so nothing can take its place."""
        return files.digest_json({"key": self.key, "audio": self.audio_sha256})


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    schema: int
    takes: tuple[Pin, ...]


@cache
def _reader() -> TypeAdapter[_File]:
    return TypeAdapter(_File)


def phrase_digest(choice: EngineChoice, request: Request) -> str:
    """Return what a locked take is found by: all of its key but the engine's fingerprint.

    Options at their defaults do not count, so that an option which a later version adds leaves
    every lock as it is.
    """
    return files.digest_json(
        {
            "schema": SCHEMA,
            "engine": choice.engine,
            "options": choice.options.model_dump(mode="json", exclude_defaults=True),
            "words": [[word.text, word.ipa] for word in request.words],
            "language": request.language,
            "rate": request.rate,
        }
    )


def lock_file(recipe: Recipe) -> Path:
    """Return where the takes of a recipe are locked: beside it, with those of its neighbours."""
    return Path(recipe.path).parent / LOCK_FILE


def read_pins(path: Path) -> dict[str, Pin]:
    """Return the locked takes by phrase; none when there is no such file.

    Raises:
        FaultsError: the file cannot be read, or is not as we write it.
    """
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _faulty(path, f"it cannot be read: {error.strerror or error}") from error
    try:
        return pins_by_phrase(_reader().validate_python(_parsed(content)).takes)
    except json.JSONDecodeError as error:
        raise _faulty(path, f"this is no JSON: {error.msg}", error.lineno, error.colno) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _faulty(path, f"{place}: {first['msg']}") from error
    except ValueError as error:
        raise _faulty(path, str(error)) from error


def merge_pins(path: Path, pins: Iterable[Pin], *, replace: bool = False) -> tuple[Pin, ...]:
    """Lock takes besides those already in the file, and return those that differ from it.

    What the file says stands, unless `replace`; two runs that write at once lose nothing. A file
    in which nothing changes is not written.

    Raises:
        FaultsError: the file is not as we write it; it is left alone.
        OutputError: it cannot be written.
    """
    wanted = pins_by_phrase(pins)
    try:
        with locked(path.with_name(f".{path.name}.busy")):
            kept = read_pins(path)
            found = kept | wanted if replace else wanted | kept
            if found != kept:
                files.write_text(path, written(found))
    except OSError as error:
        raise files.unwritable(path, error) from error
    return tuple(pin for phrase, pin in wanted.items() if found[phrase] != pin)


def written(pins: Mapping[str, Pin]) -> str:
    """Return the text of a lock file: the same takes always give the same text."""
    ordered = sorted(pins.values(), key=lambda pin: (pin.text.casefold(), pin.phrase))
    content = {"schema": SCHEMA, "takes": [files.plain(pin) for pin in ordered]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def pins_by_phrase(pins: Iterable[Pin]) -> dict[str, Pin]:
    """Return pins by their phrase.

    Raises:
        ValueError: two of them are for one phrase.
    """
    found: dict[str, Pin] = {}
    for pin in pins:
        if found.setdefault(pin.phrase, pin) != pin:
            raise ValueError(f"two takes are locked for “{pin.text}”")
    return found


def _parsed(content: bytes) -> Any:  # noqa: ANN401 - JSON is any nesting of plain values
    value = json.loads(content)
    if isinstance(value, dict) and value.get("schema") != SCHEMA:
        raise ValueError(f"it has the layout {value.get('schema')}, and this version knows only 1")
    return value


def _faulty(
    path: Path, message: str, line: int | None = None, column: int | None = None
) -> Exception:
    return FaultsError(
        [Fault(file=str(path), line=line, column=column, message=message)],
        hint="bring it back from your version control; undersong never writes over such a file",
    )
