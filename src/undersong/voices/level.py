"""How loud speech is, the one gain that a voice gets for a whole track, and what evens its phrases.

Loudness is that of the voice on both channels of a stereo track, where the mixer puts it, over
the moments in which it sounds: a gated loudness reads short phrases too high, for it takes
windows of 400 ms and drops those that reach into the silence around them.

Phrases may be moved a little towards the voice's own usual level, because a machine says some
louder for no reason. Within a phrase everything stays as it was said, and nothing is ever
normalised to its peak.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from undersong.dsp.loudness import Energies, lufs
from undersong.units import SAMPLE_RATE, SPEECH_LUFS, Db, Lufs
from undersong.voices.edges import Mono

FRAME: Final = SAMPLE_RATE // 100

SOUNDING_DB: Final = -35.0
"""Frames of 10 ms this far below the loudest ones still count: soft consonants, not breaths."""
LOUDEST: Final = 99
"""Percentile of the frames that stands for the loudest ones."""

BOTH_CHANNELS: Final = (2.0,)
"""Energy weight of one channel that is heard from two."""

FAINT_LU: Final = -10.0
"""Takes this far below all takes together do not count for the level of their voice, as in
the relative gate of BS.1770."""

STEP_DB: Final = 0.1
"""Gains are rounded to this, so that mending one line does not move every other one."""

USUAL_STEP_DB: Final = 0.5
"""So is the usual level of a voice, and more coarsely, for the same reason: every correction is
seen from it. What the rounding takes, the gain of the voice gives back."""


class Survey(Struct, frozen=True, kw_only=True):
    """Speech energy of one take before any gain.

    Attributes:
        mean: K-weighted mean square of the moments in which it sounds.
        sounding: how many frames of 10 ms those are.
    """

    mean: float
    sounding: int

    @property
    def level(self) -> Lufs:
        """Its loudness while it sounds."""
        return lufs(self.mean)

    def moved(self, gain_db: float) -> "Survey":
        """Return what would be measured after a gain."""
        return replace(self, mean=self.mean * 10 ** (gain_db / 10))


def survey_of(speech: Mono) -> Survey:
    """Measure speech, shape (n,), that has been cut at its edges."""
    energies = Energies(1, weights=BOTH_CHANNELS, per_s=SAMPLE_RATE // FRAME)
    padded = np.pad(speech, (0, FRAME + -len(speech) % FRAME))
    energies.push(padded[:, np.newaxis])
    frames = -(-len(speech) // FRAME)
    powers = np.square(padded[: frames * FRAME], dtype=np.float64).reshape(-1, FRAME).mean(1)
    sounds = powers > np.percentile(powers, LOUDEST) * 10 ** (SOUNDING_DB / 10)
    heard = energies.hops[:frames][sounds]
    lasting = min(len(heard), len(speech) / FRAME)  # the last frame may hold but a few samples
    return Survey(mean=float(heard.sum() / lasting) if lasting else 0.0, sounding=len(heard))


def level_of(speech: Mono) -> Lufs:
    """Return the loudness of speech, shape (n,), while it sounds."""
    return survey_of(speech).level


def corrections(surveys: Mapping[str, Survey], most_db: float) -> dict[str, Db]:
    """Return, by key, the gain that brings each take nearer to the usual level of its voice.

    The usual level is the median of the takes' own. No gain exceeds `most_db` either way, so a
    whisper stays a whisper.
    """
    levels = {key: survey.level for key, survey in surveys.items()}
    usual = round(median(levels.values()) / USUAL_STEP_DB) * USUAL_STEP_DB
    return {
        key: Db(round(round(min(max(usual - level, -most_db), most_db) / STEP_DB) * STEP_DB, 1))
        for key, level in levels.items()
    }


def voice_gain(surveys: Iterable[Survey]) -> Db:
    """Return the gain that brings all takes of a voice together to `SPEECH_LUFS`."""
    takes = list(surveys)
    gate = _mean(takes) * 10 ** (FAINT_LU / 10)
    level = lufs(_mean([take for take in takes if take.mean >= gate]))
    return Db(round(round((SPEECH_LUFS - level) / STEP_DB) * STEP_DB, 1))


def _mean(takes: list[Survey]) -> float:
    return sum(t.mean * t.sounding for t in takes) / sum(t.sounding for t in takes)
