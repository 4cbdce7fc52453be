"""The manifest as a file: the record of a finished track beside its deliverables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from undersong import __version__
from undersong.deliver.companions import Companions
from undersong.deliver.label import chapter_marks
from undersong.files import digest_file, finite, write_text
from undersong.manifest import Deliverable, Manifest, Speaker
from undersong.units import to_seconds


class Spoken(Protocol):
    """Who spoke a track: `voices.narrate.Narration` is one."""

    @property
    def voice(self) -> str:
        """Name of the voice file."""
        ...

    @property
    def engine(self) -> str:
        """Name of the engine."""
        ...

    @property
    def engine_version(self) -> str:
        """Its fingerprint."""
        ...

    @property
    def draft(self) -> bool:
        """Whether a draft engine spoke."""
        ...

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """What spoke each voice of the track."""
        ...


def manifest_of(  # noqa: PLR0913 - everything that is known of a track comes together here
    order: Companions,
    deliverables: tuple[Deliverable, ...],
    *,
    digest: str,
    sound: str = "",
    spoken: Spoken,
    aim_lufs: float,
    speech_lufs: float,
    limited_share: float,
    credit_lines: tuple[str, ...],
    withheld: tuple[str, ...] = (),
    timings: Mapping[str, int] | None = None,
    hearing: dict[str, Any] | None = None,
) -> Manifest:
    """Put together the record of a finished track."""
    recipe, profile = order.recipe, order.profile
    return Manifest(
        undersong=__version__,
        slug=recipe.slug,
        recipe=Path(recipe.path).name,
        title=recipe.title,
        author=recipe.author,
        album=recipe.album,
        language=recipe.language,
        digest=digest,
        sound=sound,
        draft=spoken.draft,
        voice=spoken.voice,
        engine=spoken.engine,
        engine_version=spoken.engine_version,
        ambience=recipe.beds,
        style=recipe.style,
        about=dict(recipe.about),
        length_s=float(to_seconds(order.timeline.length)),
        profile=profile.name,
        target_lufs=profile.integrated_lufs,
        ceiling_dbtp=profile.ceiling_dbtp,
        programme=order.levels,
        anchor=recipe.anchor,
        aim_lufs=aim_lufs,
        speech_lufs=speech_lufs,
        limited_share=limited_share,
        chapters=chapter_marks(order.timeline),
        deliverables=deliverables,
        companions=order.names,
        credits=credit_lines,
        withheld=withheld,
        speakers=spoken.speakers,
        timings=dict(timings or {}),
        hearing=hearing,
    )


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write `manifest` as JSON, atomically: the same manifest always gives the same bytes.

    Levels of silence, minus infinity, are written as null, for JSON knows no infinity.

    Raises:
        OutputError: no space, no permission, no such folder.
    """
    text = json.dumps(
        finite(manifest.as_json()), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    write_text(path, text + "\n")


def is_whole(
    manifest: Mapping[str, Any], digest: str, folder: Path, companions: Sequence[str]
) -> bool:
    """Whether `folder` holds the track of this digest: every file there, with the bytes noted."""
    made = manifest.get("deliverables", ())
    sizes = {item["file"]: item["size_bytes"] for item in made}
    digests = {item["file"]: item["sha256"] for item in made}
    return (
        manifest.get("digest") == digest
        and all((folder / name).is_file() for name in companions)
        and all(_size(folder / name) == size for name, size in sizes.items())
        and all(digest_file(folder / name) == sha256 for name, sha256 in digests.items())
    )


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
