"""The offline voice: espeak-ng behind a pipe. Complete, instant, and recognisably synthetic.

The defaults are measured (pocketsphinx 5.1 with the words of a 411-word script; word error rate):
the plain voice 0.71, variant f2 0.47, f5 0.40. A calm 125 words a minute from pauses between
words (gap 4, pitch 42) 0.37, the same pace from slower speech (rate 104) 0.51: so go slower by
`gap`, not by `rate_wpm`. The plain voice's level also swings 4 dB more.
"""

import hashlib
import importlib.metadata
import io
import os
import wave
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

from msgspec import Struct
from pydantic import Field

from undersong.errors import VoiceError, nearest
from undersong.voices.contract import EngineOptions, RawTake, Request
from undersong.voices.espeak_home import LIBRARIES, LOADER, NAMES, command, folder
from undersong.voices.espeak_pipe import Answer, Pool
from undersong.voices.espeak_words import marks, phrase

PROTOCOL: Final = 2
"""Rises whenever the worker would be given, or would say, the same request differently."""

RATES_WPM: Final = (80, 450)
"""What espeak-ng can; asking for less or more changes nothing."""

TIMEOUT_S: Final = 30.0
"""A phrase takes some ten milliseconds; whoever takes this long hangs."""

TIMEOUT_CHARACTERS: Final = 500
"""Long texts get another second for each of these, ten times what they need."""

USUAL_VARIANT: Final = "f2"
SOUNDS: Final = ("phondata", "phonindex", "phontab", "intonations")


class EspeakOptions(EngineOptions):
    """What a voice file may say about the offline voice."""

    voice: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z]{2,3}(?:[-/][A-Za-z0-9]+)*(?:\+[A-Za-z0-9_-]+)?$",
        description="Voice of espeak-ng such as en-us, `+` and a variant such as f2, f5 or m3; "
        "without it, the language of what is said, and f2.",
    )
    rate_wpm: int = Field(
        default=125, ge=80, le=450, description="How fast it speaks, in words a minute."
    )
    pitch: int = Field(default=42, ge=0, le=99, description="Height of the voice.")
    range: int = Field(default=40, ge=0, le=100, description="Liveliness of its melody.")
    gap: int = Field(
        default=4,
        ge=0,
        le=50,
        description="Pause between words; 4 is about 0.1 s and brings 157 words a minute to 125.",
    )


class EspeakVoice(Struct, frozen=True, kw_only=True):
    """A voice of espeak-ng: the name that a voice file gives it, and what it speaks."""

    name: str
    title: str
    languages: tuple[str, ...]


