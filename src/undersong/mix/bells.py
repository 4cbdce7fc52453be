"""Bells and other single sounds over a bed: never drowned, and never a fright."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from undersong.audio import Frames
from undersong.dsp.loudness import Energies, lufs
from undersong.mix.curves import F64, GainCurve
from undersong.mix.model import CueGain
from undersong.mix.moves import Step
from undersong.mix.power import BedPower
from undersong.mix.survey import HOP
from undersong.timeline.model import PlacedCue, Timeline
from undersong.units import SAMPLE_RATE, SILENCE_DB, Db, Lu, Lufs, Samples

STANDS_LU: Final = 4.5
"""A cue's loudest moment over the bed: clear, and together they stand 5.8 LU above it. More than
6 LU above what surrounds them sudden sounds startle (docs/craft.md)."""

STEP_DB: Final = -3.0
"""The bed steps back for a cue by this at most; the cue's own gain does the rest."""

LARGEST_GAIN_DB: Final = 20.0

STROKE: Final = 2 * SAMPLE_RATE
"""So long the bed makes room: a stroke, not all of its ringing."""
HEARD: Final = SAMPLE_RATE
"""A stroke is held against the bed in this first part of it, when it is loudest."""

_MOMENT = 4  # hops of 100 ms


class Stroke(Struct, frozen=True, kw_only=True):
    """A placed cue, how loud its loudest moment is, and the bed under its beginning."""

    cue: PlacedCue
    level_lufs: float
    frames: F64
    power: BedPower

    @property
    def end(self) -> int:
        """Sample at which the bed may come back."""
        return self.cue.start + min(self.cue.length, STROKE)


def momentary_lufs(frames: Frames) -> float:
    """Return the loudness of the loudest 400 ms of a sound, shape (n, channels); -inf: silence."""
    energies = Energies(frames.shape[1])
    rest = _MOMENT * HOP - len(frames) % HOP
    energies.push(np.concatenate([frames, np.zeros((rest, frames.shape[1]), np.float32)]))
    moments = np.convolve(energies.hops, np.full(_MOMENT, 1 / _MOMENT))
    return lufs(float(moments.max()))


def strokes(
    timeline: Timeline, power: BedPower, cue_lufs: Mapping[str, float]
) -> tuple[Stroke, ...]:
    """Return all cues of a track, given the power of the beds in every hop of it."""
    return tuple(_stroke(cue, power, cue_lufs.get(cue.sound, -np.inf)) for cue in timeline.cues)


def steps(strokes: Sequence[Stroke], spoken: Sequence[tuple[int, int]]) -> tuple[Step, ...]:
    """Return how the bed makes room for cues where nobody speaks and no other cue sounds."""
    return tuple(_steps(strokes, spoken))


def gains(strokes: Sequence[Stroke], duck: GainCurve, least_lufs: float) -> tuple[CueGain, ...]:
    """Return the gain of every cue over the ducked bed, taken to be `least_lufs` at least."""
    return tuple(_gain(stroke, duck, least_lufs) for stroke in strokes)


def _stroke(cue: PlacedCue, power: BedPower, level_lufs: float) -> Stroke:
    hops = np.arange(cue.start // HOP, -(-(cue.start + min(cue.length, HEARD)) // HOP))
    hops = hops[hops < len(power.whole)]
    return Stroke(
        cue=cue,
        level_lufs=level_lufs,
        frames=np.asarray((hops + 0.5) * HOP, np.float64),
        power=power.at(hops),
    )


def _steps(strokes: Sequence[Stroke], spoken: Sequence[tuple[int, int]]) -> Iterator[Step]:
    free = 0
    for stroke in strokes:
        start, end = stroke.cue.start, stroke.end
        crossed = any(first < end and start < last for first, last in spoken)
        if (
            crossed
            or start < free
            or not stroke.power.whole.any()
            or not np.isfinite(stroke.level_lufs)
        ):
            continue
        over = stroke.level_lufs + stroke.cue.gain_db - stroke.power.lufs
        depth = min(max(over - STANDS_LU, STEP_DB), 0.0)
        middle = (start + end) // 2
        name = f"the {stroke.cue.sound}"
        yield Step(start=start, end=end, at=(middle,), depths_db=(depth,), name=name)
        free = end


def _gain(stroke: Stroke, duck: GainCurve, least_lufs: float) -> CueGain:
    cue = stroke.cue
    gain, difference = cue.gain_db, None
    if stroke.power.whole.any() and np.isfinite(stroke.level_lufs):
        bed_lufs = stroke.power.ducked_lufs(duck.at_db(stroke.frames))
        own = max(bed_lufs, least_lufs) + STANDS_LU - stroke.level_lufs
        gain += min(max(own, -LARGEST_GAIN_DB), LARGEST_GAIN_DB)
        difference = Lu(round(stroke.level_lufs + gain - bed_lufs, 2))
    return CueGain(
        sound=cue.sound,
        start=Samples(cue.start),
        level_lufs=Lufs(round(max(stroke.level_lufs, SILENCE_DB), 2)),
        gain_db=Db(round(gain, 2) + 0.0),
        difference_lu=difference,
    )
