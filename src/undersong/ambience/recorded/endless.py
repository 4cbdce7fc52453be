"""The generator of recordings: endless, seekable, and never the same.

A long recording is walked in long stretches. A short one would come back too soon for that: its
ground, everything that does not stand out, is walked in steps of a second that follow the course
of the recording and are each drawn from all that sounds alike, while its events are heard whole,
each by itself and never twice within ten minutes: the same call is known again at any distance.
"""

from collections import OrderedDict
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.recorded.hear import heard
from undersong.ambience.recorded.heard import (
    F32,
    MOMENT,
    MOMENTS_PER_S,
    Heard,
    Passage,
    decibels,
    kept,
    marked,
)
from undersong.ambience.recorded.join import fade_gains
from undersong.ambience.recorded.places import (
    Alike,
    Moments,
    Rounds,
    in_parts,
    middles,
    open_places,
)
from undersong.ambience.recorded.reader import KEPT_THROUGH, Reader
from undersong.ambience.recorded.recurrence import Recurrence, Visit
from undersong.ambience.recorded.standout import usual_db
from undersong.ambience.recorded.through import Through
from undersong.ambience.recorded.walk import Gait, Ground, Walk
from undersong.ambience.texture import LAYER_LUFS
from undersong.audio import GRID, BlockSource, Frames, Gridded, silence
from undersong.dsp.noise import Stream
from undersong.errors import AmbienceError
from undersong.units import SAMPLE_RATE, db_to_gain

LONG_S: Final = 1000.0
"""With so much in whole parts, a part comes again after ten minutes at the earliest."""

_PART: Final = 16 * int(SAMPLE_RATE)
_LONG: Final = Gait(spacing=12 * int(SAMPLE_RATE), fade=int(SAMPLE_RATE), sway=0.05, away=0.45)
_GROUPS: Final = 5
"""Of each part of 16 s some 12 are heard at a time, and never anything beyond it."""

_STEP_S: Final = ((20.0, 0.6), (100.0, 0.9))
"""Steps over a ground of 20 s and less, and of 100 s and more: the less there is, the shorter."""

_FADE: Final = int(SAMPLE_RATE) // 5
_COURSE: Final = Gait(spacing=6 * int(SAMPLE_RATE), fade=_FADE)

_EVENT_FADE: Final = int(SAMPLE_RATE) // 4
_EVENT_GAP: Final = 2 * int(SAMPLE_RATE)
_EVENT_LEAD: Final = 3 * int(SAMPLE_RATE) // 2
"""So long before an event and after it the ground goes to where the event was recorded."""

_PLACES_LEAST: Final = 12


class Going(GeneratorOptions):
    """How a recording goes on for ever: what a bed file may say."""

    play: Literal["endless", "through"] = Field(
        default="endless",
        description="`endless` never repeats itself; `through` plays it as it was recorded, from "
        "beginning to end, startling moments and all, and then again.",
    )
    events: Literal["calm", "none"] = Field(
        default="calm",
        description="What stands out of it: `calm` leaves out what would startle, `none` all.",
    )
    again_s: float = Field(
        default=600.0,
        ge=60.0,
        le=3600.0,
        description="An event of a short recording comes again after so long at the earliest.",
    )


class RecordedOptions(Going):
    """A recording, and how it goes on for ever.

    Attributes:
        file: clean, as `undersong ambience add` makes it.
        cache: folder in which what was heard in it is remembered.
    """

    file: Path
    cache: Path | None = Field(default=None, exclude=True)


class Recorded(Gridded):
    """An endless recording; see the module and `RecordedOptions`."""

    name: ClassVar[str] = "recording"
    version: ClassVar[int] = 1
    Options: ClassVar[type[GeneratorOptions]] = RecordedOptions

    def __init__(self, options: RecordedOptions, seed: int) -> None:
        """Listen to the recording, unless that was done before; blocks are made when read.

        Raises:
            AmbienceError: the recording is missing, damaged, or leaves too little to go on with.
        """
        known = heard(options.file, options.cache)
        stream = Stream.of(seed, self.name)
        source = (
            Through(Reader(options.file, KEPT_THROUGH), known.length)
            if options.play == "through"
            else _endless(known, Reader(options.file), stream, options)
        )
        gain = np.float32(db_to_gain(LAYER_LUFS - known.loudness_lufs))

        def second(k: int) -> Frames:
            frames = source.read(k * GRID, GRID)
            frames *= gain
            return frames

        super().__init__(second, channels=2, keep=2)


