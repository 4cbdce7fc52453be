"""From an engine's bytes to a cut and levelled take, and the facts that planning needs.

Two steps, because edges are measured on levelled sound and the level belongs to all takes of a
voice together: `survey` every take, find one gain for all (`level.voice_gain`), then `cut` each.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import soundfile
from msgspec import Struct

from undersong.audio import Frames
from undersong.dsp.resample import to_48k
from undersong.errors import VoiceError
from undersong.soundbytes import read_bytes
from undersong.timeline.model import TakeFacts
from undersong.units import SPEECH_LUFS, Hz, Samples, db_to_gain
from undersong.voices.contract import Mark, RawTake, SpokenWord
from undersong.voices.edges import BLOCK, Edges, Mono, find_edges
from undersong.voices.level import Survey, level_of, survey_of
from undersong.voices.tone import Tone, roomed, toned
from undersong.voices.wordtimes import heard, word_times

VERSION: Final = 4
"""Rises whenever the same take would be cut otherwise; part of what names a cut take."""

LEGAL_RATES_HZ: Final = (8_000, 192_000)
SILENT_DBFS: Final = -70.0
"""A take that never exceeds this is an engine's failure, not a whisper."""


EDGE_DBFS: Final = -60.0
"""Peak level at which speech begins and ends, between which pauses are measured. Reference: the
finished file is to have its pauses within 10 ms at this level."""


_LOOK: Final = 100 * BLOCK
"""Samples among which an edge is looked for at a time, from the end where it lies."""


class Margin(Struct, frozen=True, kw_only=True):
    """How much of a take is kept around its speech; all of it rises or falls."""

    lead: int
    tail: int


CLEAN: Final = Margin(lead=12 * BLOCK, tail=12 * BLOCK)
"""Beyond the gate a clean take falls as a cube, 6 dB in 2.5 ms and 12 dB in 4.5 ms, whatever it
holds there. So it crosses EDGE_DBFS within 2.5 ms of the gate, and a master up to 6 dB hotter or
softer moves that crossing by 4.5 ms at most."""

NOISY: Final = Margin(lead=60 * BLOCK, tail=150 * BLOCK)
"""Soft consonants may lie outside a noisy take's edges, and a room should not stop abruptly."""

DECLICK: Final = 2 * BLOCK
"""A take that has nothing before its speech still rises over this, and so at its end."""


class CutTake(Struct, frozen=True, kw_only=True):
    """A levelled take ready for mixing.

    Attributes:
        frames: lead, speech and tail, shape (n, 1).
        onset: sample of the uncut take at which speech begins.
    """

    frames: Frames
    onset: int
    lead: int
    speech: int

    def facts(
        self, words: Sequence[SpokenWord], marks: Sequence[Mark], *, exact: bool = False
    ) -> TakeFacts:
        """Return what planning may know of this take; `exact` as for `word_times`."""
        said = self.frames[self.lead : self.lead + self.speech, 0]
        return TakeFacts(
            lead=Samples(self.lead),
            speech=Samples(self.speech),
            tail=Samples(len(self.frames) - self.lead - self.speech),
            level_lufs=level_of(said),
            words=heard(word_times(words, marks, self.onset, self.speech, exact=exact), said),
        )


def survey(take: RawTake, tone: Tone | None = None) -> Survey:
    """Measure how loud a take's speech is, with its tone.

    Raises:
        VoiceError: the audio cannot be decoded, is empty, silent, or holds no speech.
    """
    sound = toned(decode(take), tone)
    edges = _edges(sound * np.float32(db_to_gain(SPEECH_LUFS - level_of(sound))), room=take.room)
    return survey_of(sound[edges.start : edges.end])


