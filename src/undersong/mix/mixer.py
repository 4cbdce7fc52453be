"""Voice, beds and cues become one mix, in blocks, with memory independent of the length."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from undersong.audio import GRID, BlockSource, Frames, Gridded, Pieced, silence
from undersong.dsp.compiled import kernels
from undersong.errors import AmbienceError, UnknownNameError, VoiceError
from undersong.mix.curves import F64, STEP, GainCurve, bed_curve, stepped
from undersong.mix.gains import F32, Gains, linear
from undersong.mix.lane import Clip, Lane
from undersong.mix.laying import Laying
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
        self._duck, self._levels = Gains(plan.moves), Gains(plan.levels)
        self._moves = GainCurve(plan.moves)
        self._lanes = {"voice": _voice(timeline, takes), "cues": _cues(timeline, plan, cues)}
        self._speech = Gridded(lambda k: self._lane_block("voice", k, 1), channels=1)
        self._stems = {
            "voice": _gridded(lambda k: self._lane_block("voice", k)),
            "bed": _gridded(self._bed_block),
            "bed-ducked": _gridded(self._ducked_block),
            "cues": _gridded(lambda k: self._lane_block("cues", k)),
        }
        self._presence, self._band = plan.presence, band_of(self._stems["bed"])
        self._mix = Pieced(self._write_mix, channels=CHANNELS)

    @property
    def length(self) -> int:
        """Samples of the track."""
        return self._length

    @property
    def mix(self) -> BlockSource:
        """Everything together."""
        return self._mix

    @property
    def speech(self) -> BlockSource:
        """The stem `voice` as the one channel that it is."""
        return self._speech

    def stem(self, name: str) -> BlockSource:
        """Return one of STEMS.

        Raises:
            UnknownNameError: there is no such stem.
        """
        if name not in self._stems:
            raise UnknownNameError("stem", name, STEMS)
        return self._stems[name]

    def _write_mix(self, out: Frames, start: int) -> None:
        """Write a part of one second."""
        end = start + len(out)
        spoken = self._lanes["voice"].sounds(start, end)
        speech = self._speech.part(start, len(out)) if spoken else out[:0, :1]
        scene, found = self._plain_scene(start // GRID), kernels()
        if scene is None or found is None:
            out[:] = self._stems["bed-ducked"].part(start, len(out))
            if spoken:
                out += speech
        else:
            k, within = divmod(start, GRID)
            Laying(
                bed=_stereo(self._beds[scene.ambience].read(start, len(out))),
                gain=db_to_gain(scene.gain_db),
                levels=self._levels.of_second(k),
                duck=self._duck.of_second(k),
                speech=speech,
                start=within,
            ).write(found, out)
        if self._lanes["cues"].sounds(start, end):
            out += self._stems["cues"].part(start, len(out))

    def _plain_scene(self, k: int) -> BedGain | None:
        """Return the scene of a second if it is the only one, and nothing but gains changes it."""
        heard = self._heard(k)
        plain = len(heard) == 1 and not self._presence and _is_steady(heard[0], k)
        return heard[0] if plain else None

    def _heard(self, k: int) -> list[BedGain]:
        start, end = k * GRID, (k + 1) * GRID
        return [scene for scene in self._scenes if scene.start < end and scene.end > start]

    def _lane_block(self, name: str, k: int, channels: int = CHANNELS) -> Frames:
        out = silence(GRID, channels)
        self._lanes[name].add_to(out, k * GRID)
        return out

    def _bed_block(self, k: int) -> Frames:
        heard = self._heard(k)
        if not heard:
            return silence(GRID, CHANNELS)
        if len(heard) == 1 and _is_steady(heard[0], k):
            out = _stereo(self._beds[heard[0].ambience].read(k * GRID, GRID))
            out *= np.float32(db_to_gain(heard[0].gain_db))
        else:
            out = self._moving_beds(heard, k * GRID, (k + 1) * GRID)
        return _changed(out, self._levels.of_second(k))

    def _moving_beds(self, scenes: Sequence[BedGain], start: int, end: int) -> Frames:
        out = silence(end - start, CHANNELS)
        for scene in scenes:
            first, last = max(scene.start, start), min(scene.end, end)
            gains = stepped(bed_curve(scene, _points(start, end)), CHANNELS)
            gains = gains[first - start : last - start]
            gains *= self._beds[scene.ambience].read(first, last - first)
            out[first - start : last - start] += gains
        return out

    def _ducked_block(self, k: int) -> Frames:
        bed = self._stems["bed"].at(k)
        start, end = k * GRID, (k + 1) * GRID
        if self._presence and self._moves.steady_db(start, end) != 0:
            duck_db = self._moves.at_db(_points(start, end))
            lower = stepped(linear(self._presence * np.minimum(duck_db, 0.0)) - 1, CHANNELS)
            lower *= self._band.read(start, GRID)
            bed = bed + lower
        return _changed(bed, self._duck.of_second(k))


def _gridded(render: Callable[[int], Frames]) -> Gridded:
    return Gridded(render, channels=CHANNELS)


def _is_steady(scene: BedGain, k: int) -> bool:
    """Tell whether a scene stands at its level all through second k."""
    return scene.start + scene.rise <= k * GRID and (k + 1) * GRID <= scene.end - scene.fall


def _stereo(frames: Frames) -> Frames:
    return frames if frames.shape[1] == CHANNELS else np.repeat(frames, CHANNELS, axis=1)


def _changed(frames: Frames, points: F32) -> Frames:
    """Return frames times a gain given at every STEP; the frames themselves if it is always 1."""
    first = points[0]
    if not (points == first).all():
        gains = stepped(points, frames.shape[1])
        gains *= frames
        return gains
    return frames if first == 1 else frames * first


def _points(start: int, end: int) -> F64:
    """Return the positions at which curves are worked out for samples [start, end)."""
    return np.arange(start, end + 1, STEP, dtype=np.float64)


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
