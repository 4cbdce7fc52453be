"""The offline voice: espeak-ng behind a pipe. Complete, instant, and recognisably synthetic.

Defaults follow reference measurements of intelligibility (docs/decisions.md): variant f2 at about
125 words a minute is understood best, and its crest factor is 4 dB lower than the plain voice's.
"""

import importlib.metadata
import importlib.util
import io
import re
import wave
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from undersong.errors import VoiceError
from undersong.voices.contract import EngineOptions, Mark, RawTake, Request, SpokenWord
from undersong.voices.espeak_ipa import mnemonics
from undersong.voices.espeak_pipe import Pool, Said

PROTOCOL: Final = 1
"""Rises whenever the worker would say the same request differently."""

RATES_WPM: Final = (80, 450)

_VOICE = re.compile(r"[A-Za-z][A-Za-z0-9_/-]*(?:\+[A-Za-z0-9_-]+)?")


class EspeakOptions(EngineOptions):
    """What a voice file may say about the offline voice."""

    voice: str = Field(
        default="en-us+f2",
        pattern=f"^{_VOICE.pattern}$",
        description="Voice of espeak-ng, `+` and a variant such as f2, f5, m3.",
    )
    rate_wpm: int = Field(default=125, ge=80, le=300, description="Words a minute.")
    pitch: int = Field(default=45, ge=0, le=99, description="Height of the voice.")
    range: int = Field(default=45, ge=0, le=99, description="Liveliness of its melody.")
    gap: int = Field(default=1, ge=0, le=20, description="Extra pause between words, 10 ms each.")


class Espeak:
    """espeak-ng through `espeak_worker.py`: the same request always gives the same bytes."""

    name: ClassVar[str] = "espeak"
    draft: ClassVar[bool] = True
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 2
    repeatable: ClassVar[bool] = True
    Options: ClassVar[type[EngineOptions]] = EspeakOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; the process starts with the first request."""
        self._options = EspeakOptions.model_validate(options.model_dump())
        self._library = library
        self._pool = Pool()

    @property
    def fingerprint(self) -> str:
        """Version of the package that carries library and data, and of our protocol."""
        return f"espeakng-loader {importlib.metadata.version('espeakng-loader')}, {PROTOCOL}"

    def check(self) -> str | None:
        """Say why it cannot run here: the package is missing, or its process does not speak."""
        if importlib.util.find_spec("espeakng_loader") is None:
            return "the package espeakng-loader is not installed"
        try:
            self.say(_HELLO)
        except VoiceError as error:
            return error.message
        return None

    def say(self, request: Request) -> RawTake:
        """Return mono WAV at espeak-ng's own rate, 22 050 Hz, with a mark per written word.

        Raises:
            VoiceError: nothing to say, an unknown voice, or a process that keeps dying.
        """
        text, starts = _script(request.words)
        if not text.strip(" ,.;:!?…"):
            raise VoiceError(f"there is nothing to say in {request.written!r}")
        said = self._pool.ask(
            {
                "text": text,
                "voice": self._options.voice,
                "tongue": _tongue(self._options.voice, request.language),
                "rate_wpm": _within(round(self._options.rate_wpm * request.rate), RATES_WPM),
                "pitch": self._options.pitch,
                "range": self._options.range,
                "gap": self._options.gap,
                "phonemes": "[[" in text,
            }
        )
        if not said.pcm:
            raise VoiceError(f"espeak-ng said nothing for {request.written!r}")
        return RawTake(audio=_wav(said), marks=_marks(said, starts))

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


_HELLO = Request(words=(SpokenWord(text="Yes."),), written="Yes.", language="en-US")


def _script(words: Sequence[SpokenWord]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text to be read, and (position in it, word) of every word that is said."""
    text, starts = "", []
    for k, word in enumerate(words):
        spoken = (word.ipa and mnemonics(word.ipa)) or word.text.replace("\0", " ")
        if not spoken.strip():
            continue
        text += " " if text else ""
        starts.append((len(text), k))
        text += spoken.strip()
    return text, starts


def _marks(said: Said, starts: Sequence[tuple[int, int]]) -> tuple[Mark, ...]:
    """Give each word the first event inside it; it lasts until the next word's.

    Event positions may snap to the token after, or stand one too far after a quote; both still
    fall inside the word or at its end.
    """
    positions = [position for position, _ in starts]
    first: dict[int, int] = {}
    for position, sample in said.marks:
        place = max(bisect_right(positions, position) - 1, 0)
        first.setdefault(starts[place][1], sample)
    ordered = sorted(first.items(), key=lambda item: item[1])
    ends = [sample for _, sample in ordered[1:]] + [len(said.pcm) // 2]
    return tuple(
        Mark(word=word, start_s=sample / said.rate_hz, length_s=(end - sample) / said.rate_hz)
        for (word, sample), end in zip(ordered, ends, strict=True)
    )


def _tongue(voice: str, language: str) -> str:
    """Return the voice for a phrase of another language, of the same variant; "" for none."""
    base, plus, variant = voice.partition("+")
    wanted = language.lower().split("-", 1)[0]
    own = base.rsplit("/", 1)[-1].lower().split("-", 1)[0]
    return "" if wanted == own else f"{wanted}{plus}{variant}"


def _within(value: int, limits: tuple[int, int]) -> int:
    return min(max(value, limits[0]), limits[1])


def _wav(said: Said) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(said.rate_hz)
        file.writeframes(said.pcm)
    return out.getvalue()
