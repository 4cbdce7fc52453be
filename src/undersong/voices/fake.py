"""A voice for tests and for hearing a plan: one tone per word, the same bytes every time.

It is a real engine behind the real contract; its switches let tests see every way an engine fails.
"""

import zlib
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from undersong.errors import VoiceError
from undersong.soundbytes import wav_bytes
from undersong.voices.contract import EngineOptions, Mark, RawTake, Request

RATE_HZ: Final = 24_000
"""Another rate than the house's on purpose, so that resampling is always exercised."""

LEAD_S: Final = 0.1
TAIL_S: Final = 0.3
LETTER_S: Final = 0.06
WORD_S: Final = 0.08
GAP_S: Final = 0.05
RAMP_S: Final = 0.005
AMPLITUDE: Final = 0.25


class FakeOptions(EngineOptions):
    """What a voice file may say about the fake voice."""

    speed: float = Field(
        default=1.0, ge=0.25, le=4.0, description="Words pass this many times faster."
    )
    pitch_hz: float = Field(
        default=160.0, ge=50.0, le=1000.0, description="Words lie up to an octave above this."
    )
    marks: bool = Field(default=True, description="Whether it tells when words are said.")
    why_not: str | None = Field(default=None, description="Makes `check` give this reason.")
    fail_on: str | None = Field(default=None, description="Fails on phrases with this word.")
    break_on: str | None = Field(
        default=None, description="Returns bytes that are no sound for phrases with this word."
    )


class Fake:
    """Says each word as a tone whose length comes from its letters and pitch from its spelling."""

    name: ClassVar[str] = "fake"
    draft: ClassVar[bool] = True
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 2
    repeatable: ClassVar[bool] = True
    Options: ClassVar[type[EngineOptions]] = FakeOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; the library is not looked at."""
        self._options = FakeOptions.model_validate(options.model_dump())
        self._library = library

    @property
    def fingerprint(self) -> str:
        """Rises whenever the tones change."""
        return "fake 1"

    def check(self) -> str | None:
        """Return the reason that the options ask for, or None."""
        return self._options.why_not

    def say(self, request: Request) -> RawTake:
        """Return 24 kHz mono WAV with a mark per spoken word."""
        said = set(request.text.lower().replace(",", "").replace(".", "").split())
        if self._options.fail_on in said:
            raise VoiceError(f"the fake voice was told to fail on `{self._options.fail_on}`")
        if self._options.break_on in said:
            return RawTake(audio=b"this is no sound")
        pieces = [_rest(LEAD_S)]
        marks: list[Mark] = []
        for index, word in enumerate(request.words):
            if not word.text:
                continue
            start = sum(map(len, pieces))
            tone = self._tone(word.text, self._options.speed * request.rate)
            pieces += [tone, _rest(GAP_S)]
            marks.append(
                Mark(word=index, start_s=start / RATE_HZ, length_s=len(tone) / RATE_HZ),
            )
        pieces.append(_rest(TAIL_S))
        audio = _wav(np.concatenate(pieces))
        told = tuple(marks) if self._options.marks else ()
        return RawTake(audio=audio, marks=told, room=False)

    def close(self) -> None:
        """Nothing to let go of."""

    def _tone(self, word: str, speed: float) -> npt.NDArray[np.float64]:
        letters = sum(letter.isalnum() for letter in word)
        n = round((WORD_S + LETTER_S * letters) / speed * RATE_HZ)
        pitch_hz = self._options.pitch_hz * 2 ** (zlib.crc32(word.lower().encode()) % 12 / 12)
        seconds = np.arange(n) / RATE_HZ
        edge = np.minimum(1.0, np.minimum(seconds, seconds[::-1]) / RAMP_S)
        tone: npt.NDArray[np.float64] = (
            AMPLITUDE * edge * np.sin(2 * np.pi * pitch_hz * (seconds + 1 / RATE_HZ))
        )
        return tone


def _rest(seconds: float) -> npt.NDArray[np.float64]:
    return np.zeros(round(seconds * RATE_HZ))


def _wav(samples: npt.NDArray[np.float64]) -> bytes:
    return wav_bytes(samples, RATE_HZ, "PCM_16")
