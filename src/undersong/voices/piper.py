"""Piper voices: small neural voices in some forty languages, run by onnxruntime alone.

A voice is two files, `NAME.onnx` and `NAME.onnx.json`. Each has its own licence. Noise is off, so
the same phrase comes in the same bytes; nothing is normalised to its peak.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from undersong.errors import VoiceError
from undersong.voices.contract import EngineOptions, RawTake, Request
from undersong.voices.onnx_model import (
    ADDING,
    Array,
    Model,
    Run,
    fingerprint,
    missing_file,
    missing_runtime,
)
from undersong.voices.onnx_speech import Piece, lasting_of, pieces_of, take_of
from undersong.voices.phonemes import Clause, Phonemes

PROTOCOL: Final = 1
"""Rises whenever the same phrase would be given to the model otherwise."""

PAD: Final = "_"
BEGIN: Final = "^"
END: Final = "$"

DURATIONS: Final = "Ceil"
"""The operator of VITS that rounds each phoneme's duration up to whole frames."""

SPACED: Final = frozenset(",:;")
"""Closing punctuation after which Piper's own program writes a space."""

STANDS_FOR: Final = {"…": ".", "—": ","}
"""Punctuation that no Piper voice has learnt."""

SLOWEST_AND_FASTEST: Final = (0.3, 4.0)


class PiperOptions(EngineOptions):
    """What a voice file must say about a Piper voice."""

    model: str = Field(
        min_length=1,
        description="The `.onnx` file, seen from the library; its `.onnx.json` lies beside it.",
    )
    speaker: int | None = Field(
        default=None, ge=0, description="Which speaker, in voices that have several."
    )
    length_scale: float | None = Field(
        default=None,
        ge=0.5,
        le=2.5,
        description="How drawn-out it speaks; above 1 is slower. The voice's own when left out.",
    )


class PiperAudio(BaseModel):
    """The part of a configuration that tells about sound."""

    sample_rate: int = Field(ge=8_000, le=96_000)


class PiperEspeak(BaseModel):
    """The part of a configuration that tells about pronunciation."""

    voice: str = "en-us"


class PiperInference(BaseModel):
    """The part of a configuration that tells how to speak."""

    length_scale: float = Field(default=1.0, gt=0)


class PiperConfig(BaseModel):
    """What is read of a voice's `.onnx.json`."""

    audio: PiperAudio
    espeak: PiperEspeak = PiperEspeak()
    inference: PiperInference = PiperInference()
    phoneme_type: str = "espeak"
    phoneme_id_map: dict[str, list[int]]
    num_speakers: int = 1
    vowel_clusters: tuple[tuple[str, ...], ...] = ()


