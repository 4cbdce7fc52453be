"""What is known of a clean recording: how it sounds from moment to moment, and what stands out.

A moment is `MOMENT` samples, 20 ms: the grain of everything that is decided about a recording.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.units import SAMPLE_RATE

F32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

MOMENT: Final = 960
MOMENTS_PER_S: Final = int(SAMPLE_RATE) // MOMENT
BANDS: Final = 24
"""Mel bands in which a moment is known."""

QUIETEST_DB: Final = -120.0
STEPS_PER_DB: Final = 2
"""Levels are kept as bytes: half decibels above QUIETEST_DB."""


class Passage(Struct, frozen=True):
    """Moments [start, end) of a recording."""

    start: int
    end: int


class Heard(Struct, frozen=True, kw_only=True, eq=False):
    """A recording as it was listened to. Not: its sound.

    Attributes:
        digest: SHA-256 of the file.
        length: in samples.
        loudness_lufs: integrated, of the whole.
        range_lu: its loudness range.
        crest_lu: loudest 400 ms above the median.
        loop_s: where it begins to repeat itself, or None; what follows is not used.
        levels: uint8 (moments, BANDS), see `decibels`; up to `loop_s`.
        closed: (moments,): never to be heard: drop-outs and what would startle.
        events: what stands out of its surroundings, in order, none of them closed.
        startling: passages closed because they would startle.
    """

    digest: str
    length: int
    loudness_lufs: float
    range_lu: float
    crest_lu: float
    loop_s: float | None
    levels: Bytes
    closed: Flags
    events: tuple[Passage, ...]
    startling: tuple[Passage, ...]

    @property
    def usable_s(self) -> float:
        """Seconds that may be heard."""
        return float(np.count_nonzero(~self.closed)) / MOMENTS_PER_S


def decibels(levels: Bytes) -> F32:
    """Return kept levels in dB."""
    return np.asarray(levels / np.float32(STEPS_PER_DB) + np.float32(QUIETEST_DB), np.float32)


def kept(levels_db: F32) -> Bytes:
    """Return levels as they are kept."""
    steps = np.round((levels_db - QUIETEST_DB) * STEPS_PER_DB)
    return np.clip(steps, 0, 255).astype(np.uint8)


def runs(flags: Flags) -> list[Passage]:
    """Return the passages in which `flags` are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [Passage(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def marked(passages: list[Passage] | tuple[Passage, ...], count: int) -> Flags:
    """Return flags of `count` moments, set within the passages."""
    flags = np.zeros(count, np.bool_)
    for passage in passages:
        flags[max(passage.start, 0) : passage.end] = True
    return flags
