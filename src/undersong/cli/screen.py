"""What commands print: results to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from undersong.errors import UndersongError
from undersong.files import finite

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(error: UndersongError) -> None:
    """Print one clear message and its hint to standard error."""
    err.print(writable(error.message), style="red", markup=False)
    if error.hint:
        err.print(writable(error.hint), markup=False)


def writable(text: str) -> str:
    r"""Return text that any stream can encode: halves of characters become `\\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def print_json(value: Any) -> None:  # noqa: ANN401 - JSON is any nesting of plain values
    """Print `value` as JSON for machines; infinities become null."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(finite(value), indent=2, ensure_ascii=plain))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a plain table; columns whose name ends in `>` are right-aligned."""
    heading = Text(title, "bold") if title else None
    grid = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        grid.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))  # text is not markup
    return grid


class Progress:
    """Shows the stages of one track: live bars on a terminal, plain lines elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Make a display; `quiet` shows nothing (for `--json`)."""
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        self._quiet = quiet
        self._live = err.is_terminal and not quiet
        self._bars = Bars(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not self._live,
        )

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """Show the display while the block runs."""
        with self._bars:
            yield self

    def stage(self, name: str, total: int) -> Callable[[int], None]:
        """Begin a stage of `total` steps; the returned function takes steps done."""
        if not self._live:
            if not self._quiet:
                err.print(f"  {name} …", markup=False)
            return lambda _steps: None
        task = self._bars.add_task(name, total=max(total, 1))
        return lambda steps: self._bars.advance(task, steps)

    def note(self, text: str) -> None:
        """Say something worth knowing in between."""
        if not self._quiet:
            err.print(text, markup=False)
