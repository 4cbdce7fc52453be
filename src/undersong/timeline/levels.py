"""Where the script moves the bed up or down, whatever bed it is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from undersong.errors import Fault
from undersong.recipes.model import BedLevel, Recipe
from undersong.timeline.course import Mark
from undersong.timeline.model import LevelMove
from undersong.timeline.place import Placed
from undersong.timeline.scenes import SHORTEST_FADE
from undersong.units import Samples, format_seconds, to_samples, to_seconds


def levels(placed: Iterable[Placed]) -> tuple[LevelMove, ...]:
    """Return all moves; call `level_faults` first, for they must not overlap."""
    return tuple(_move(start, mark) for start, mark in _marks(placed))


def level_faults(recipe: Recipe, placed: Sequence[Placed]) -> Iterator[Fault]:
    """Yield a fault for every move that is not over when the next one comes."""
    for (start, mark), (after, _) in pairwise(_marks(placed)):
        if _move(start, mark).end > after:
            there_is = format_seconds(to_seconds(after - start))
            yield Fault(
                file=recipe.path,
                line=mark.position.line,
                column=mark.position.column,
                message=f"the bed is not there yet when its next change comes, {there_is} later",
                seen=f"over {format_seconds(mark.over)}",
                legal=f"over at most {there_is}, or more time before the next change",
            )


def _marks(placed: Iterable[Placed]) -> Iterator[tuple[Samples, BedLevel]]:
    for p in placed:
        if isinstance(p.part, Mark) and isinstance(p.part.cue, BedLevel):
            yield p.start, p.part.cue


def _move(start: Samples, mark: BedLevel) -> LevelMove:
    end = Samples(start + to_samples(max(mark.over, SHORTEST_FADE)))
    return LevelMove(start=start, end=end, gain_db=mark.gain_db)
