"""A voice that a person recorded: a folder of takes, one file per phrase, in any format.

A take is found by its name. `take_name("Let yourself arrive.")` is `let-yourself-arrive`; a phrase
of more than eight words is its first eight and six characters that tell it from others that begin
alike. Case, spaces and punctuation of the file's name do not matter, and a file may as well be
named by the whole phrase. Where that is not to be had, `takes.csv` in the folder, with the columns
`text` and `file`, says which file says what.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

import soundfile
from pydantic import Field

from undersong.decode import read_sound
from undersong.errors import AudioFileError, VoiceError
from undersong.files import at_home, digest_bytes, is_folder, is_there
from undersong.recipes.names import slug
from undersong.soundbytes import wav_bytes
from undersong.voices.contract import EngineOptions, RawTake, Request

NAME_WORDS: Final = 8
DIGEST_LETTERS: Final = 6
LIST: Final = "takes.csv"

NOT_SOUND: Final = frozenset(
    {"", ".csv", ".txt", ".md", ".json", ".yaml", ".yml", ".pdf", ".docx", ".jpg", ".png", ".ini"}
)
"""Suffixes of files that may lie beside the takes without being one."""

DIRECT: Final = frozenset({"WAV", "WAVEX", "FLAC", "MP3"})
"""Formats that are handed on as they are; others are decoded here, once, to WAV."""


class RecordedOptions(EngineOptions):
    """What a voice file must say about recorded takes."""

    folder: str = Field(
        min_length=1, description="Folder of the takes, seen from the library's folder."
    )


class Recorded:
    """Says what a person said: finds the file of each phrase."""

    name: ClassVar[str] = "recorded"
    draft: ClassVar[bool] = False
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 1
    repeatable: ClassVar[bool] = True
    reads_written: ClassVar[bool] = True
    Options: ClassVar[type[EngineOptions]] = RecordedOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Note the folder; nothing is read yet."""
        folder = RecordedOptions.model_validate(options.model_dump()).folder
        self._folder = library / at_home(folder)

    @property
    def fingerprint(self) -> str:
        """A constant: every take has files of its own (`files_of`)."""
        return "recorded 1"

    @property
    def sources(self) -> tuple[Path, ...]:
        """The folder and its list: what tells which file says what."""
        return (self._folder, self._folder / LIST)

    def files_of(self, written: str) -> tuple[Path, ...]:
        """Return the file of a phrase; several or none when it cannot be said.

        Raises:
            VoiceError: the folder or its list cannot be read.
        """
        whole = slug(written)
        if (file := self._listed.get(whole)) is not None:
            return (self._folder / file,)
        names = dict.fromkeys((take_name(written), whole))
        return tuple(sorted(path for name in names for path in self._named.get(name, ())))

    def check(self) -> str | None:
        """Say whether the folder is missing or its list cannot be read."""
        if not is_folder(self._folder):
            return f"there is no folder of recorded takes at {self._folder}"
        try:
            self._listed, self._named  # noqa: B018 - reads the list and the folder
        except VoiceError as error:
            return error.message
        return None

    def unsayable(self, requests: Sequence[Request]) -> Mapping[int, str]:
        """Return, for each phrase without exactly one take, the name that is expected."""
        reasons = ((k, self._find(request.written)) for k, request in enumerate(requests))
        return {k: found for k, found in reasons if isinstance(found, str)}

    def say(self, request: Request) -> RawTake:
        """Return the take of a phrase as it was recorded.

        Raises:
            VoiceError: no take, several, or one that cannot be read.
        """
        found = self._find(request.written)
        if isinstance(found, str):
            raise VoiceError(found)
        try:
            return RawTake(audio=_as_soundfile_reads(found))
        except (AudioFileError, OSError) as error:
            raise VoiceError(str(error)) from error

    def close(self) -> None:
        """Nothing to let go of."""

    def _find(self, written: str) -> Path | str:
        """Return the one take of a phrase, or a sentence that says why there is none."""
        paths = self.files_of(written)
        if not paths:
            return f"no take `{take_name(written)}.wav` in {self._folder} for “{written}”"
        if len(paths) > 1:
            return f"several takes of “{written}”: {', '.join(path.name for path in paths)}"
        if not is_there(paths[0]):
            return f"{LIST} names {paths[0].relative_to(self._folder)}, which is not there"
        return paths[0]

    @cached_property
    def _named(self) -> Mapping[str, Sequence[Path]]:
        """Return the takes in the folder by their names' slugs."""
        named: dict[str, list[Path]] = {}
        try:
            for path in _takes(self._folder):
                named.setdefault(slug(path.stem), []).append(path)
        except OSError as error:
            raise VoiceError(
                f"cannot read the recorded takes in {self._folder}: {error.strerror}"
            ) from error
        return named

    @cached_property
    def _listed(self) -> Mapping[str, str]:
        """Return file names by slug of the phrase, from the list if there is one."""
        path = self._folder / LIST
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise VoiceError(f"cannot read {path}: {error}") from error
        rows = csv.DictReader(io.StringIO(text))
        try:
            if not {"text", "file"} <= set(rows.fieldnames or ()):
                raise VoiceError(f"{path}: the first line must name the columns `text` and `file`")
            return {slug(row["text"] or ""): (row["file"] or "").strip() for row in rows}
        except csv.Error as error:
            raise VoiceError(f"cannot read {path}, line {rows.line_num}: {error}") from error


def take_name(written: str) -> str:
    """Return the name, without suffix, that a recorded take of a phrase should have."""
    whole = slug(written)
    words = whole.split("-")
    if len(words) <= NAME_WORDS:
        return whole
    return "-".join([*words[:NAME_WORDS], digest_bytes(whole.encode())[:DIGEST_LETTERS]])


def _takes(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in folder.iterdir():
            hidden = path.name.startswith(".")
            if path.is_file() and not hidden and path.suffix.lower() not in NOT_SOUND:
                yield path


def _as_soundfile_reads(path: Path) -> bytes:
    """Return a file's bytes if every reader of takes knows its format, else its sound as WAV.

    Raises:
        AudioFileError: missing, empty, damaged, or of no known format.
    """
    frames, rate = read_sound(path)  # of all formats: damage is found while the name is known
    with suppress(soundfile.LibsndfileError):
        if soundfile.info(path).format in DIRECT:
            return path.read_bytes()
    return wav_bytes(frames, rate)  # 24 bit: a FLOAT file holds the time
