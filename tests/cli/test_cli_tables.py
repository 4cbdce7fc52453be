"""Tables: the same cells whoever draws them."""

from io import StringIO

import pytest
from rich.console import Console

from undersong.cli import tables
from undersong.cli.tables import table

COLUMNS = ("at>", "what", "end>")
ROWS = [
    ["1.00", "short", "x"],
    ["12.25", "a longer text", "\N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C}"],
    ["3", "cafe\N{COMBINING ACUTE ACCENT}", "[bold]tail"],
]


class Terminal:
    is_terminal = True


def drawn(what):
    file = StringIO()
    Console(file=file, width=200, markup=False).print(what)
    return file.getvalue().removesuffix("\n")


@pytest.mark.parametrize("title", ["", "Moves"])
@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
def test_lines_are_those_that_a_terminal_shows(title, rows, monkeypatch):
    lines = table(title, COLUMNS, rows)
    assert isinstance(lines, str)
    monkeypatch.setattr(tables, "out", Terminal)
    shown = table(title, COLUMNS, rows)
    assert not isinstance(shown, str)
    assert [line.rstrip() for line in drawn(shown).split("\n")] == [
        line.rstrip() for line in lines.split("\n")
    ]


def test_a_row_is_one_line_however_long():
    lines = table("", ("file", "levels>"), [["a" * 300, "-18.0"]]).split("\n")
    assert [line.split() for line in lines] == [["file", "levels"], ["a" * 300, "-18.0"]]
    assert len({len(line) for line in lines}) == 1
