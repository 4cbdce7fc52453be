"""Beds, takes and cues made of noise and tones, and timelines that place them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from undersong.audio import BlockSource, Frames, Gridded
from undersong.dsp.loudness import Energies, lufs
from undersong.mix.bells import momentary_lufs
from undersong.mix.curves import F64
from undersong.mix.duck import plan_mix
from undersong.mix.mixer import Mixer
from undersong.mix.model import MixPlan
from undersong.mix.survey import survey_beds, survey_joins
from undersong.recipes.model import Position
from undersong.timeline.model import Phrase, PlacedCue, Scene, Timeline
from undersong.units import Lufs, Samples

S = 48_000
PLACE = Position(line=1, column=1)


def noise(
    seed: int, level_db: float = -33.0, curve: Callable[[F64], F64] | None = None
) -> BlockSource:
    """Return an endless stereo bed of white noise; `curve` changes its level in dB over seconds."""

    def render(k: int) -> Frames:
        frames = np.random.default_rng((seed, k)).standard_normal((S, 2))
        shape = curve(np.arange(k * S, (k + 1) * S) / S) if curve else np.zeros(S)
        return np.asarray(frames * 10 ** ((level_db + shape[:, None]) / 20), np.float32)

    return Gridded(render, channels=2)


def swell(at_s: float, by_db: float, width_s: float = 3.0) -> Callable[[F64], F64]:
    """Return a bump of `by_db` around a time, as of a breaking wave."""

    def curve(seconds: F64) -> F64:
        return np.asarray(by_db * np.exp(-(((seconds - at_s) / width_s) ** 2)))

    return curve


class Voice(Struct, dict=True):
    """A take of speech-like noise: syllables four times a second, at a level in LUFS."""

    speech: int
    lead: int
    tail: int
    level_lufs: float
    seed: int
    fetched: int = 0

    @cached_property
    def sound(self) -> Frames:
        n = self.lead + self.speech + self.tail
        time = np.arange(n) - self.lead
        syllables = 0.25 + 0.75 * np.sin(np.pi * time * 4 / S) ** 2
        edge = np.clip(1 + time / max(self.lead, 1), 0, 1)
        edge *= np.clip((n - self.lead - time) / max(self.tail, 1), 0, 1)
        inside = (time >= 0) & (time < self.speech)
        frames = np.random.default_rng(self.seed).standard_normal(n)
        frames *= syllables * np.where(inside, 1.0, 0.001 * edge)
        stereo = np.repeat(frames[:, None], 2, 1)
        measured = loudness(stereo[self.lead : self.lead + self.speech])
        return np.asarray(frames[:, None] * 10 ** ((self.level_lufs - measured) / 20), np.float32)

    def frames(self) -> Frames:
        self.fetched += 1
        return self.sound


class Ring(Struct):
    """A cue: a tone that dies away."""

    length: int
    fetched: int = 0

    def frames(self) -> Frames:
        self.fetched += 1
        time = np.arange(self.length) / S
        tone = 0.2 * np.sin(2 * np.pi * 440 * time) * np.exp(-time)
        return np.asarray(np.repeat(tone[:, None], 2, 1), np.float32)


def loudness(frames: F64) -> Lufs:
    """Measure the K-weighted loudness of a short sound as a whole (to full hops)."""
    padded = np.concatenate([frames, np.zeros((S // 10, 2))])
    energies = Energies(2)
    energies.push(padded.astype(np.float32))
    return lufs(float(energies.hops.sum()) * (S // 10) / len(frames))


def phrases(*spans: tuple[float, float], levels: Sequence[float] = ()) -> tuple[Phrase, ...]:
    """Place phrases over spans in seconds, at -20 LUFS unless told."""
    return tuple(
        Phrase(
            utterance=k,
            text=f"phrase {k + 1}",
            start=Samples(round(start * S)),
            end=Samples(round(end * S)),
            lead=Samples(1200),
            tail=Samples(4800),
            level_lufs=Lufs(levels[k] if levels else -20.0),
            position=PLACE,
        )
        for k, (start, end) in enumerate(spans)
    )


def scene(name: str, start: float, end: float, rise: float = 4.0, fall: float = 6.0) -> Scene:
    return Scene(
        ambience=name,
        start=Samples(round(start * S)),
        end=Samples(round(end * S)),
        fade_in=Samples(round(rise * S)),
        fade_out=Samples(round(fall * S)),
    )


def cue(sound: str, start: float, length: float, gain_db: float = 0.0) -> PlacedCue:
    return PlacedCue(
        sound=sound,
        start=Samples(round(start * S)),
        length=Samples(round(length * S)),
        gain_db=gain_db,
    )


def timeline(
    length: float,
    said: tuple[Phrase, ...] = (),
    scenes: tuple[Scene, ...] | None = None,
    cues: tuple[PlacedCue, ...] = (),
) -> Timeline:
    return Timeline(
        length=Samples(round(length * S)),
        seed=1,
        phrases=said,
        gaps=(),
        scenes=(scene("noise", 0, length),) if scenes is None else scenes,
        cues=cues,
        chapters=(),
        captions=(),
    )


def planned(
    track: Timeline, beds: Mapping[str, BlockSource], difference: float = 15.0, pause: float = 10.0
) -> MixPlan:
    surveys = survey_beds(track, [beds])
    return plan_mix(
        track,
        surveys,
        difference_lu=difference,
        pause_difference_lu=pause,
        joins=survey_joins(track, beds),
        cue_lufs={cue.sound: momentary_lufs(Ring(cue.length).frames()) for cue in track.cues},
    )


def voices(track: Timeline) -> list[Voice]:
    return [
        Voice(
            speech=p.end - p.start, lead=p.lead, tail=p.tail, level_lufs=p.level_lufs, seed=k + 50
        )
        for k, p in enumerate(track.phrases)
    ]


def mixer(
    track: Timeline, beds: Mapping[str, BlockSource], difference: float = 15.0, pause: float = 10.0
) -> Mixer:
    plan = planned(track, beds, difference, pause)
    cues = {cue.sound: Ring(cue.length) for cue in track.cues}
    return Mixer(track, plan, voices(track), beds, cues)


def whole(source: BlockSource, track: Timeline) -> F64:
    return source.read(0, track.length).astype(np.float64)
