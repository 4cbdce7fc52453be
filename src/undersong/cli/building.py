"""What is said of a build in words, and who says it."""

from collections.abc import Iterator
from typing import Protocol

from undersong.batch.clock import Clock
from undersong.batch.events import Event, Failed, Made, Noted
from undersong.cli.screen import writable
from undersong.units import format_seconds


class Reporter(Protocol):
    """Whoever tells a maker what happens."""

    def tell(self, event: Event) -> None:
        """Take one event."""
        ...


def lines_of(event: Event, clock: Clock) -> Iterator[str]:
    """Yield what is said of an event in words, if anything."""
    count = f"[{clock.done}/{clock.total}]"
    match event:
        case Made(slug=slug, rendered=True):
            length = format_seconds(event.facts["length_s"])
            draft = ", draft" if event.facts["draft"] else ""
            took = f"{event.facts['engine']}{draft}, in {event.wall_s:.1f} s"
            yield f"{count} {slug}: {length}, {took}"
        case Made(slug=slug, brought=True):
            length = format_seconds(event.facts["length_s"])
            yield f"{count} {slug}: {length}, from the cache, in {event.wall_s:.1f} s"
        case Made(slug=slug):
            yield f"{count} {slug}: its files are as they should be"
        case Failed(slug=slug):
            yield writable(f"{count} {slug} failed: {event.message}")
            yield from (writable(f"  {text}") for text in (event.hint, event.log) if text)
        case Noted(slug=slug, text=text):
            yield writable(f"{slug}: {text}")
        case _:
            return