def _endless(known: Heard, reader: Reader, stream: Stream, options: RecordedOptions) -> BlockSource:
    parts = _parts(known) if options.events == "calm" else []
    if len(parts) * _PART >= LONG_S * SAMPLE_RATE:
        return _long(known, reader, stream, parts)
    return _short(known, reader, stream, options)


def _parts(known: Heard) -> list[Moments]:
    """Return the places in each whole part of a recording that can be walked without leaving it."""
    places = open_places(known.closed, _LONG.reach // MOMENT)
    part = _PART // MOMENT
    return middles(in_parts(places, part), part, _LONG.reach // MOMENT)


def _long(known: Heard, reader: Reader, stream: Stream, parts: list[Moments]) -> BlockSource:
    """Return a recording of a quarter of an hour and more, in stretches of some twelve seconds."""
    ground = Ground(
        levels=known.levels,
        blocked=known.closed,
        unwelcome=marked(known.events, len(known.levels)),
    )
    rounds = Rounds(parts, stream.child("rounds"), groups=_GROUPS)
    return Walked(Walk(ground, rounds, stream.child("walk"), _LONG), reader)


def _short(known: Heard, reader: Reader, stream: Stream, options: RecordedOptions) -> BlockSource:
    count = len(known.levels)
    standing_out = marked(known.events, count)
    blocked = known.closed | standing_out
    levels_db = _ground_db(known, standing_out)
    levels = kept(levels_db)
    gait = _gait(np.count_nonzero(~blocked) / MOMENTS_PER_S)
    places = open_places(blocked, (gait.spacing // 2 + _FADE) // MOMENT)
    _expect_places(places, known)
    recurrence = Recurrence(
        _playable(known.events, count) if options.events == "calm" else (),
        stream.child("events"),
        apart=round(options.again_s * SAMPLE_RATE),
        gap=_EVENT_GAP,
    )
    nothing = np.zeros(count, np.bool_)
    course = Walk(
        Ground(levels=levels, blocked=known.closed, unwelcome=nothing),
        Rounds(in_parts(places, _COURSE.spacing // MOMENT), stream.child("rounds")),
        stream.child("course"),
        _COURSE,
    )
    pull = _Pull(course, recurrence, gait.spacing)
    alike = Alike(levels_db, places, stream.child("alike"), pull)
    walk = Walk(
        Ground(levels=levels, blocked=blocked, unwelcome=nothing),
        alike,
        stream.child("walk"),
        gait,
    )
    return Visited(Gridded(Walked(walk, reader).second, channels=2), recurrence, reader)


def _gait(ground_s: float) -> Gait:
    """Return how to step over a ground of so many seconds."""
    (short_s, quick_s), (long_s, slow_s) = _STEP_S
    spacing_s = float(np.interp(ground_s, (short_s, long_s), (quick_s, slow_s)))
    return Gait(spacing=round(spacing_s * SAMPLE_RATE), fade=_FADE)


def _ground_db(known: Heard, standing_out: np.typing.NDArray[np.bool_]) -> F32:
    """Return levels in which events are replaced by what is usual around them."""
    levels_db = decibels(known.levels)
    return np.where(standing_out[:, None], usual_db(levels_db), levels_db)


def _playable(events: tuple[Passage, ...], count: int) -> list[Passage]:
    """Return the events around which there is room to fade."""
    room = _EVENT_FADE // MOMENT + 1
    return [event for event in events if event.start >= room and event.end + room <= count]


def _expect_places(places: Moments, known: Heard) -> None:
    if len(places) < _PLACES_LEAST:
        raise AmbienceError(
            f"only {known.usable_s:.1f} s of this recording can be used, too little to go on with",
            hint="bring a recording of half a minute or more without drop-outs",
        )


class _Pull:
    """The moment that the ground should be like at a step: that of an event when one is near."""

    def __init__(self, course: Walk, recurrence: Recurrence, spacing: int) -> None:
        self._course, self._recurrence, self._spacing = course, recurrence, spacing

    def __call__(self, i: int) -> int:
        time = i * self._spacing + self._spacing // 2
        near = self._recurrence.visits(time - _EVENT_LEAD, time + _EVENT_LEAD)
        if near:
            nearest = min(near, key=lambda visit: abs(visit.start + visit.length // 2 - time))
            within = min(max(time - nearest.start, 0), nearest.length - 1)
            return nearest.event.start + within // MOMENT
        return self._course.at(time)


class Walked:
    """The sound of a walk through a recording."""

    channels = 2
    _KEPT: Final = 4

    def __init__(self, walk: Walk, reader: Reader) -> None:
        """Take a walk and what it goes through."""
        self._walk, self._reader, self._fade = walk, reader, walk.fade
        self._sounds: OrderedDict[int, Frames] = OrderedDict()
        self._gains: OrderedDict[int, tuple[F32, F32]] = OrderedDict()

    def second(self, k: int) -> Frames:
        """Return samples [k, k + 1) * GRID."""
        return self.read(k * GRID, GRID)

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        out = silence(n, 2)
        for i in self._walk.steps(start, start + n):
            sound = self._faded(i)
            begin = self._walk.stretch(i).start - self._fade // 2
            low, high = max(begin, start), min(begin + len(sound), start + n)
            if low < high:
                out[low - start : high - start] += sound[low - begin : high - begin]
        return out

    def _faded(self, i: int) -> Frames:
        """Return the sound of step `i`, its joins included, faded at both ends."""
        if i not in self._sounds:
            sound = self._raw(i).copy()
            sound[: self._fade] *= self._joined(i - 1)[1]
            sound[len(sound) - self._fade :] *= self._joined(i)[0]
            self._sounds[i] = sound
            if len(self._sounds) > self._KEPT:
                self._sounds.popitem(last=False)
        return self._sounds[i]

    def _joined(self, i: int) -> tuple[F32, F32]:
        """Return the gains of the join from step `i` to the next."""
        if i not in self._gains:
            start = self._walk.stretch(i).end - self._fade // 2
            one, other = (
                self._reader.read(start + self._walk.stretch(step).shift, self._fade)
                for step in (i, i + 1)
            )
            self._gains[i] = fade_gains(one, other)
            if len(self._gains) > self._KEPT:
                self._gains.popitem(last=False)
        return self._gains[i]

    def _raw(self, i: int) -> Frames:
        stretch, half = self._walk.stretch(i), self._fade // 2
        start = stretch.start - half + stretch.shift
        return self._reader.read(start, stretch.end - stretch.start + 2 * half)


class Visited:
    """A ground into which events are laid, each as it was recorded."""

    channels = 2
    _KEPT: Final = 4

    def __init__(self, ground: BlockSource, recurrence: Recurrence, reader: Reader) -> None:
        """Take the ground, when events come, and where they are read."""
        self._ground, self._recurrence, self._reader = ground, recurrence, reader
        self._laid: OrderedDict[int, Frames] = OrderedDict()

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n)."""
        out = self._ground.read(start, n)
        for visit in self._recurrence.visits(start - _EVENT_FADE, start + n + _EVENT_FADE):
            if visit.start < _EVENT_FADE:
                continue
            sound, begin = self._sound(visit), visit.start - _EVENT_FADE
            low, high = max(begin, start), min(begin + len(sound), start + n)
            if low < high:
                out[low - start : high - start] = sound[low - begin : high - begin]
        return out

    def _sound(self, visit: Visit) -> Frames:
        """Return what is heard from a fade before the event to a fade after it."""
        if visit.start not in self._laid:
            source = visit.event.start * MOMENT - _EVENT_FADE
            sound = self._reader.read(source, visit.length + 2 * _EVENT_FADE)
            before = self._ground.read(visit.start - _EVENT_FADE, _EVENT_FADE)
            after = self._ground.read(visit.end, _EVENT_FADE)
            head, tail = sound[:_EVENT_FADE].copy(), sound[-_EVENT_FADE:].copy()
            falling, rising = fade_gains(before, head)
            sound[:_EVENT_FADE] = before * falling + head * rising
            falling, rising = fade_gains(tail, after)
            sound[-_EVENT_FADE:] = tail * falling + after * rising
            self._laid[visit.start] = sound
            if len(self._laid) > self._KEPT:
                self._laid.popitem(last=False)
        return self._laid[visit.start]
