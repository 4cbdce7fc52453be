"""How loud speech is, the one gain that a voice gets for a whole track, and what evens its phrases.

Loudness is that of the voice on both channels of a stereo track, where the mixer puts it.

Phrases may be moved a little towards the voice's own usual level, because a machine says some
louder for no reason. Within a phrase everything stays as it was said, and nothing is ever
normalised to its peak.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np

from undersong.dsp.loudness import Energies, gated_lufs, lufs
from undersong.units import SAMPLE_RATE, SPEECH_LUFS, Db, Lufs
from undersong.voices.edges import Mono

HOP: Final = SAMPLE_RATE // 10
GATED_HOPS: Final = 4
"""BS.1770 gates blocks of 400 ms; shorter speech has its mean level."""

BOTH_CHANNELS: Final = (2.0,)
"""Energy weight of one channel that is heard from two."""

STEP_DB: Final = 0.1
"""Gains are rounded to this, so that mending one line does not move every other one."""

USUAL_STEP_DB: Final = 0.5
"""So is the usual level of a voice, and more coarsely, for the same reason: every correction is
seen from it. What the rounding takes, the gain of the voice gives back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Speech energy of one take before any gain.

    Attributes:
        hops: K-weighted mean square of every whole 100 ms of its speech.
        mean: K-weighted mean square of all its speech.
    """

    hops: tuple[float, ...]
    mean: float

    @property
    def level(self) -> Lufs:
        """Its gated loudness, or its mean loudness when shorter than 400 ms."""
        return _level([self])

    def moved(self, gain_db: float) -> "Survey":
        """Return what would be measured after a gain."""
        factor = 10 ** (gain_db / 10)
        return replace(self, hops=tuple(h * factor for h in self.hops), mean=self.mean * factor)


def survey_of(speech: Mono) -> Survey:
    """Measure speech, shape (n,), that has been cut at its edges."""
    whole = Energies(1, weights=BOTH_CHANNELS)
    whole.push(np.pad(speech, (0, HOP + -len(speech) % HOP))[:, np.newaxis])
    hops = np.asarray(whole.hops, np.float64)
    return Survey(
        hops=tuple(hops[: len(speech) // HOP].tolist()),
        mean=float(hops.sum() * HOP / len(speech)),
    )


def level_of(speech: Mono) -> Lufs:
    """Return the gated loudness of speech, or its mean loudness when shorter than 400 ms."""
    return _level([survey_of(speech)])


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
    steps = round((SPEECH_LUFS - _level(list(surveys))) / STEP_DB)
    return Db(round(steps * STEP_DB, 1))


def _level(surveys: list[Survey]) -> Lufs:
    hops = [hop for survey in surveys for hop in survey.hops]
    level = gated_lufs(np.asarray(hops, np.float64)) if len(hops) >= GATED_HOPS else -np.inf
    if np.isfinite(level):
        return Lufs(float(level))
    return lufs(float(np.mean([survey.mean for survey in surveys])))
