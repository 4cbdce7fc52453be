import io
import runpy
import sys

import pytest

from undersong import cli
from undersong.cli import screen
from undersong.errors import OutputError


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["rendr"], 2)])
def test_main_exits_with_the_code_of_the_command(words, code):
    with pytest.raises(SystemExit) as done:
        cli.main(words)
    assert done.value.code == code


def test_the_module_is_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["undersong", "--version"])
    with pytest.raises(SystemExit):
        runpy.run_module("undersong", run_name="__main__")
    assert capsys.readouterr().out.startswith("undersong ")


def test_a_known_error_shows_a_traceback_only_when_debugged(library, undersong):
    assert "Traceback" not in undersong("plan", "resst").err
    assert "Traceback" in undersong("--debug", "plan", "resst").err


def test_errors_come_with_their_hint(capsys):
    screen.complain(OutputError("cannot write x", hint="free some space"))
    assert capsys.readouterr().err == "cannot write x\nfree some space\n"


@pytest.fixture
def terminal(monkeypatch):
    """Standard error as if somebody looked at it."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(screen, "err", screen.Screen(error=True))


def test_progress_draws_bars_on_a_terminal(terminal, capsys):
    progress = screen.Progress()
    with progress.shown():
        tick = progress.stage("mixing", 4)
        tick(2)
        progress.note("half way")
        progress._bars.refresh()
    said = capsys.readouterr().err
    assert "half way" in said
    assert "mixing" in said


def test_errors_are_red_on_a_terminal(terminal, capsys):
    screen.complain(OutputError("cannot write [x] :bell:"))
    assert capsys.readouterr().err == "\x1b[31mcannot write [x] :bell:\x1b[0m\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[red] stays", "[red] stays"),
        ("a\tb", "a       b"),
        ("rings\a, and\b goes back\r", "rings, and goes back"),
        ("two\nlines", "two\nlines"),
        ("x" * 300, "x" * 300),
    ],
)
def test_plain_lines_are_as_rich_would_write_them(capsys, text, shown):
    screen.out.print(text)
    screen.out.console.print(text, markup=False)
    assert capsys.readouterr().out == f"{shown}\n" * 2


def test_nobody_looking_is_no_terminal(capsys):
    assert not screen.err.is_terminal


def test_a_reader_that_has_gone_ends_the_command(monkeypatch):
    class Gone(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    left = []
    monkeypatch.setattr(sys, "stdout", Gone())
    shown = screen.Screen(error=False)
    monkeypatch.setattr(shown.console, "on_broken_pipe", lambda: left.append(True))
    shown.print("nobody reads this")
    assert left == [True]


def test_a_stream_that_was_closed_shows_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    screen.Screen(error=False).print("nobody reads this")


def test_a_library_without_recipes_is_said_by_the_doctor(tmp_path, undersong, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "undersong init" in undersong("doctor").out


def test_init_into_a_folder_that_cannot_be_is_a_clear_error(tmp_path, undersong):
    (tmp_path / "file").write_text("")
    outcome = undersong("init", tmp_path / "file" / "library")
    assert outcome.code == 7
    assert "cannot write" in outcome.err
