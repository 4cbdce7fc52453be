"""Puts cues in order and decides which pause stands at each place.

At any place there is one pause: what the maker asks for (a pause, a breath, a sound that is
waited for) replaces what punctuation and layout imply; of several implied ones the highest wins.
Nothing is implied before the first thing that sounds or after the last one.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import Final

from msgspec import Struct, field

from undersong.recipes import breath
from undersong.recipes.marks import Breath, Placed
from undersong.recipes.model import (
    BedLevel,
    Cue,
    ElasticPause,
    Heading,
    Pause,
    PauseKind,
    Position,
    SceneChange,
    SoundCue,
    Utterance,
    Word,
)
from undersong.recipes.spans import Manner

_RANK: Final[Mapping[PauseKind, int]] = {"comma": 0, "sentence": 1, "paragraph": 2, "section": 3}
"""Of several pauses that are implied at one place, the highest wins."""


class Assembly(Struct, kw_only=True):
    """Cues so far, and what is pending between the last thing that sounded and the next.

    Attributes:
        language: of guided breaths.
        cues: settled, in order.
    """

    language: str
    cues: list[Cue] = field(default_factory=list)
    _pending: list[Cue] = field(default_factory=list)
    _implied: ElasticPause | None = None
    _implied_at: int = 0  # index in `_pending`
    _asked: bool = False  # the maker asked for a pause at this place
    _here: Position | None = None  # after the last thing that sounded; None before the first
    _indices: Iterator[int] = field(default_factory=count)

    def say(self, words: Sequence[Word], manner: Manner, end: Position) -> None:
        """Append an utterance; `end` is the place after its last word."""
        self._settle()
        self.cues.append(
            Utterance(
                index=next(self._indices),
                words=tuple(words),
                position=words[0].position,
                language=manner.language,
                rate=manner.rate,
                voice=manner.voice,
            )
        )
        self._here = end

    def imply(self, kind: PauseKind, weight: Fraction = Fraction(1)) -> None:
        """Note that punctuation or layout want a pause here."""
        if self._here is None or self._asked:
            return
        if self._implied is None:
            self._implied_at = len(self._pending)
        elif (_RANK[self._implied.kind], self._implied.weight) >= (_RANK[kind], weight):
            return
        self._implied = ElasticPause(kind=kind, weight=weight, position=self._here)

    def place(self, cue: Placed | Heading) -> None:
        """Append what a mark or a heading means."""
        if isinstance(cue, SoundCue):
            self._settle()
            self.cues.append(cue)
            self._asked = cue.hold != 0  # waiting for the sound is a pause already
            self._here = cue.position
        elif isinstance(cue, Heading | SceneChange | BedLevel):
            self._pending.append(cue)
        else:
            self._ask(cue)

    def finish(self) -> tuple[Cue, ...]:
        """Return all cues."""
        return (*self.cues, *self._pending)

    def _ask(self, cue: Pause | ElasticPause | Breath) -> None:
        if not isinstance(cue, Breath):
            self._implied, self._asked = None, True
            self._pending.append(cue)
            return
        self._settle()  # a breath is spoken: what leads up to it keeps its pause
        found = tuple(breath.phases(cue, self.language, self._indices.__next__))
        self.cues += found
        self._here, self._asked = found[0].position, True  # and its last phase is a pause already

    def _settle(self) -> None:
        """Something sounds now: decide what comes before it."""
        if self._implied is not None:
            self._pending.insert(self._implied_at, self._implied)
        self.cues += self._pending
        self._pending, self._implied, self._asked = [], None, False
