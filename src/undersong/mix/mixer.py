"""Voice, beds and cues become one mix, in blocks, with memory independent of the length."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from undersong.audio import GRID, BlockSource, Frames, Gridded, silence
from undersong.errors import AmbienceError, UnknownNameError, VoiceError
from undersong.mix.curves import F64, GainCurve, bed_curve
from undersong.mix.lane import Clip, Lane
from undersong.mix.model import BedGain, MixPlan
from undersong.mix.presence import band_of
from undersong.timeline.model import STEMS, Timeline
from undersong.units import SAMPLE_RATE, db_to_gain

CHANNELS: Final = 2

CUE_FADE: Final = 2 * SAMPLE_RATE
"""A cue that outlasts the track fades with its last two seconds."""

TAKES_KEPT: Final = 3
CUES_KEPT: Final = 2


class TakeSource(Protocol):
    """A take that can be had when its place in the track comes."""

    def frames(self) -> Frames:
        """Return the whole take (n, 1): lead, speech and tail, at its level in the mix."""
        ...


class CueSource(Protocol):
    """A sound that can be had when its place in the track comes."""

    def frames(self) -> Frames:
        """Return the whole sound (n, 2) at its usual level."""
        ...


class Mixer:
    """All stems of a track and their sum, each a stereo `BlockSource`, silent outside the track.

    `mix` is `voice` + `bed-ducked` + `cues`, added in float32 in this order, so that stems kept
    as float32 sum to it bit for bit. Takes are centred: the same in both channels.
    """

    def __init__(
        self,
        timeline: Timeline,
        plan: MixPlan,
        takes: Sequence[TakeSource],
        beds: Mapping[str, BlockSource],
        cues: Mapping[str, CueSource],
    ) -> None:
        """Take the plan and the sources; nothing is read before a block is.

        Args:
            timeline: what sounds where.
            plan: all gains, from `plan_mix`.
            takes: by utterance index.
            beds: by name; stereo, or mono for both channels.
            cues: by name.
        """
        self._length = timeline.length
        self._beds, self._scenes = beds, plan.beds
        self._duck, self._levels = GainCurve(plan.moves), GainCurve(plan.levels)
        self._lanes = {"voice": _voice(timeline, takes), "cues": _cues(timeline, plan, cues)}
        self._stems = {
            "voice": self._gridded(lambda start: self._lane_block("voice", start)),
            "bed": self._gridded(self._bed_block),
            "bed-ducked": self._gridded(self._ducked_block),
            "cues": self._gridded(lambda start: self._lane_block("cues", start)),
        }
        self._presence, self._band = plan.presence, band_of(self._stems["bed"])
        self._mix = self._gridded(self._mix_block)

    @property
    def length(self) -> int:
        """Samples of the track."""
        return self._length

    @property
    def mix(self) -> BlockSource:
        """Everything together."""
        return self._mix

    def stem(self, name: str) -> BlockSource:
        """Return one of STEMS.

        Raises:
            UnknownNameError: there is no such stem.
        """
        if name not in self._stems:
            raise UnknownNameError("stem", name, STEMS)
        return self._stems[name]

    def _gridded(self, render: Callable[[int], Frames]) -> Gridded:
        return Gridded(lambda k: render(k * GRID), channels=CHANNELS)

    def _mix_block(self, start: int) -> Frames:
        out = self._stems["voice"].read(start, GRID)
        out += self._stems["bed-ducked"].read(start, GRID)
        out += self._stems["cues"].read(start, GRID)
        return out

    def _lane_block(self, name: str, start: int) -> Frames:
        out = silence(GRID, CHANNELS)
        self._lanes[name].add_to(out, start)
        return out

    def _bed_block(self, start: int) -> Frames:
        out = silence(GRID, CHANNELS)
        for scene in self._scenes:
            first, last = max(scene.start, start), min(scene.end, start + GRID)
            if first < last:
                heard = self._beds[scene.ambience].read(first, last - first)
                out[first - start : last - start] += heard * _scene_gain(scene, first, last)
        _apply(self._levels, out, start)
        return out

    def _ducked_block(self, start: int) -> Frames:
        out = self._stems["bed"].read(start, GRID)
        if self._presence and self._duck.steady_db(start, start + GRID) != 0:
            duck_db = self._duck.at_db(_positions(start, start + GRID))
            lower = _linear(self._presence * np.minimum(duck_db, 0.0)) - 1
            out += lower * self._band.read(start, GRID)
        _apply(self._duck, out, start)
        return out


def _apply(curve: GainCurve, out: Frames, start: int) -> None:
    """Change `out`, which holds samples from `start` on, in place."""
    steady_db = curve.steady_db(start, start + len(out))
    if steady_db is None:
        out *= _linear(curve.at_db(_positions(start, start + len(out))))
    elif steady_db:
        out *= np.float32(db_to_gain(steady_db))


def _scene_gain(scene: BedGain, first: int, last: int) -> Frames:
    if scene.start + scene.rise <= first and last <= scene.end - scene.fall:
        return np.full((1, 1), db_to_gain(scene.gain_db), np.float32)
    return bed_curve(scene, _positions(first, last)).astype(np.float32)[:, None]


def _positions(start: int, end: int) -> F64:
    return np.arange(start, end, dtype=np.float64)


def _linear(gain_db: F64) -> Frames:
    return np.power(10.0, gain_db / 20).astype(np.float32)[:, None]


def _voice(timeline: Timeline, takes: Sequence[TakeSource]) -> Lane:
    phrases = timeline.phrases
    clips = [
        Clip(
            source=k,
            start=p.start - p.lead,
            end=p.end + p.tail,
            fade=min(p.tail, timeline.length - p.end),
        )
        for k, p in enumerate(phrases)
    ]

    def fetch(k: int) -> Frames:
        frames = takes[phrases[k].utterance].frames()
        if frames.shape != (clips[k].end - clips[k].start, 1):
            msg = f"the take of `{phrases[k].text}` is not the one that was planned with"
            raise VoiceError(msg, hint="render again; the take was made anew meanwhile")
        return frames

    return Lane(clips, fetch, length=timeline.length, keep=TAKES_KEPT)


def _cues(timeline: Timeline, plan: MixPlan, cues: Mapping[str, CueSource]) -> Lane:
    lengths = {cue.sound: cue.length for cue in timeline.cues}
    sounds = list(lengths)
    clips = [
        Clip(
            source=sounds.index(cue.sound),
            start=cue.start,
            end=cue.start + cue.length,
            gain_db=gain.gain_db,
            fade=CUE_FADE,
        )
        for cue, gain in zip(timeline.cues, plan.cues, strict=True)
    ]

    def fetch(k: int) -> Frames:
        frames = cues[sounds[k]].frames()
        if frames.shape != (lengths[sounds[k]], CHANNELS):
            raise AmbienceError(f"the cue `{sounds[k]}` is not as long as it said")
        return frames

    return Lane(clips, fetch, length=timeline.length, keep=CUES_KEPT)
