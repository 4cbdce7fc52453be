"""What commands print: results to standard output, everything else to standard error."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from undersong.errors import UndersongError
from undersong.files import finite

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bars

_TAB: Final = 8
_SILENT: Final = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""Characters that would move a terminal's cursor, or ring its bell: they are not shown."""


class Screen:
    """Standard output or standard error: drawn by rich on a terminal, elsewhere plain lines.

    Where nobody looks rich would only pass the text on, and it takes a tenth of our start-up.
    """

    def __init__(self, *, error: bool) -> None:
        """Choose standard error, or standard output."""
        self._error = error

    @cached_property
    def console(self) -> "Console":
        """Whoever draws."""
        from rich.console import Console

        return Console(stderr=self._error, highlight=False, soft_wrap=True, emoji=False)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks."""
        return not self._is_plain() and self.console.is_terminal

    def print(self, what: "RenderableType" = "", *, style: str | None = None) -> None:
        """Print text as it is, or something that rich can draw, and end the line."""
        stream = self._stream()
        if stream is None or not isinstance(what, str) or not self._is_plain():
            self.console.print(what, style=style, markup=False)
            return
        try:
            stream.write(f"{what.translate(_SILENT).expandtabs(_TAB)}\n")
            stream.flush()
        except BrokenPipeError:
            self.console.on_broken_pipe()

    def _is_plain(self) -> bool:
        """Whether there is certainly no terminal; rich looks closer where there may be one."""
        asked = os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE")
        stream = self._stream()
        return stream is not None and not asked and not stream.isatty()

    def _stream(self) -> Any:  # noqa: ANN401 - a text stream, or None where it was closed
        return sys.stderr if self._error else sys.stdout


out = Screen(error=False)
err = Screen(error=True)


def complain(error: UndersongError) -> None:
    """Print one clear message and its hint to standard error."""
    err.print(writable(error.message), style="red")
    if error.hint:
        err.print(writable(error.hint))


def writable(text: str) -> str:
    r"""Return text that any stream can encode: halves of characters become `\\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def print_json(value: Any) -> None:  # noqa: ANN401 - JSON is any nesting of plain values
    """Print `value` as JSON for machines; infinities become null."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(finite(value), indent=2, ensure_ascii=plain))


class Progress:
    """Shows the stages of one track: live bars on a terminal, plain lines elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Make a display; `quiet` shows nothing (for `--json`)."""
        self._quiet = quiet
        self._bars = _bars() if err.is_terminal and not quiet else None

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """Show the display while the block runs."""
        with self._bars or nullcontext():
            yield self

    def stage(self, name: str, total: int) -> Callable[[int], None]:
        """Begin a stage of `total` steps; the returned function takes steps done."""
        bars = self._bars
        if bars is None:
            if not self._quiet:
                err.print(f"  {name} …")
            return lambda _steps: None
        task = bars.add_task(name, total=max(total, 1))
        return lambda steps: bars.advance(task, steps)

    def note(self, text: str) -> None:
        """Say something worth knowing in between."""
        if not self._quiet:
            err.print(text)


def _bars() -> "Bars":
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=err.console,
        transient=True,
    )
