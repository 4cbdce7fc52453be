"""Bringing a recording into a library: looked at, repaired, written, listened to, described."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import soundfile
from msgspec import Struct

from undersong.ambience.bed_file import SOUNDS
from undersong.ambience.intake.repair import findings, repaired
from undersong.ambience.intake.survey import Survey, survey
from undersong.ambience.recorded import Recorded, RecordedOptions
from undersong.ambience.recorded.hear import heard
from undersong.ambience.recorded.heard import MOMENTS_PER_S, Heard, marked
from undersong.audio import Frames, Tick
from undersong.errors import AmbienceError, OutputError
from undersong.files import atomic, digest_file, write_text
from undersong.recipes.fields import Text
from undersong.recipes.names import SAFE_WORDS, is_safe
from undersong.recipes.values import WrongValueError
from undersong.units import SAMPLE_RATE, format_seconds

FOLDER: Final = "ambience"
_TRIAL_S: Final = 2
_NAME_MOST: Final = 60
_LINE_MOST: Final = 200
_FLOAT_BYTES: Final = 2 * 4  # of a stereo frame
_WAV_BYTES: Final = 2**32 - 2**20  # RIFF counts with 32 bits


class Watch(Protocol):
    """Whoever wants to see progress."""

    def stage(self, name: str, total: int) -> Tick:
        """A stage of `total` steps begins; the returned function takes steps done."""
        ...


class Wish(Struct, frozen=True, kw_only=True):
    """What a maker says about a recording.

    Attributes:
        name: of the bed; what recipes will call it.
        licence: under which it may be used; nothing when it is not known.
        credit: line to show wherever such a track is offered; likewise.
        kept: what to keep the sound as, one of `SOUNDS`.
    """

    name: str
    title: str
    about: str = ""
    licence: str = ""
    credit: str = ""
    kept: str = "flac"


class Accepted(Struct, frozen=True, kw_only=True, eq=False):
    """A recording that is now a bed.

    Attributes:
        bed, recording: the two files that were written.
        done: what was found and done about it, in sentences.
    """

    bed: Path
    recording: Path
    found: Survey
    known: Heard
    done: tuple[str, ...]


def name_from(path: Path) -> str:
    """Return a name for the bed of a recording: that of its file in small letters and dashes."""
    words = re.findall(r"[^\W_]+", path.stem.lower())
    return "-".join(words)[:_NAME_MOST].rstrip("-") or "recording"


def accept(path: Path, root: Path, wish: Wish, cache: Path | None, watch: Watch) -> Accepted:
    """Make a bed of a recording of any format: `ambience/<name>.yaml` and its sound beside it.

    Both are there in the end, or neither.

    Raises:
        AudioFileError: the recording is missing, damaged or beyond repair.
        AmbienceError: the name is taken or cannot be one, or too little can be used.
        OutputError: no space, no permission.
    """
    bed = root / FOLDER / f"{wish.name}.yaml"
    recording = bed.with_suffix(f".{wish.kept}")
    _expect_free(wish.name, bed, *(bed.with_suffix(f".{kind}") for kind in SOUNDS))
    _expect_lines(wish)
    found = survey(path, watch.stage("looking at the recording", 0))
    length = found.length - found.head - found.tail
    with atomic(recording) as temporary:
        kind = _kind(wish.kept, length)
        _write(temporary, kind, repaired(path, found), watch.stage("repairing it", length))
        known = heard(temporary, cache, watch.stage("listening to it", length))
        Recorded(RecordedOptions(file=temporary, cache=cache), 1).read(0, _TRIAL_S * SAMPLE_RATE)
    done = (*findings(found), *_heard_words(known))
    try:
        write_text(bed, _described(path, recording, wish, done))
    except OutputError:
        recording.unlink(missing_ok=True)
        raise
    return Accepted(bed=bed, recording=recording, found=found, known=known, done=done)


def _expect_free(name: str, *paths: Path) -> None:
    if not is_safe(name):
        raise AmbienceError(f"`{name}` cannot be the name of a bed", hint=f"legal: {SAFE_WORDS}")
    taken = [path for path in paths if path.exists()]
    if taken:
        raise AmbienceError(
            f"there is already {taken[0]}", hint="choose another --name, or remove the old files"
        )


def _expect_lines(wish: Wish) -> None:
    """Refuse words that a bed file could not hold, before any work is done."""
    rows = (("title", wish.title), ("licence", wish.licence), ("credit", wish.credit))
    for key, text in (*rows, ("about", wish.about)):
        try:
            Text(_LINE_MOST).read(text or "-", None)
        except WrongValueError as error:
            raise AmbienceError(
                f"the {key}: {error.message}", hint=f"legal: {error.legal}"
            ) from error


def _kind(kept: str, length: int) -> tuple[str, str]:
    """Return libsndfile's format and subtype: RF64 (EBU Tech 3306) where WAV would be too long."""
    if kept == "flac":
        return "FLAC", "PCM_24"
    return "WAV" if length * _FLOAT_BYTES < _WAV_BYTES else "RF64", "FLOAT"


def _write(path: Path, kind: tuple[str, str], blocks: Iterator[Frames], tick: Tick) -> None:
    """Write the sound, and read its end: libsndfile does not tell of a full disk."""
    length, (form, subtype) = 0, kind
    try:
        with soundfile.SoundFile(path, "w", int(SAMPLE_RATE), 2, subtype, format=form) as file:
            for block in blocks:
                file.write(block)
                length += len(block)
                tick(len(block))
        with soundfile.SoundFile(path) as written:
            written.seek(max(length - 1, 0))
            whole = written.frames == length and len(written.read(1)) == 1
    except soundfile.LibsndfileError as error:
        raise OutputError(f"cannot write the recording: {error}", hint="free some space") from error
    if not whole:
        raise OutputError("the recording could not be written whole", hint="free some space")


def _heard_words(known: Heard) -> tuple[str, ...]:
    startling = ", ".join(
        format_seconds(passage.start // MOMENTS_PER_S) for passage in known.startling
    )
    events = len(known.events)
    lost = known.closed & ~marked(known.startling, len(known.closed))
    lost_s = float(lost.sum()) / MOMENTS_PER_S
    rows = (
        (lost_s > 0, f"{lost_s:.1f} s of silence inside: left out"),
        (
            known.loop_s is not None,
            f"a loop: it repeats itself every {known.loop_s} s; one turn is used",
        ),
        (bool(startling), f"would startle at {startling}: left out"),
        (events > 0, f"{events} event{'s' if events != 1 else ''} stand out of it"),
    )
    return tuple(text for true, text in rows if true)


def _described(path: Path, recording: Path, wish: Wish, done: tuple[str, ...]) -> str:
    """Return the bed file. JSON text is YAML text, whatever stands in it."""
    lines = [f"title: {_quoted(wish.title)}"]
    lines += [
        f"{key}: {_quoted(value)}"
        for key, value in (
            ("about", wish.about),
            ("licence", wish.licence),
            ("credit", wish.credit),
        )
        if value
    ]
    lines += [
        "layers:",
        f"  - recording: {_quoted(recording.name)}",
        "origin:",
        f"  file: {_quoted(path.name)}",
        f"  sha256: {digest_file(path)}",
    ]
    if done:
        lines += ["  intake:", *(f"    - {_quoted(text)}" for text in done)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
