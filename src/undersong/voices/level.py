"""How loud speech is, and the one gain that a voice gets for a whole track.

Loudness is that of the voice on both channels of a stereo track, where the mixer puts it.

Phrases keep their differences: a voice that drops at the end of a thought is meant to. Nothing is
ever normalised to its peak.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Speech energy of one take before any gain.

    Attributes:
        hops: K-weighted mean square of every whole 100 ms of its speech.
        mean: K-weighted mean square of all its speech.
    """

    hops: tuple[float, ...]
    mean: float


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
