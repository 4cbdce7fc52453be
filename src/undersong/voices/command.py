"""Any program that writes a WAV, as a voice: for engines that we do not know.

What is run stands in a voice file and nowhere else: a recipe names voices, and can neither name a
program nor change its arguments. There is no shell; the text is one argument, whatever it holds.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field, field_validator

from undersong.errors import VoiceError
from undersong.files import digest_file, digest_json
from undersong.voices.contract import EngineOptions, RawTake, Request
from undersong.voices.programs import Programs

TEXT: Final = "{text}"
OUT: Final = "{out}"
LEGAL: Final = ("{text}", "{out}", "{rate}", "{language}")

_PLACEHOLDER = re.compile(r"\{[A-Za-z_]*\}")


class CommandOptions(EngineOptions):
    """What a voice file must say about a program."""

    run: tuple[str, ...] = Field(
        min_length=2,
        description="The program and its arguments, one by one. {text} stands for the words, {out} "
        "for the WAV to be written, {rate} for the speed (1 is usual), {language} for a tag.",
    )
    timeout_s: float = Field(
        default=120.0, gt=0, le=3600, description="A phrase that takes longer has failed."
    )

    @field_validator("run")
    @classmethod
    def _expect_placeholders(cls, run: tuple[str, ...]) -> tuple[str, ...]:
        found = [each for argument in run for each in _PLACEHOLDER.findall(argument)]
        missing = [each for each in (TEXT, OUT) if each not in found]
        if missing:
            raise ValueError(f"{' and '.join(missing)} must stand among the arguments")
        unknown = [each for each in found if each not in LEGAL]
        if unknown:
            raise ValueError(f"{unknown[0]} means nothing here; legal: {', '.join(LEGAL)}")
        if _PLACEHOLDER.search(run[0]):
            raise ValueError("the program itself must be named, not put together")
        return run


class Command:
    """Runs a program per phrase and reads the WAV that it wrote."""

    name: ClassVar[str] = "command"
    draft: ClassVar[bool] = False
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 1
    repeatable: ClassVar[bool] = False
    Options: ClassVar[type[EngineOptions]] = CommandOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; nothing is run yet."""
        self._options = CommandOptions.model_validate(options.model_dump())
        self._library = library.absolute()
        self._programs = Programs()

    @property
    def fingerprint(self) -> str:
        """Digests of the program and of those arguments that are files of the library."""
        return digest_json([digest_file(path) for path in self.sources])

    @property
    def sources(self) -> tuple[Path, ...]:
        """The program, and those arguments that are files of the library."""
        paths = [self._program(), *(self._library / each for each in self._options.run[1:])]
        return tuple(path for path in paths if path and path.is_file())

    def check(self) -> str | None:
        """Say whether the program is not here."""
        if self._program() is None:
            return f"the program `{self._options.run[0]}` is not installed"
        return None

    def say(self, request: Request) -> RawTake:
        """Return the file that the program wrote, as it is.

        Raises:
            VoiceError: nothing to say, no such program, or it fails, hangs or writes nothing.
        """
        if not re.search(r"\w", request.text):
            raise VoiceError(f"there is nothing to say in {request.written!r}")
        program = self._program()
        if program is None:
            raise VoiceError(str(self.check()))
        with tempfile.TemporaryDirectory(prefix="undersong-") as folder:
            out = Path(folder) / "out.wav"
            values = {
                TEXT: request.text.replace("\0", " "),
                OUT: str(out),
                "{rate}": f"{request.rate:g}",
                "{language}": request.language,
            }
            arguments = [_filled(argument, values) for argument in self._options.run[1:]]
            timeout_s = self._options.timeout_s
            self._programs.run((str(program), *arguments), timeout_s, self._library)
            if not out.is_file() or not out.stat().st_size:
                raise VoiceError(f"`{program.name}` wrote no sound for {request.written!r}")
            return RawTake(audio=out.read_bytes())

    def close(self) -> None:
        """End what is being said."""
        self._programs.stop()

    def _program(self) -> Path | None:
        """Return the program: of the library when it is named with a folder, else of the system."""
        name = self._options.run[0]
        within = "/" in name or "\\" in name
        found = shutil.which(self._library / Path(name).expanduser() if within else name)
        return Path(found) if found else None


def _filled(argument: str, values: dict[str, str]) -> str:
    """Put values in place, each once: what a value holds is never looked at again.

    Words that begin with a dash get a space before them, so that no program takes them for an
    option.
    """
    filled = _PLACEHOLDER.sub(lambda found: values[found[0]], argument)
    return f" {filled}" if argument.startswith(TEXT) and filled.startswith("-") else filled
