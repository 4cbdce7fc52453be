"""The nouns of a mix plan: gains and places, no samples. Compared with `==`, kept as JSON."""

from typing import Any, Literal

from msgspec import Struct

from undersong.files import plain
from undersong.units import Db, Lu, Lufs, Samples

Shape = Literal["fade", "crossfade"]
"""A fade is a raised cosine from or to -60 dB; a crossfade is one half of an equal-power pair."""


class BedGain(Struct, frozen=True, kw_only=True):
    """One scene's bed over [start, end), at its level between phrases.

    Attributes:
        ambience: name of the bed.
        rise, fall: lengths in samples of its beginning and its end, and their shapes.
        rise_likeness, fall_likeness: correlation with the bed that it crosses there, or 0.
        bed_lufs: gated loudness of the bed over the scene as it comes; SILENCE_DB for silence.
        gain_db: static gain that brings it to its level.
    """

    ambience: str
    start: Samples
    end: Samples
    rise: Samples
    rise_shape: Shape
    rise_likeness: float
    fall: Samples
    fall_shape: Shape
    fall_likeness: float
    bed_lufs: Lufs
    gain_db: Db


class GainMove(Struct, frozen=True, kw_only=True):
    """A knot of the duck or of a level: at sample `at` the gain of all beds is `gain_db`.

    From knot to knot the gain in dB follows half a cosine; before the first and after the last
    it stays. `reason` says why, in words.
    """

    at: Samples
    gain_db: Db
    reason: str


class PhraseDuck(Struct, frozen=True, kw_only=True):
    """What the plan expects under one phrase.

    Attributes:
        utterance: index of the phrase.
        level_lufs: loudness of the speech.
        bed_lufs: loudness of the beds under it before the duck; SILENCE_DB for silence.
        depth_db: lowest gain of the duck under it; 0 where the bed is left alone.
        difference_lu: speech minus ducked beds over the phrase; None where no bed sounds.
        reason: why it is so, in words.
    """

    utterance: int
    level_lufs: Lufs
    bed_lufs: Lufs
    depth_db: Db
    difference_lu: Lu | None
    reason: str


class CueGain(Struct, frozen=True, kw_only=True):
    """How a cue stands in the mix.

    Attributes:
        sound: its name; `start` its place.
        level_lufs: of its loudest 400 ms as it comes.
        gain_db: change of it, what the script asked for included.
        difference_lu: its loudest moment minus the ducked beds then; None where no bed sounds.
    """

    sound: str
    start: Samples
    level_lufs: Lufs
    gain_db: Db
    difference_lu: Lu | None


class MixPlan(Struct, frozen=True, kw_only=True):
    """All gains of a mix. Not: those of takes, which come at their level.

    `beds` in order of start; `moves` of the duck, and `levels` that the script asks for, strictly
    so; `phrases` and `cues` as in the timeline. `presence`: for each dB of the duck the band of
    words (`presence.BAND_HZ`) is lowered by so many dB more; 0 in all but a clear mix.
    """

    beds: tuple[BedGain, ...]
    levels: tuple[GainMove, ...]
    moves: tuple[GainMove, ...]
    presence: float
    phrases: tuple[PhraseDuck, ...]
    cues: tuple[CueGain, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain values, ready for `json.dumps` and for golden files."""
        return plain(self)
