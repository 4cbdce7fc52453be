"""Kokoro: one neural model with many natural voices, run by onnxruntime alone.

Two files: the model (`kokoro-v1.0.onnx`) and its voices (`voices-v1.0.bin`, an archive of arrays).
Whether the model repeats itself bit for bit has not been proven, so its takes count as unique.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import Field

from undersong.errors import VoiceError, nearest
from undersong.voices.contract import EngineOptions, RawTake, Request
from undersong.voices.kokoro_symbols import SPEAKS, SYMBOLS, in_symbols
from undersong.voices.onnx_model import (
    Array,
    Model,
    Run,
    fingerprint,
    missing_file,
    missing_runtime,
)
from undersong.voices.onnx_speech import Piece, lasting_of, pieces_of, take_of
from undersong.voices.onnx_words import Lasting
from undersong.voices.phonemes import Clause, Phonemes

PROTOCOL: Final = 1
"""Rises whenever the same phrase would be given to the model otherwise."""

RATE_HZ: Final = 24_000
MOST_SYMBOLS: Final = 510
"""The model's context of 512 holds a pad on either side."""

STYLE: Final = 256
SPEEDS: Final = (0.5, 2.0)


class KokoroOptions(EngineOptions):
    """What a voice file must say about a Kokoro voice."""

    model: str = Field(
        min_length=1, description="The `.onnx` file, seen from the library's folder."
    )
    voices: str = Field(
        min_length=1, description="The file of voices beside it, such as voices-v1.0.bin."
    )
    voice: str = Field(
        default="af_heart",
        pattern=r"^[a-z]{2}_[a-z0-9_]+$",
        description="One of its voices: af_… and am_… are American, bf_… and bm_… British.",
    )
    speed: float = Field(
        default=0.95,
        ge=0.8,
        le=1.3,
        description="Below 0.9 a stray vowel may come first: get calm from pauses instead.",
    )


