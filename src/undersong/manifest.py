"""What a finished track is, in numbers: the record written beside every delivery."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from undersong.files import plain
from undersong.units import Dbtp, Lu, Lufs

SCHEMA = 1
"""Version of the manifest's own layout."""

MANIFEST = "manifest.json"
"""Name of the manifest in the folder of its track."""


class Levels(Struct, frozen=True, kw_only=True):
    """Measured loudness of a stretch of sound, by ITU-R BS.1770-5 and EBU Tech 3341/3342.

    Loudness of silence, and of sound too short for its window, is -inf; the range is then 0.

    Attributes:
        integrated_lufs: gated programme loudness.
        short_term_max_lufs: highest loudness of any 3 s.
        momentary_max_lufs: highest loudness of any 400 ms.
        range_lu: loudness range, LRA.
        true_peak_dbtp: highest peak between the samples.
        length_s: length in seconds.
    """

    integrated_lufs: Lufs
    short_term_max_lufs: Lufs
    momentary_max_lufs: Lufs
    range_lu: Lu
    true_peak_dbtp: Dbtp
    length_s: float


class Deliverable(Struct, frozen=True, kw_only=True):
    """One encoded file of a track, as decoded again and measured.

    Attributes:
        format: name of the format: wav, flac, mp3, opus.
        file: file name beside the manifest.
        size_bytes: length of the file.
        sha256: its digest.
        levels: measured on the decoded file.
        gain_db: static gain that the master took for this file.
        ceiling_dbtp: limiter ceiling that this file needed to decode below the profile's.
        encodes: how often it was encoded until loudness and peak were right.
    """

    format: str
    file: str
    size_bytes: int
    sha256: str
    levels: Levels
    gain_db: float
    ceiling_dbtp: float
    encodes: int


class ChapterMark(Struct, frozen=True, kw_only=True):
    """A chapter as players see it; times in seconds from the start of the file."""

    title: str
    start_s: float
    end_s: float


class Speaker(Struct, frozen=True, kw_only=True):
    """What spoke all that one voice says in a track.

    Attributes:
        engine_version: its fingerprint; several, joined by commas, when takes are of several.
        draft: good enough for hearing a mix, not for publishing.
    """

    voice: str
    engine: str
    engine_version: str
    draft: bool


class Manifest(Struct, frozen=True, kw_only=True):
    """Everything about one finished track that later stages and other programs need.

    Attributes:
        digest: of all inputs that reach the track's bytes.
        sound: of those that reach the sound of its files; "" when nobody noted it.
        draft: spoken by a draft voice; publishing refuses such a track.
        voice: voice name; `engine` and `engine_version` tell what spoke.
        speakers: the same of every voice in the track, in order of first use.
        target_lufs, ceiling_dbtp: what the delivery profile asks for.
        programme: levels of the master before encoding.
        anchor: what was brought to the target: `programme` or `speech`.
        aim_lufs: programme loudness that the files were brought to for it.
        speech_lufs: gated loudness of the narration as it is heard in the master.
        limited_share: share of 10 ms frames that the limiter lowered by more than 1 dB.
        companions: files beside the deliverables: captions, picture, stems.
        credits: lines to show wherever the track is offered.
        withheld: why the track must not be published, in sentences: a recording in a bed has no
            licence, for instance.
        timings: how many phrases have word times from the `engine`, `aligned` by listening, or
            `proportional` to their letters.
        hearing: what was heard when the voice was listened to; None when it was not.
    """

    schema: int = SCHEMA
    undersong: str
    slug: str
    recipe: str
    title: str
    author: str
    album: str
    language: str
    digest: str
    draft: bool
    voice: str
    engine: str
    engine_version: str
    ambience: tuple[str, ...]
    style: str
    about: dict[str, str]
    length_s: float
    profile: str
    target_lufs: float
    ceiling_dbtp: float
    programme: Levels
    anchor: str
    aim_lufs: float
    speech_lufs: float
    limited_share: float
    chapters: tuple[ChapterMark, ...]
    deliverables: tuple[Deliverable, ...]
    companions: tuple[str, ...] = ()
    credits: tuple[str, ...] = field(default=())
    withheld: tuple[str, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    timings: dict[str, int] = field(default_factory=dict)
    hearing: dict[str, Any] | None = None
    sound: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain values, ready for `json.dumps`."""
        return plain(self)


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the plain values of a manifest file, or None when there is no whole one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def listed(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of all files of a track, as its manifest lists them."""
    files = (item["file"] for item in manifest.get("deliverables", ()))
    return (*files, *manifest.get("companions", ()))