class Piper:
    """Speaks a Piper voice, with word times from the durations of its phonemes."""

    name: ClassVar[str] = "piper"
    draft: ClassVar[bool] = False
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 2
    repeatable: ClassVar[bool] = True
    Options: ClassVar[type[EngineOptions]] = PiperOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Note where the voice lies; nothing is read yet."""
        self._options = PiperOptions.model_validate(options.model_dump())
        self._path = library / Path(self._options.model).expanduser()
        self._model = Model(self._path, expose=DURATIONS)

    @staticmethod
    def missing() -> str | None:
        """Say what no voice file could make up for."""
        return missing_runtime()

    @property
    def fingerprint(self) -> str:
        """Digests of the model and its configuration, and the version of our protocol."""
        return f"piper {PROTOCOL} {fingerprint(self._path, self._config_path)}"

    @property
    def sources(self) -> tuple[Path, ...]:
        """The voice's files."""
        return (self._path, self._config_path)

    def check(self) -> str | None:
        """Say what is missing: the extra, a file, or one that is not damaged."""
        why = missing_runtime() or missing_file(self._path) or missing_file(self._config_path)
        if why:
            return why
        try:
            self._expect_speakable()
            return self._misfit()
        except VoiceError as error:
            return error.message

    def say(self, request: Request) -> RawTake:
        """Return mono WAV at the voice's own rate; marks where its model tells durations.

        Raises:
            VoiceError: a file is missing or damaged, nothing to say, or stopped.
        """
        self._expect_speakable()
        with self._model.turn() as run:
            clauses = self._phonemes.clauses(request.words)
            if not clauses:
                raise VoiceError(f"there is nothing to say in {request.written!r}")
            said = [(piece, self._spoken(run, piece, request.rate)) for piece in pieces_of(clauses)]
            spelt = self._phonemes.alone(request.words)
        alone = tuple(
            (index, unicodedata.normalize("NFD", ipa))
            for index, ipa in enumerate(spelt)
            if request.words[index].text
        )
        return take_of(said, alone, self._config.audio.sample_rate)

    def close(self) -> None:
        """Stop speaking; let go of the model and of the process that spells."""
        self._model.stop()
        if "_phonemes" in self.__dict__:
            self._phonemes.close()

    @property
    def _config_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}.json")

    @cached_property
    def _config(self) -> PiperConfig:
        try:
            found = json.loads(self._config_path.read_text(encoding="utf-8"))
            return PiperConfig.model_validate(found)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"])
            raise VoiceError(
                f"{self._config_path.name} is no configuration of a Piper voice: "
                f"{where}: {fault['msg']}"
            ) from error
        except (OSError, ValueError) as error:
            raise VoiceError(
                f"{self._config_path.name} cannot be read: {error}; {ADDING}"
            ) from error

    @cached_property
    def _phonemes(self) -> Phonemes:
        return Phonemes(self._config.espeak.voice)

    def _expect_speakable(self) -> None:
        kind = self._config.phoneme_type
        if kind != "espeak":
            raise VoiceError(f"{self._path.name} speaks `{kind}`, not the phonemes of espeak-ng")

    def _misfit(self) -> str | None:
        """Say how the model differs from a Piper voice, or None."""
        wanted = {"input", "input_lengths", "scales"}
        if not wanted <= self._model.inputs.keys():
            return f"{self._path.name} is an ONNX model, but not a Piper voice"
        speakers = self._config.num_speakers
        if (self._options.speaker or 0) >= max(speakers, 1):
            return f"{self._path.name} has {speakers} speakers, counted from 0"
        return None

    def _spoken(self, run: Run, piece: Sequence[Clause], rate: float) -> Piece:
        symbols = list(self._symbols(_text(piece, self._config.phoneme_id_map)))
        ids = [i for symbol in symbols for i in self._config.phoneme_id_map[symbol]]
        found = run(self._feed(ids, rate))
        sound = found["output"].reshape(-1).astype(np.float32)
        frames = [found[name] for name in found if name != "output"]
        if not frames or frames[0].size != len(ids):
            return Piece(sound=sound, lasting=())
        each = [s for s in symbols for _ in self._config.phoneme_id_map[s]]
        named = ["" if symbol == PAD else symbol for symbol in each]
        lasting = lasting_of(named, frames[0].reshape(-1).astype(np.float64), len(sound))
        return Piece(sound=sound, lasting=lasting)

    def _feed(self, ids: Sequence[int], rate: float) -> Mapping[str, Array]:
        """Return the inputs: phonemes, no noise, and how drawn-out to speak."""
        slow = self._options.length_scale or self._config.inference.length_scale
        low, high = SLOWEST_AND_FASTEST
        length_scale = min(max(slow / rate, low), high)
        feed: dict[str, Array] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([0.0, length_scale, 0.0], np.float32),
        }
        if "sid" in self._model.inputs:
            feed["sid"] = np.array([self._options.speaker or 0], np.int64)
        return feed

    def _symbols(self, text: str) -> Iterator[str]:
        """Yield the symbols that the voice knows, each followed by padding, between its ends."""
        known = self._config.phoneme_id_map
        clusters = {"".join(cluster) for cluster in self._config.vowel_clusters} & known.keys()
        widest = max(map(len, clusters), default=1)
        yield from (BEGIN, PAD)
        while text:
            widths = range(widest, 1, -1)
            width = next((w for w in widths if text[:w] in clusters), 1)
            if text[:width] in known:
                yield from (text[:width], PAD)
            text = text[width:]
        yield END


def _text(piece: Sequence[Clause], known: Mapping[str, object]) -> str:
    """Return the phonemes of a piece as Piper's own program writes them, decomposed."""
    text = ""
    for clause in piece:
        close = (
            clause.close if clause.close in known else STANDS_FOR.get(clause.close, clause.close)
        )
        text += clause.ipa + close + (" " if close in SPACED else "")
    return unicodedata.normalize("NFD", text)
