"""Finished tracks as renders left them: a folder each, with a manifest that we do not trust."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field  # noqa: TID251 - pydantic reads them
from pathlib import Path
from typing import Annotated, Final

from msgspec import Struct
from pydantic import AfterValidator, Field, TypeAdapter

from undersong.errors import Fault, FaultsError
from undersong.publish.records import FileName, Line, Prose, read_record, sound_text

MANIFEST: Final = "manifest.json"
LONGEST_S: Final = 24 * 3600
TEXT_MAX_BYTES: Final = 8_000_000
"""A day of captions is a tenth of this."""

Seconds = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A deliverable, as the manifest notes it."""

    format: str
    file: FileName
    size_bytes: Annotated[int, Field(ge=1)]
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter; times in seconds."""

    title: Annotated[str, AfterValidator(sound_text)]
    start_s: Seconds
    end_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What spoke, under which voice's name."""

    engine: str
    voice: Prose = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The part of a manifest that publishing needs (`undersong.manifest.Manifest`)."""

    slug: Line
    title: Line
    language: Line
    draft: bool
    engine: str
    length_s: Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]
    about: Mapping[str, Prose]
    chapters: tuple[Chapter, ...]
    deliverables: tuple[File, ...]
    companions: tuple[FileName, ...] = ()
    ambience: tuple[Prose, ...] = ()
    credits: tuple[Prose, ...] = ()
    withheld: tuple[Prose, ...] = ()
    speakers: tuple[Engine, ...] = field(default=())

    @property
    def synthetic(self) -> bool:
        """Whether a machine speaks in it: everything but takes that a person recorded."""
        engines = [speaker.engine for speaker in self.speakers] or [self.engine]
        return any(engine != "recorded" for engine in engines)


_READER: Final = TypeAdapter(Finished)


class Track(Struct, frozen=True, kw_only=True):
    """A finished track and where it lies."""

    folder: Path
    made: Finished

    @property
    def slug(self) -> str:
        """Stable name."""
        return self.made.slug

    def companion(self, suffix: str) -> Path | None:
        """Return the companion file with this suffix, `.vtt`; None when none was made."""
        found = [name for name in self.made.companions if name.endswith(suffix)]
        return self.folder / found[0] if found else None


def read_tracks(folder: Path) -> tuple[Track, ...]:
    """Return every finished track below `folder`, one level or two deep, sorted by slug.

    Raises:
        FaultsError: manifests that are damaged, all of them; or two tracks with one slug.
    """
    found: list[Track] = []
    faults: list[Fault] = []
    for path in _manifests(folder):
        try:
            made = read_record(path, _READER)
        except FaultsError as error:
            faults += error.faults
            continue
        twin = next((other for other in found if other.slug == made.slug), None)
        if twin is not None:
            message = f"the track `{made.slug}` is also in {twin.folder}"
            faults.append(Fault(file=str(path), message=message))
        found.append(Track(folder=path.parent, made=made))
    if faults:
        raise FaultsError(faults, hint="render these tracks again")
    return tuple(sorted(found, key=lambda track: track.slug))


def read_text(path: Path) -> str:
    """Return a companion's text.

    Raises:
        FaultsError: missing, too large, or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(TEXT_MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise FaultsError([Fault(file=str(path), message=message)], hint=_AGAIN) from error
    if len(content) > TEXT_MAX_BYTES:
        raise FaultsError([Fault(file=str(path), message="far too large for captions")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FaultsError([Fault(file=str(path), message="this is not UTF-8")]) from error


_AGAIN: Final = "render the track again"


def _manifests(folder: Path) -> Iterator[Path]:
    try:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_dir() and not path.name.startswith("."):
                own = path / MANIFEST
                yield from [own] if own.is_file() else sorted(path.glob(f"*/{MANIFEST}"))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise FaultsError([Fault(file=str(folder), message=message)]) from error
