import sys
import types

import numpy as np
import pytest
import soundfile

from undersong.preview.player import PLAYERS, PlayingError, _program, find_player


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without any player."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    return folder


def install(folder, name):
    """Put a program of this name on the path that writes down what it was asked to play."""
    log = folder / "played.txt"
    program = folder / name
    program.write_text(f'#!/bin/sh\nfor last; do :; done\necho "{name} $last" >> {log}\n')
    program.chmod(0o755)
    return log


def test_the_first_player_found_plays(bare):
    install(bare, "ffplay")
    log = install(bare, "mpv")
    player = find_player()
    assert player is not None
    player.play(bare / "span.wav")
    assert log.read_text() == f"mpv {bare / 'span.wav'}\n"


def test_a_device_that_refuses_is_told(bare, monkeypatch, tmp_path):
    stub = types.ModuleType("sounddevice")
    stub.PortAudioError = type("PortAudioError", (Exception,), {})

    def refuse(*_args, **_options):
        raise stub.PortAudioError("Error querying device -1")

    stub.play = refuse
    monkeypatch.setitem(sys.modules, "sounddevice", stub)
    soundfile.write(tmp_path / "a.wav", np.zeros((100, 2), np.float32), 48_000)
    with pytest.raises(PlayingError, match="querying device"):
        find_player().play(tmp_path / "a.wav")


def test_a_program_that_fails_is_told(tmp_path):
    with pytest.raises(PlayingError):
        _program("false").play(tmp_path / "a.wav")


def test_sounddevice_plays_where_it_is_installed(bare, monkeypatch, tmp_path):
    played = []
    stub = types.ModuleType("sounddevice")
    stub.__spec__ = types.SimpleNamespace(name="sounddevice")
    stub.play = lambda frames, rate, blocking: played.append((frames.shape, rate, blocking))
    monkeypatch.setitem(sys.modules, "sounddevice", stub)
    path = tmp_path / "span.wav"
    soundfile.write(path, np.zeros((480, 2)), 48_000)
    player = find_player()
    assert player is PLAYERS[-1]
    player.play(path)
    assert played == [((480, 2), 48_000, True)]


def test_no_player_is_no_error(bare, monkeypatch):
    monkeypatch.delitem(sys.modules, "sounddevice")
    assert find_player() is None


def test_preview_plays_through_the_player(library, undersong, bare):
    log = install(bare, "mpv")
    outcome = undersong("preview", "rest", "--for", "1s")
    assert outcome.code == 0, outcome.err
    assert log.read_text().endswith("rest-preview.wav\n")


def test_a_player_that_fails_leaves_the_file(library, undersong, bare):
    (bare / "mpv").write_text("#!/bin/sh\nexit 3\n")
    (bare / "mpv").chmod(0o755)
    outcome = undersong("preview", "rest", "--for", "1s")
    assert outcome.code == 0
    assert "mpv could not play it" in outcome.out
    assert (library / "build" / "rest-preview.wav").is_file()
