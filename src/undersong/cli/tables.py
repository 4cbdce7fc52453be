"""Tables: drawn by rich on a terminal, elsewhere as aligned lines, each row on one."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final
from unicodedata import category, east_asian_width

from undersong.cli.screen import out

if TYPE_CHECKING:
    from rich.console import RenderableType

_GAP: Final = "  "
_WIDE: Final = frozenset("WF")
_UNSEEN: Final = frozenset({"Mn", "Me", "Cf", "Cc"})


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> "RenderableType":
    """Return a plain table; columns whose name ends in `>` are right-aligned."""
    return _drawn(title, columns, rows) if out.is_terminal else _aligned(title, columns, rows)


def _aligned(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    names = [name.rstrip(">") for name in columns]
    widths = [max(map(_width, cells)) for cells in zip(names, *rows, strict=True)]
    right = [name.endswith(">") for name in columns]
    lines = (_GAP.join(_padded(cells, widths, right)) for cells in chain([names], rows))
    return "\n".join(chain([title] if title else [], lines))


def _padded(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    for cell, width, to_the_right in zip(cells, widths, right, strict=True):
        room = " " * (width - _width(cell))
        yield room + cell if to_the_right else cell + room


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    shown = (sign for sign in text if category(sign) not in _UNSEEN)
    return sum(2 if east_asian_width(sign) in _WIDE else 1 for sign in shown)


def _drawn(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    heading = Text(title, "bold") if title else None
    grid = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        grid.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))  # text is not markup
    return grid
