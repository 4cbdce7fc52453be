"""Sounds at places: who makes them, when they come, and where they are.

A sound is drawn, placed and rendered whole from its number in the rhythm of its maker, so any of
them can be made on its own.
"""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from undersong.ambience.place import LONGEST, Ear, Place
from undersong.ambience.rhythm import Rhythm
from undersong.audio import GRID, Frames, silence
from undersong.dsp.noise import Stream, Values
from undersong.units import SAMPLE_RATE

Rng = np.random.Generator

_GAP_S = 0.6
"""A maker is silent for at least this long between two of its sounds."""

_VISIT = 7
"""Beats that a maker stays at one place."""

_NEARER = 1.4
"""Rather near than far: what is far is less often heard."""

_KEEP = 24
"""Rendered sounds kept in memory, about 1.5 MB each: more than ever sound at once."""


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of sound-maker.

    Attributes:
        phrase: draws one phrase: dry, mono, at `PHRASE_RATE_HZ`, at any level.
        level_db: its level among the others; 0 is the loudest that is allowed.
        near: the least distance at which it is met, 0 to 1 of the place's depth.
        share: how readily it sounds.
        period_s: mean distance of its chances to sound.
        length_s: no phrase is longer.
        regular: whether it keeps a beat, as a drip does, or comes when it likes, as birds do.
    """

    phrase: Callable[[Rng], Values]
    level_db: float = 0.0
    near: float = 0.15
    share: float = 1.0
    period_s: float = 12.0
    length_s: float = 3.4
    regular: bool = False


class Maker(Struct, frozen=True, kw_only=True):
    """One bird, one tree that creaks, one crack that drips.

    Attributes:
        kind: what it is.
        stream: where its choices come from.
        share: of its beats on which it sounds.
        pace: its period against its kind's; no two makers of a place have the same.
        phase: of its first beat, in periods.
    """

    kind: Kind
    stream: Stream
    share: float
    pace: float
    phase: float

    @classmethod
    def of(cls, kind: Kind, stream: Stream, share: float) -> "Maker":
        """Return a maker with a pace and a phase of its own."""
        pace, phase = stream.child("pace").uniform(0, 2)
        return cls(kind=kind, stream=stream, share=share, pace=0.8 + 0.5 * pace, phase=phase)

    @property
    def rhythm(self) -> Rhythm:
        """When it may sound."""
        regular = self.kind.regular
        return Rhythm(
            stream=self.stream.child("rhythm"),
            period_s=self.kind.period_s * self.pace,
            phase=self.phase,
            wander=0.8 if regular else 0.0,
            jitter=0.06 if regular else 1.0,
        )

    def sounds(self, beat: int) -> bool:
        """Whether it sounds on a beat: rather in some visits than in others, never over itself."""
        mood = 2.0 * float(self.stream.child("mood").uniform(beat // _VISIT, 1)[0])
        if self.stream.child("sounds").uniform(beat, 1)[0] >= self.share * mood:
            return False
        before_s, start_s = self.rhythm.times_s(beat - 1, 2)
        return bool(start_s - before_s > self.kind.length_s + _GAP_S)

    def spot(self, beat: int) -> tuple[float, float]:
        """Return where it is: from left (-1) to right (1), and from near (0) to far (1)."""
        rng = self.stream.child("spot").rng(0 if self.kind.regular else beat // _VISIT)
        side, far = rng.uniform(-1.0, 1.0), rng.uniform() ** _NEARER
        return float(side), float(self.kind.near + (1.0 - self.kind.near) * far)


class Grove:
    """All makers of a place; `block(k)` is what they sound in second `k`, stereo."""

    def __init__(
        self, makers: tuple[Maker, ...], place: Place, stream: Stream, nearest_lufs: float
    ) -> None:
        """Take the makers; `nearest_lufs` is the loudest moment (400 ms) of the nearest sound."""
        self._makers = [(maker, maker.rhythm) for maker in makers]
        self._ear = Ear(place, stream.child("answer"))
        self._nearest_lufs = nearest_lufs
        self._kept: OrderedDict[tuple[int, int], Frames] = OrderedDict()

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        out, first = silence(GRID, 2), k * GRID
        reach_s = LONGEST / SAMPLE_RATE
        for index, (maker, rhythm) in enumerate(self._makers):
            for beat, start_s in zip(*rhythm.between(k - reach_s, k + 1.0), strict=True):
                if not maker.sounds(int(beat)):
                    continue
                offset = int(start_s * SAMPLE_RATE) - first
                if offset >= GRID:
                    continue
                sound = self._sound(index, int(beat))
                first_here = max(offset, 0)
                part = sound[first_here - offset : GRID - offset]
                out[first_here : first_here + len(part)] += part
        return out

    def _sound(self, index: int, beat: int) -> Frames:
        key = (index, beat)
        if key not in self._kept:
            self._kept[key] = self._render(self._makers[index][0], beat)
            if len(self._kept) > _KEEP:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _render(self, maker: Maker, beat: int) -> Frames:
        side, far = maker.spot(beat)
        rng = maker.stream.child("phrase").rng(beat)
        phrase = maker.kind.phrase(rng)
        level_lufs = self._nearest_lufs + maker.kind.level_db - rng.uniform(0.0, 2.0)
        return self._ear.hear(phrase, side, far, level_lufs)
