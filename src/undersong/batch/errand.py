"""What workers are asked to do, and who they are; nothing here makes a sound."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

from msgspec import Struct

from undersong.batch.events import Event
from undersong.batch.model import Choice


class Errand(Struct, frozen=True, kw_only=True):
    """A track to be made: everything a worker needs, as plain values.

    Attributes:
        root: folder of the library.
        force: render even what is as it should be.
        inputs: files and folders it is made from, seen from `root` where they lie below it.
    """

    slug: str
    root: Path
    recipe: Path
    folder: Path
    cache: Path
    choice: Choice
    force: bool = False
    inputs: tuple[str, ...] = ()


class Workers(Protocol):
    """Whoever makes tracks: processes here, or a farm. A context, which ends them all."""

    def __enter__(self) -> Self:
        """Get ready."""
        ...

    def __exit__(self, *_: object) -> None:
        """Begin nothing more, and leave nothing half made."""
        ...

    def run(self, errands: Sequence[Errand]) -> Iterator[Event]:
        """Yield what happens until every errand has ended; each ends in `Made` or `Failed`."""
        ...
