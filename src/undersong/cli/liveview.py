"""A build as it goes on, on a terminal."""

from typing import Self

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from undersong.batch.clock import Clock
from undersong.batch.events import Begun, Event, Failed, Reached
from undersong.cli.building import lines_of
from undersong.cli.screen import err


class LiveView:
    """All tracks on one bar, the workers with their stages below it, failures as they come."""

    def __init__(self, clock: Clock) -> None:
        """Show nothing yet."""
        self._clock = clock
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rest]}"),
            console=err.console,
        )
        self._task = self._bars.add_task("building", total=clock.total, rest="")
        self._stages: dict[int, tuple[str, str, float]] = {}
        self._live = Live(self._shown(), console=err.console, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        """Begin to show."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show nothing any more."""
        self._live.stop()

    def tell(self, event: Event) -> None:
        """Take one event."""
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