class Kokoro:
    """Speaks a Kokoro voice, with word times where the model tells durations."""

    name: ClassVar[str] = "kokoro"
    draft: ClassVar[bool] = False
    online: ClassVar[bool] = False
    parallel: ClassVar[int] = 2
    repeatable: ClassVar[bool] = False
    Options: ClassVar[type[EngineOptions]] = KokoroOptions

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Note where the files lie; nothing is read yet."""
        self._options = KokoroOptions.model_validate(options.model_dump())
        self._path = library / Path(self._options.model).expanduser()
        self._styles_path = library / Path(self._options.voices).expanduser()
        self._family = self._options.voice[0]
        self._model = Model(self._path)
        self._phonemes = Phonemes(SPEAKS.get(self._family, ""))

    @staticmethod
    def missing() -> str | None:
        """Say what no voice file could make up for."""
        return missing_runtime()

    @property
    def fingerprint(self) -> str:
        """Digests of the model and its voices, and the version of our protocol."""
        return f"kokoro {PROTOCOL} {fingerprint(self._path, self._styles_path)}"

    @property
    def sources(self) -> tuple[Path, ...]:
        """The voice's files."""
        return (self._path, self._styles_path)

    def check(self) -> str | None:
        """Say what is missing: the extra, a file, a voice, or a speller for its language."""
        if self._family not in SPEAKS:
            return f"`{self._options.voice}` speaks a language that cannot be spelt for Kokoro here"
        why = missing_runtime() or missing_file(self._path) or missing_file(self._styles_path)
        if why:
            return why
        try:
            self._styles  # noqa: B018 - reads the file
            if {"style", "speed", self._tokens} <= self._model.inputs.keys():
                return None
        except VoiceError as error:
            return error.message
        return f"{self._path.name} is an ONNX model, but not Kokoro"

    def say(self, request: Request) -> RawTake:
        """Return mono WAV at 24 kHz; marks where the model tells durations.

        Raises:
            VoiceError: a file is missing or damaged, nothing to say, too long, or stopped.
        """
        if self._family not in SPEAKS:
            raise VoiceError(str(self.check()))
        with self._model.turn() as run:
            clauses = self._phonemes.clauses(request.words)
            if not clauses:
                raise VoiceError(f"there is nothing to say in {request.written!r}")
            said = [(piece, self._spoken(run, piece, request.rate)) for piece in pieces_of(clauses)]
            spelt = self._phonemes.alone(request.words)
        alone = tuple(
            (index, in_symbols(ipa, self._family))
            for index, ipa in enumerate(spelt)
            if request.words[index].text
        )
        return take_of(said, alone, RATE_HZ)

    def close(self) -> None:
        """Stop speaking; let go of the model and of the process that spells."""
        self._model.stop()
        self._phonemes.close()

    @cached_property
    def _styles(self) -> npt.NDArray[np.float32]:
        """The voice, shape (lengths, 256): how to speak by how much there is to say."""
        try:
            with self._styles_path.open("rb") as file, np.load(file) as found:
                names = list(found.keys())
                if self._options.voice in names:
                    styles = np.asarray(found[self._options.voice], np.float32)
                    return styles.reshape(-1, STYLE)
        except (OSError, EOFError, ValueError, AttributeError, TypeError, BadZipFile) as error:
            raise VoiceError(
                f"{self._styles_path.name} cannot be read, it may be damaged: {error}",
                hint="remove it and add the voice again",
            ) from error
        near = nearest(self._options.voice, names)
        raise VoiceError(
            f"{self._styles_path.name} has no voice `{self._options.voice}`"
            + (f"; did you mean `{near}`?" if near else f"; it has {', '.join(sorted(names))}")
        )

    @property
    def _tokens(self) -> str:
        """Older exports call their input `tokens`, newer ones `input_ids`."""
        return "tokens" if "tokens" in self._model.inputs else "input_ids"

    def _spoken(self, run: Run, piece: Sequence[Clause], rate: float) -> Piece:
        symbols = [symbol for symbol in self._text(piece) if symbol in SYMBOLS]
        if len(symbols) > MOST_SYMBOLS:
            raise VoiceError(
                f"a sentence has {len(symbols)} phonemes; Kokoro speaks {MOST_SYMBOLS} at once",
                hint="end it earlier, or put a comma into it",
            )
        found = run(self._feed(symbols, rate))
        durations = found.get("duration")
        name = next(name for name in found if name != "duration")
        sound = found[name].reshape(-1).astype(np.float32)
        if durations is None:
            return Piece(sound=sound, lasting=())
        spans = durations.reshape(-1).astype(np.float64)
        return _without_lead(sound, lasting_of(["", *symbols, ""], spans, len(sound)))

    def _feed(self, symbols: Sequence[str], rate: float) -> Mapping[str, Array]:
        """Return the inputs: tokens between pads, the style for that many, and the speed."""
        inputs = self._model.inputs
        speed = min(max(self._options.speed * rate, SPEEDS[0]), SPEEDS[1])
        if "int" in inputs["speed"]:
            speed = max(1, round(speed))
        kinds = {"tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(double)": np.float64}
        style = self._styles[min(max(len(symbols) - 1, 0), len(self._styles) - 1)]
        return {
            self._tokens: np.array([[0, *(SYMBOLS[symbol] for symbol in symbols), 0]], np.int64),
            "style": style[np.newaxis].astype(np.float32),
            "speed": np.array([speed], kinds.get(inputs["speed"], np.float32)),
        }

    def _text(self, piece: Sequence[Clause]) -> str:
        return " ".join(in_symbols(c.ipa, self._family) + c.close for c in piece)


def _without_lead(sound: npt.NDArray[np.float32], lasting: Sequence[Lasting]) -> Piece:
    """Cut off what the model says for the pad before the first symbol: breath, or a stray vowel."""
    if not lasting:
        return Piece(sound=sound, lasting=())
    return Piece(sound=sound[lasting[0].samples :], lasting=tuple(lasting[1:]))
