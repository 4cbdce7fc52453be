"""Parts with known lengths become parts with places."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from msgspec import Struct

from undersong.timeline.course import Exact, Mark, Part, Speech, Stretch
from undersong.timeline.model import Gap, Phrase
from undersong.units import Samples, to_samples


class Placed(Struct, frozen=True, kw_only=True):
    """A part that fills [start, end); a mark fills nothing."""

    part: Part
    start: Samples
    end: Samples


class _Clock:
    """Whole samples plus exact seconds: a run of exact times is rounded as one, so never drifts."""

    def __init__(self) -> None:
        self._anchor = 0
        self._seconds = Fraction(0)

    @property
    def now(self) -> Samples:
        return Samples(self._anchor + to_samples(self._seconds))

    def pass_samples(self, n: int) -> None:
        self._anchor, self._seconds = self.now + n, Fraction(0)

    def pass_seconds(self, seconds: Fraction) -> None:
        self._seconds += seconds


def place(parts: Sequence[Part], stretches: Iterable[int]) -> tuple[Placed, ...]:
    """Lay the parts end to end from 0; `stretches` are lengths in samples of the elastic ones."""
    clock, lengths = _Clock(), iter(stretches)
    placed = []
    for part in parts:
        start = clock.now
        match part:
            case Speech():
                clock.pass_samples(part.take.speech)
            case Exact():
                clock.pass_seconds(part.seconds)
            case Stretch():
                clock.pass_samples(next(lengths))
            case Mark():
                pass
        placed.append(Placed(part=part, start=start, end=clock.now))
    return tuple(placed)


def speech_of(placed: Placed) -> Speech | None:
    """Return what is said from the start of a placed part."""
    match placed.part:
        case Speech():
            return placed.part
        case Exact():
            return placed.part.speech
        case Stretch() | Mark():
            return None


def phrases(placed: Iterable[Placed]) -> tuple[Phrase, ...]:
    """Return all placed speech in order."""
    return tuple(_phrase(p, said) for p in placed if (said := speech_of(p)))


def gaps(placed: Iterable[Placed]) -> tuple[Gap, ...]:
    """Return every span in which nobody speaks; with the phrases they tile the track."""
    return tuple(gap for p in placed for gap in _gap(p))


def _phrase(p: Placed, said: Speech) -> Phrase:
    return Phrase(
        utterance=said.utterance.index,
        text=said.utterance.text,
        start=p.start,
        end=Samples(p.start + said.take.speech),
        lead=said.take.lead,
        tail=said.take.tail,
        level_lufs=said.take.level_lufs,
        position=said.utterance.position,
    )


def _gap(p: Placed) -> tuple[Gap, ...]:
    if not isinstance(p.part, Exact | Stretch):
        return ()
    said = speech_of(p)
    start = Samples(p.start + (said.take.speech if said else 0))
    elastic = isinstance(p.part, Stretch)
    gap = Gap(kind=p.part.kind, start=start, end=p.end, elastic=elastic, position=p.part.position)
    return (gap,) if start < p.end else ()
