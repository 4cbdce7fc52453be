"""How a build is shown: live on a terminal, plain lines elsewhere, or JSON events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, Self

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from undersong.batch.clock import Clock
from undersong.batch.events import Begun, Event, Failed, Made, Noted, Reached, as_json
from undersong.cli.screen import err, writable
from undersong.units import format_seconds


class Reporter(Protocol):
    """Whoever tells a maker what happens."""

    def tell(self, event: Event) -> None:
        """Take one event."""
        ...


@contextmanager
def reporter(clock: Clock, *, machine: bool) -> Iterator[Reporter]:
    """Yield the reporter that suits: events as JSON, a live view, or plain lines."""
    if machine:
        yield _Machine()
    elif err.is_terminal:
        with _View(clock) as view:
            yield view
    else:
        yield _Lines(clock)


class _Machine:
    def tell(self, event: Event) -> None:
        print(json.dumps(as_json(event), ensure_ascii=True), flush=True)


class _Lines:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def tell(self, event: Event) -> None:
        self._clock.take(event)
        for line in lines_of(event, self._clock):
            err.print(line, markup=False)


def lines_of(event: Event, clock: Clock) -> Iterator[str]:
    """Yield what is said of an event in words, if anything."""
    count = f"[{clock.done}/{clock.total}]"
    match event:
        case Made(slug=slug, rendered=True):
            length = format_seconds(event.facts["length_s"])
            draft = ", draft" if event.facts["draft"] else ""
            took = f"{event.facts['engine']}{draft}, in {event.wall_s:.1f} s"
            yield f"{count} {slug}: {length}, {took}"
        case Made(slug=slug):
            yield f"{count} {slug}: its files are as they should be"
        case Failed(slug=slug):
            yield writable(f"{count} {slug} failed: {event.message}")
            yield from (writable(f"  {text}") for text in (event.hint, event.log) if text)
        case Noted(slug=slug, text=text):
            yield writable(f"{slug}: {text}")
        case _:
            return


class _View:
    """All tracks on one bar, the workers with their stages below it, failures as they come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rest]}"),
            console=err,
        )
        self._task = self._bars.add_task("building", total=clock.total, rest="")
        self._stages: dict[int, tuple[str, str, float]] = {}
        self._live = Live(self._shown(), console=err, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, event: Event) -> None:
        self._clock.take(event)
        match event:
            case Begun(slug=slug, worker=worker):
                self._stages[worker] = (slug, "starting", 0.0)
            case Reached(slug=slug, worker=worker):
                self._stages[worker] = (slug, event.stage, event.share)
            case _:
                self._stages = {w: s for w, s in self._stages.items() if s[0] != event.slug}
                for line in lines_of(event, self._clock):
                    style = "red" if isinstance(event, Failed) else None
                    self._live.console.print(Text(line, style or ""))
        self._bars.update(self._task, completed=self._clock.done, rest=self._clock.outlook())
        self._live.update(self._shown())

    def _shown(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        grid.add_row(self._bars)
        for worker, row in sorted(self._stages.items()):
            grid.add_row(_row(worker, row))
        return grid


def _row(worker: int, stage: tuple[str, str, float]) -> Text:
    slug, name, share = stage
    return Text(f"  {worker + 1}  {slug:<40.40}  {name:<22} {share:>4.0%}", "dim")
