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


def test_progress_draws_bars_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(screen.err, "_force_terminal", True)
    monkeypatch.setattr(screen.err, "is_interactive", True)
    progress = screen.Progress()
    with progress.shown():
        tick = progress.stage("mixing", 4)
        tick(2)
        progress.note("half way")
        progress._bars.refresh()
    said = capsys.readouterr().err
    assert "half way" in said
    assert "mixing" in said


def test_a_library_without_recipes_is_said_by_the_doctor(tmp_path, undersong, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "undersong init" in undersong("doctor").out


def test_init_into_a_folder_that_cannot_be_is_a_clear_error(tmp_path, undersong):
    (tmp_path / "file").write_text("")
    outcome = undersong("init", tmp_path / "file" / "library")
    assert outcome.code == 7
    assert "cannot write" in outcome.err
