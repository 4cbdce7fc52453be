import subprocess
import sys

import numpy as np
import pytest
import soundfile

from undersong import __version__
from undersong.cli.commands import COMMANDS, application


def named(app):
    groups = [group.typer_instance.info.name for group in app.registered_groups]
    return {*(command.name for command in app.registered_commands), *groups}


def test_every_module_adds_the_command_of_its_name():
    assert named(application()) == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan", "rest"], {"plan"}),
        (["--debug", "voices", "list"], {"voices"}),
        (["--help"], set(COMMANDS)),
        (["plann"], set(COMMANDS)),
        (["screen"], set(COMMANDS)),
    ],
)
def test_only_the_command_that_runs_is_imported_and_described(words, told):
    assert named(application(words)) == told


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)])
def test_help_is_there_for_every_command(undersong, words):
    outcome = undersong(*words, "--help")
    assert outcome.code == 0
    assert "Usage:" in outcome.out


@pytest.mark.parametrize("words", [["--help"], ["render", "--help"], ["--version"]])
def test_help_needs_no_numpy(words):
    script = (
        "import sys\nfrom undersong.cli import _run\n"
        f"code = _run({words!r})\n"
        "heavy = {'numpy', 'scipy', 'soundfile', 'soxr', 'ruamel', 'librosa'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)\nsys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("words", [["--version"], ["measure", "sound.wav"]])
def test_what_reads_no_file_of_makers_loads_no_pydantic(words, tmp_path):
    soundfile.write(tmp_path / "sound.wav", np.full((4800, 1), 0.1), 48_000)
    script = (
        "import sys\nfrom undersong.cli import _run\n"
        f"code = _run({words!r})\n"
        "print(sorted({'pydantic', 'rich'} & set(sys.modules)), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_version_is_said(undersong):
    assert undersong("--version").out.strip() == f"undersong {__version__}"


def test_an_unknown_command_is_wrong_usage(undersong):
    outcome = undersong("rendr")
    assert outcome.code == 2
    assert "rendr" in outcome.err


def test_a_bug_is_one_sentence_unless_debugged(undersong, monkeypatch):
    def broken(_path):
        raise ZeroDivisionError("a planted bug")

    monkeypatch.setattr("undersong.cli.tracks.find_recipe", broken)
    outcome = undersong("plan", "rest")
    assert (outcome.code, "Traceback" in outcome.err) == (1, False)
    assert "a planted bug" in outcome.err
    assert "Traceback" in undersong("--debug", "plan", "rest").err


def test_an_interrupt_exits_with_130(undersong, monkeypatch):
    def interrupted(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr("undersong.cli.tracks.find_recipe", interrupted)
    outcome = undersong("plan", "rest")
    assert outcome.code == 130
    assert "Stopped" in outcome.err
