"""flite: a small synthesiser from the system's packages. American English, clear and buzzy."""

import re
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from undersong.errors import VoiceError
from undersong.files import digest_file
from undersong.voices.contract import EngineOptions, RawTake, Request
from undersong.voices.programs import Programs

PROGRAM: Final = "flite"
INSTALLING: Final = "flite is not installed: `apt install flite` or `brew install flite` brings it"

TIMEOUT_S: Final = 60.0
"""A phrase takes a tenth of a second; whoever takes this long hangs."""

LISTING_S: Final = 10.0


class FliteOptions(EngineOptions):
    """What a voice file may say about flite."""

    voice: str = Field(
        default="slt",
        pattern=r"^[A-Za-z0-9_]+$",
        description="One of its own voices: slt, rms, awb, kal16, kal.",
    )
    stretch: float = Field(
        default=1.2, ge=0.5, le=2.0, description="How drawn-out it speaks; above 1 is slower."
    )


class Flite:
    """Has flite write a WAV for every phrase; the same phrase comes in the same bytes."""

    name: ClassVar[str] = "flite"
    draft: ClassVar[bool] = True
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 2
    repeatable: ClassVar[bool] = True
    Options: ClassVar[type[EngineOptions]] = FliteOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; nothing is run yet."""
        self._options = FliteOptions.model_validate(options.model_dump())
        self._library = library
        self._programs = Programs()

    @property
    def fingerprint(self) -> str:
        """Digest of the program, as far as it is here; its voices are part of its package."""
        program = shutil.which(PROGRAM)
        return f"flite {digest_file(Path(program))}" if program else "flite, not installed"

    def check(self) -> str | None:
        """Say whether flite is not installed, does not run, or lacks the voice."""
        if shutil.which(PROGRAM) is None:
            return INSTALLING
        try:
            known = self._voices
        except VoiceError as error:
            return error.message
        if self._options.voice not in known:
            return f"flite has no voice `{self._options.voice}`; it has {', '.join(known)}"
        return None

    def say(self, request: Request) -> RawTake:
        """Return mono WAV at the voice's rate, 16 kHz for most; flite tells no word times.

        Raises:
            VoiceError: nothing to say, not installed, or flite fails or hangs.
        """
        if not re.search(r"\w", request.text):
            raise VoiceError(f"there is nothing to say in {request.written!r}")
        if why := self.check():
            raise VoiceError(why)
        with tempfile.TemporaryDirectory(prefix="undersong-") as folder:
            text, out = Path(folder) / "text", Path(folder) / "out.wav"
            text.write_text(request.text.replace("\0", " "), encoding="utf-8")
            stretch = self._options.stretch / request.rate
            settings = ("-voice", self._options.voice, "--setf", f"duration_stretch={stretch:.4f}")
            files = ("-f", str(text), "-o", str(out))
            self._programs.run((PROGRAM, *settings, *files), TIMEOUT_S)
            if not out.is_file():
                raise VoiceError(f"flite wrote nothing for {request.written!r}")
            return RawTake(audio=out.read_bytes(), room=False)

    def close(self) -> None:
        """End what is being said."""
        self._programs.stop()

    @cached_property
    def _voices(self) -> tuple[str, ...]:
        """Return the voices built in; the program prints `Voices available: kal awb …`."""
        printed = self._programs.run((PROGRAM, "-lv"), LISTING_S).decode("utf-8", "replace")
        return tuple(printed.partition(":")[2].split())