class Espeak:
    """espeak-ng through `espeak_worker.py`: the same request always gives the same bytes."""

    name: ClassVar[str] = "espeak"
    draft: ClassVar[bool] = True
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 2
    repeatable: ClassVar[bool] = True
    Options: ClassVar[type[EngineOptions]] = EspeakOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Keep the options; processes start with the first requests."""
        del library
        self._options = EspeakOptions.model_validate(options.model_dump())
        self._timeout_s = TIMEOUT_S
        self._pool = Pool(command, self.parallel)

    @property
    def fingerprint(self) -> str:
        """Version of the package with library and data, digest of both, and our protocol.

        Raises:
            VoiceError: the package is not installed.
        """
        return _fingerprint(folder())

    def check(self) -> str | None:
        """Say why it cannot run here, or with its voice: a word is said to find out."""
        try:
            self._ask({"text": "yes,", "phonemes": False, **self._settings("", 1.0)})
        except VoiceError as error:
            return error.message
        return None

    def say(self, request: Request) -> RawTake:
        """Return mono WAV at espeak-ng's own rate, 22 050 Hz, with a mark for every spoken word.

        Another language than the voice's own is said by that language's voice, same variant.

        Raises:
            VoiceError: nothing to say, an unknown voice or language, or a process that keeps
                dying, hangs or was stopped by `close`.
        """
        settings = self._settings(request.language, request.rate)
        said = phrase(request.words, settings["voices"][0].partition("-")[0])
        if not any(map(str.isalnum, said.text)):
            raise VoiceError(f"there is nothing to say in {request.written!r}")
        answer = self._ask({"text": said.text, "phonemes": said.phonemes, **settings})
        pcm, rate_hz = answer.payload, int(answer.header["rate_hz"])
        if not pcm.strip(b"\0"):
            raise VoiceError(f"espeak-ng said nothing for {request.written!r}")
        events = [(int(place), int(sample)) for place, sample in answer.header["marks"]]
        return RawTake(
            audio=_wav(pcm, rate_hz),
            marks=marks(said, events, len(pcm) // 2, rate_hz),
            room=False,
        )

    def voices(self, language: str | None = None) -> tuple[EspeakVoice, ...]:
        """List the voices, or those of one language (a BCP 47 tag or the start of one).

        Raises:
            VoiceError: espeak-ng cannot run here.
        """
        listed = self._request({"do": "list"}).header["voices"]
        found = (
            EspeakVoice(name=name, title=title, languages=tuple(languages))
            for name, title, languages in listed
        )
        wanted = (language or "").lower()
        return tuple(
            voice
            for voice in found
            if not wanted or any(f"{tag}-".startswith(f"{wanted}-") for tag in voice.languages)
        )

    def variants(self) -> tuple[str, ...]:
        """List what may stand behind the `+` of a voice.

        Raises:
            VoiceError: espeak-ng cannot run here.
        """
        return tuple(self._request({"do": "list"}).header["variants"])

    def close(self) -> None:
        """End the processes; who is asking one gets a VoiceError."""
        self._pool.close()

    def _settings(self, language: str, rate: float) -> dict[str, Any]:
        base, variant = _voice_for(self._options.voice, language)
        slowest, fastest = RATES_WPM
        return {
            "voices": base,
            "variant": variant,
            "rate_wpm": min(max(round(self._options.rate_wpm * rate), slowest), fastest),
            "pitch": self._options.pitch,
            "range": self._options.range,
            "gap": self._options.gap,
        }

    def _ask(self, request: dict[str, Any]) -> Answer:
        """Have something said; a refusal becomes an error with the names that are legal."""
        answer = self._request({"do": "say", **request})
        if "error" in answer.header:
            raise self._refusal(answer.header["error"], answer.header["no"], request)
        return answer

    def _refusal(self, message: str, no: str, request: dict[str, Any]) -> VoiceError:
        if no == "variant":
            wanted, known = request["variant"], self.variants()
        elif no == "voice":
            wanted, known = request["voices"][0], _short_names(self.voices())
        else:
            return VoiceError(message)
        alike = (name for name in known if name.lower() == wanted.lower())
        near = next(alike, None) or nearest(wanted, known)
        return VoiceError(
            f"{message}; did you mean `{near}`?" if near else message,
            hint=f"legal: {', '.join(known)}",
        )

    def _request(self, request: dict[str, Any]) -> Answer:
        size = len(request.get("text", ""))
        return self._pool.ask(request, self._timeout_s + size / TIMEOUT_CHARACTERS)


def _voice_for(voice: str | None, language: str) -> tuple[list[str], str]:
    """Return the names to try and the variant, for something in `language` ("" for any)."""
    base, _, variant = (voice or f"+{USUAL_VARIANT}").partition("+")
    tag = language.replace("_", "-").lower()
    if base and (not tag or _primary(tag) == _primary(base.rpartition("/")[2])):
        names = [base, NAMES.get(base.lower(), base)]
    else:
        tag = tag or "en"
        names = [NAMES.get(tag, tag), NAMES.get(tag.partition("-")[0], tag.partition("-")[0])]
    return list(dict.fromkeys(names)), variant


def _primary(tag: str) -> str:
    """Return the language of a tag as espeak-ng calls it: `no` and `nb` are one."""
    primary = tag.partition("-")[0].lower()
    return NAMES.get(primary, primary).partition("-")[0]


def _short_names(voices: Sequence[EspeakVoice]) -> tuple[str, ...]:
    return tuple(sorted({voice.name.rpartition("/")[2].lower() for voice in voices}))


@lru_cache(maxsize=4)
def _fingerprint(home: Path) -> str:
    """Digest the library and the sounds, and the names and sizes of dictionaries and voices.

    The contents of all 21 MB would take longer to read than a phrase takes to say.
    """
    digest = hashlib.sha256()
    data = home / "espeak-ng-data"
    for file in (*(home / name for name in LIBRARIES), *(data / name for name in SOUNDS)):
        if file.is_file():
            digest.update(file.read_bytes())
    for parts, size in sorted(_files(str(data)) if data.is_dir() else ()):
        digest.update(f"{'/'.join(parts)} {size}\n".encode())
    version = importlib.metadata.version(LOADER)
    return f"espeakng-loader {version}, {digest.hexdigest()[:16]}, {PROTOCOL}"


def _files(folder: str, *above: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield all files of a folder, by folders and name, and their sizes in bytes."""
    with os.scandir(folder) as found:
        for each in found:
            parts = (*above, each.name)
            if each.is_file():
                yield parts, each.stat().st_size
            elif each.is_dir(follow_symlinks=False):
                yield from _files(each.path, *parts)


def _wav(pcm: bytes, rate_hz: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return out.getvalue()
