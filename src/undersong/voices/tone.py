"""The tone of a voice: what its file asks for, and the same take with that tone.

Settings are relative to the voice's own level, so that they mean the same whatever an engine's
output level is; levelling comes afterwards. A voice that needs nothing has no tone, and its
samples are not touched.
"""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from undersong.dsp import tone as dsp
from undersong.dsp.tone import Mono
from undersong.files import digest_json
from undersong.units import SAMPLE_RATE, db_to_gain

VERSION: Final = 1
"""Rises whenever the same settings would sound otherwise; part of what names a finished take."""

KNEE_DB: Final = 6.0
WINDOW_MS: Final = 10
"""The compressor follows syllables, not the pulses of the voice: those lie 4 to 12 ms apart."""

OUT_OF_STEP: Final = ((180.0, 0.7), (450.0, 0.7))
"""All-passes of `disperse` (Hz, Q). Measured on espeak f2 and f5: crest 2 dB lower, and nothing
gained by a third and a fourth that a listener would not begin to hear as smear."""

TAIL_DBFS: Final = -72.0
"""Peak at which a room is held once the speech has ended. 12 dB below the level at which pauses
are measured: a pause stays as long as it was written, also in a master 6 dB hotter."""

HOLD: Final = SAMPLE_RATE * 40 // 1000
"""Over this, at the end of the speech, the room sinks to TAIL_DBFS."""


class Setting(BaseModel):
    """Base of all settings: no unknown keys, and the same settings are equal."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shelf(Setting):
    """Everything on one side of a frequency, lifted or lowered."""

    hz: float = Field(ge=40, le=16_000, description="Frequency of half the change, in Hz.")
    db: float = Field(ge=-12, le=12, description="Change in dB.")


class Presence(Setting):
    """A wide band around a frequency, lifted for clearness or lowered against harshness."""

    hz: float = Field(default=3_500, ge=200, le=12_000, description="Middle of the band, in Hz.")
    db: float = Field(ge=-12, le=12, description="Change in dB.")
    q: float = Field(default=0.9, ge=0.3, le=4, description="Narrowness of the band.")


class DeEss(Setting):
    """Hiss lowered in the moments in which there is too much of it."""

    above_hz: float = Field(default=4_500, ge=2_500, le=10_000, description="Where hiss begins.")
    most_db: float = Field(default=6, ge=0, le=12, description="At most this much.")


class Compress(Setting):
    """Loud syllables brought nearer to the others; levelling makes up for it afterwards."""

    ratio: float = Field(default=3, ge=1, le=4, description="So many dB louder become 1 dB.")
    above_db: float = Field(
        default=-2, ge=-12, le=12, description="Where it begins, seen from the voice's own level."
    )


class Room(Setting):
    """A small room around the voice. It fills the speech and leaves the pauses as they are."""

    decay_s: float = Field(default=0.25, ge=0.05, le=0.4, description="How long it rings, in s.")
    level_db: float = Field(default=-24, ge=-40, le=-12, description="Seen from the voice.")


class Tone(Setting):
    """What is done to the sound of a voice, in this order; what is left out is not done."""

    high_pass_hz: float | None = Field(
        default=None, ge=20, le=300, description="Rumble below this is taken out."
    )
    low_shelf: Shelf | None = Field(default=None, description="Warmth.")
    presence: Presence | None = Field(default=None, description="Clearness, or less harshness.")
    high_shelf: Shelf | None = Field(default=None, description="Air.")
    disperse: bool = Field(
        default=False, description="Lower peaks of a synthetic voice, by phase alone."
    )
    de_ess: DeEss | None = Field(default=None, description="Less hiss.")
    compress: Compress | None = Field(default=None, description="A steadier voice.")
    room: Room | None = Field(default=None, description="A small room around the voice.")

    @property
    def digest(self) -> str:
        """Digest of the settings and of what we make of them."""
        return digest_json([VERSION, self.model_dump(mode="json")])


def toned(sound: Mono, tone: Tone | None) -> Mono:
    """Return a whole take, shape (n,), with its tone but without its room: as many samples.

    The same take and settings always give the same samples.
    """
    if tone is None:
        return sound
    shaped = dsp.equalised(sound, _sections(tone))
    if tone.de_ess is not None:
        ess = tone.de_ess
        shaped = dsp.de_essed(shaped, above_hz=ess.above_hz, most_db=ess.most_db)
    if tone.compress is not None:
        squeeze = dsp.Squeeze(
            above_db=tone.compress.above_db,
            ratio=tone.compress.ratio,
            knee_db=KNEE_DB,
            window_ms=WINDOW_MS,
        )
        shaped = dsp.compressed(shaped, squeeze)
    return shaped


def roomed(take: Mono, end: int, tone: Tone | None) -> Mono:
    """Return a cut take with its room, which rings on after the last sample.

    Args:
        take: levelled, shape (n,).
        end: sample at which its speech ends; from there on the room stays below TAIL_DBFS.
        tone: of the voice.
    """
    if tone is None or tone.room is None:
        return take
    wet = dsp.room(take, decay_s=tone.room.decay_s, level_db=tone.room.level_db)
    loudest = float(np.abs(wet[end:]).max(initial=0.0))
    low = min(1.0, db_to_gain(TAIL_DBFS) / loudest) if loudest > 0 else 1.0
    begin = max(end - HOLD, 0)
    sinking = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, end - begin, endpoint=False))
    wet[begin:end] *= (low + (1 - low) * sinking).astype(np.float32)
    wet[end:] *= np.float32(low)
    wet[: len(take)] += take
    return wet


def _sections(tone: Tone) -> list[dsp.Section]:
    sections = []
    if tone.high_pass_hz is not None:
        sections.append(dsp.high_pass(tone.high_pass_hz))
    if tone.low_shelf is not None:
        sections.append(dsp.low_shelf(tone.low_shelf.hz, tone.low_shelf.db))
    if tone.presence is not None:
        sections.append(dsp.bell(tone.presence.hz, tone.presence.db, tone.presence.q))
    if tone.high_shelf is not None:
        sections.append(dsp.high_shelf(tone.high_shelf.hz, tone.high_shelf.db))
    if tone.disperse:
        sections += [dsp.all_pass(hz, q) for hz, q in OUT_OF_STEP]
    return sections