def cut(take: RawTake, gain_db: float, tone: Tone | None = None) -> CutTake:
    """Level a take and keep its speech with a short natural lead and tail, which rise and fall.

    Its tone comes before its level. A room rings on through the tail, below what counts as
    speech, so that edges and pauses are those of the voice.

    Raises:
        VoiceError: as for `survey`.
    """
    sound = toned(decode(take), tone) * np.float32(db_to_gain(gain_db))
    edges = _edges(sound, room=take.room)
    margin = NOISY if edges.noisy else CLEAN
    lead = min(margin.lead, edges.start)
    tail = min(margin.tail, len(sound) - edges.end)
    kept = sound[edges.start - lead : edges.end + tail].copy()
    _fade(kept[: max(lead, DECLICK)])
    _fade(kept[::-1][: max(tail, DECLICK)])
    first, last = (lead, len(kept) - tail) if edges.noisy else _audible(kept)
    kept = roomed(kept, last, tone)
    if not edges.noisy:
        first, last = _audible(kept)
    return CutTake(
        frames=kept[:, np.newaxis],
        onset=edges.start - lead + first,
        lead=first,
        speech=last - first,
    )


def decode(take: RawTake) -> Mono:
    """Return a take as one channel at 48 kHz, free of DC; peaks may exceed 1.

    Raises:
        VoiceError: the audio cannot be decoded, is empty, silent, or of an absurd rate.
    """
    try:
        frames, rate = read_bytes(take.audio)
    except (soundfile.LibsndfileError, TypeError) as error:
        raise VoiceError("the engine returned bytes that are no sound we can decode") from error
    low, high = LEGAL_RATES_HZ
    if not low <= rate <= high:
        raise VoiceError(f"the engine returned sound at {rate} Hz; legal: {low} to {high} Hz")
    if not len(frames):
        raise VoiceError("the engine returned an empty take")
    if not np.isfinite(frames).all():
        raise VoiceError("the engine returned sound with values that are not numbers")
    mono = _without_dc(_one_channel(frames), rate)
    if np.abs(mono).max() <= db_to_gain(SILENT_DBFS):
        raise VoiceError("the engine returned silence")
    sound: Mono = np.ascontiguousarray(to_48k(mono[:, np.newaxis], Hz(int(rate)))[:, 0], np.float32)
    return sound


def _edges(levelled: Mono, *, room: bool) -> Edges:
    edges = find_edges(levelled, room=room)
    if edges is None:
        raise VoiceError("no speech stands out in the take")
    return edges


def _audible(sound: Mono) -> tuple[int, int]:
    """Return the first sample above EDGE_DBFS and the one after the last."""
    return _first_audible(sound), len(sound) - _first_audible(sound[::-1])


def _first_audible(sound: Mono) -> int:
    for start in range(0, len(sound), _LOOK):
        loud = np.abs(sound[start : start + _LOOK]) > db_to_gain(EDGE_DBFS)
        if loud.any():
            return start + int(loud.argmax())
    raise VoiceError("no speech stands out in the take")


def _one_channel(frames: Frames) -> Mono:
    """Return the mean of the channels, or the loudest one where they cancel each other."""
    if frames.shape[1] == 1:
        only: Mono = frames[:, 0]
        return only
    energies = np.mean(np.square(frames, dtype=np.float64), axis=0)
    mean: Mono = frames.mean(axis=1, dtype=np.float32)
    if np.mean(np.square(mean, dtype=np.float64)) < 0.1 * energies.max():
        loudest: Mono = frames[:, int(energies.argmax())]
        return loudest
    return mean


def _without_dc(mono: Mono, rate: int) -> Mono:
    """Take out a constant offset, if the quietest 30 ms show that there is one.

    The mean of the whole take will not do: speech is not symmetric, and a take with silent
    padding would get an offset there that it did not have.
    """
    width = rate * 30 // 1000
    if len(mono) < width:
        return mono
    windows = mono[: len(mono) // width * width].reshape(-1, width).astype(np.float64)
    means, spreads = windows.mean(axis=1), windows.std(axis=1)
    quietest = int(spreads.argmin())
    if abs(means[quietest]) <= spreads[quietest]:
        return mono
    steady: Mono = mono - np.float32(means[quietest])
    return steady


def _fade(edge: Mono) -> None:
    """Let the samples rise from nothing, in place; a cube falls fastest next to the speech."""
    edge *= np.linspace(0.0, 1.0, len(edge), endpoint=False, dtype=np.float32) ** 3
