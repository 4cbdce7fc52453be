"""From clauses to a take: what a model is given at once, and how its answers become one sound."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.errors import VoiceError
from undersong.soundbytes import wav_bytes
from undersong.voices.contract import Mark, RawTake
from undersong.voices.onnx_words import Heard, Lasting, heard_in, word_marks
from undersong.voices.phonemes import Clause

PIECE_WORDS: Final = 25
"""Neural voices fade or hurry in longer ones (hexgrad/kokoro #249)."""

SENTENCE_REST_S: Final = 0.35
CLAUSE_REST_S: Final = 0.15
"""Between two pieces of one take; pauses that a maker asked for are not made here."""

HEADROOM: Final = 0.5
"""A constant: models exceed full scale at times, and levels are the mixer's business."""

RAMP_S: Final = 0.002

Samples = npt.NDArray[np.float32]


class Piece(Struct, frozen=True, kw_only=True):
    """What a model answered.

    Attributes:
        sound: mono, nominal [-1, 1].
        lasting: the symbols it was given, adding up to the sound; empty when it does not tell.
    """

    sound: Samples
    lasting: tuple[Lasting, ...]


def pieces_of(clauses: Sequence[Clause]) -> Iterator[tuple[Clause, ...]]:
    """Yield what a model is given at once: one sentence, or less of a very long one."""
    piece: list[Clause] = []
    for clause in clauses:
        if piece and sum(len(each.words) for each in (*piece, clause)) > PIECE_WORDS:
            yield tuple(piece)
            piece = []
        piece.append(clause)
        if clause.ends_sentence:
            yield tuple(piece)
            piece = []
    if piece:
        yield tuple(piece)


def take_of(
    said: Sequence[tuple[tuple[Clause, ...], Piece]],
    alone: Sequence[tuple[int, str]],
    rate_hz: int,
) -> RawTake:
    """Return the pieces as one take: 24-bit WAV, with marks where the model told durations.

    Raises:
        VoiceError: the model returned nothing, or values that are not numbers.
    """
    sounds: list[Samples] = []
    heard: list[Heard] = []
    position, told = 0, True
    for k, (clauses, piece) in enumerate(said):
        if not len(piece.sound) or not np.isfinite(piece.sound).all():
            raise VoiceError("the model returned no sound")
        heard += heard_in(piece.lasting, position)
        told = told and bool(piece.lasting)
        rest_s = SENTENCE_REST_S if clauses[-1].ends_sentence else CLAUSE_REST_S
        rest = 0 if k + 1 == len(said) else round(rest_s * rate_hz)
        sounds += [_ramped(piece.sound, rate_hz), np.zeros(rest, np.float32)]
        position += len(piece.sound) + rest
    marks = word_marks(heard, alone, rate_hz) if told and heard else ()
    return RawTake(
        audio=_wav(np.concatenate(sounds), rate_hz), marks=_inside(marks, position / rate_hz)
    )


def lasting_of(
    symbols: Sequence[str], durations: npt.NDArray[np.float64], length: int
) -> tuple[Lasting, ...]:
    """Return symbols with whole samples that add up to `length`; none when numbers disagree."""
    if (
        len(durations) != len(symbols)
        or not np.isfinite(durations).all()
        or not durations.sum() > 0
    ):
        return ()
    edges = np.concatenate(([0.0], np.cumsum(np.maximum(durations, 0.0))))
    places = np.round(edges * (length / edges[-1])).astype(np.int64)
    spans = np.diff(places).tolist()
    return tuple(
        Lasting(symbol=symbol, samples=n) for symbol, n in zip(symbols, spans, strict=True)
    )


def _inside(marks: Iterable[Mark], length_s: float) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark.start_s < length_s)


def _ramped(sound: Samples, rate_hz: int) -> Samples:
    """Let a piece begin and end without a click."""
    out = sound.astype(np.float32) * np.float32(HEADROOM)
    n = min(round(RAMP_S * rate_hz), len(out) // 2)
    ramp = np.linspace(0.0, 1.0, n, endpoint=False, dtype=np.float32)
    out[:n] *= ramp
    out[len(out) - n :] *= ramp[::-1]
    return out


def _wav(sound: Samples, rate_hz: int) -> bytes:
    return wav_bytes(sound, rate_hz)
