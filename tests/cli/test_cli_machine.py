import json
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from undersong.cli import machine

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOW, None),
        (NOW - timedelta(hours=20), None),
        (NOW + timedelta(days=4000), None),
        (NOW - timedelta(days=2), "files here are of 2026-11-21"),
        (datetime(1970, 1, 1, tzinfo=UTC), "it says 1970-01-01 00:00"),
        (datetime(2222, 1, 1, tzinfo=UTC), "it says 2222"),
    ],
)
def test_a_clock_is_wrong_when_files_are_from_its_future(now, words):
    why = machine.wrong_clock(now, NOW)
    assert why is None if words is None else words in str(why)


def test_the_newest_file_counts(tmp_path):
    import os  # noqa: PLC0415 - only here

    for name, seconds in (("old", 1000), ("new", 2000)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (seconds, seconds))
    assert machine.newest(tmp_path.iterdir()) == datetime.fromtimestamp(2000, UTC)


def test_a_proxy_is_what_must_be_reached():
    assert machine.gate("a.b", {}) == ("a.b", 443)
    assert machine.gate("a.b", {"https": "http://proxy:3128"}) == ("proxy", 3128)
    assert machine.gate("a.b", {"https": "http://proxy"}) == ("proxy", 80)


def test_what_answers_is_reachable_and_what_refuses_is_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert machine.unreachable("127.0.0.1", port) is None
    assert "refused" in str(machine.unreachable("127.0.0.1", port)).lower()


def test_a_name_that_is_looked_up_for_ever_ends_in_time(monkeypatch):
    held = threading.Event()

    def look_up(*_words):
        held.wait(5)
        raise OSError("too late")

    monkeypatch.setattr(machine.socket, "create_connection", look_up)
    assert machine.unreachable("a.b", 443, 0.05) == "no answer within 0.05 s"
    held.set()


@pytest.mark.parametrize(
    ("platform", "cards", "environment", "heard"),
    [
        ("linux", "", {}, False),
        ("linux", "--- no soundcards ---", {}, False),
        ("linux", " 0 [PCH ]: HDA-Intel", {}, True),
        ("linux", "", {"PULSE_SERVER": "tcp:somewhere"}, True),
        ("darwin", "", {}, True),
    ],
)
def test_a_sound_device_is_found(tmp_path, monkeypatch, platform, cards, environment, heard):  # noqa: PLR0913, PLR0917 - one row of the table
    monkeypatch.setattr(machine.sys, "platform", platform)
    (tmp_path / "cards").write_text(cards)
    why = machine.no_sound_device(environment, tmp_path / "cards")
    assert (why is None) == heard


def test_a_sound_server_is_found_by_its_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "linux")
    missing = tmp_path / "cards"
    assert machine.no_sound_device({"XDG_RUNTIME_DIR": str(tmp_path)}, missing) is not None
    (tmp_path / "pipewire-0").write_text("")
    assert machine.no_sound_device({"XDG_RUNTIME_DIR": str(tmp_path)}, missing) is None


@pytest.fixture
def findings(library, undersong, monkeypatch):
    def look():
        outcome = undersong("doctor", "--json")
        return {finding["what"]: finding for finding in json.loads(outcome.out)}

    monkeypatch.setattr(machine, "unreachable", lambda *_: None)
    return look


def test_doctor_covers_clock_network_models_ffmpeg_and_sound(findings):
    found = findings()
    assert {"clock", "network", "neural models", "sound device", "player"} <= found.keys()
    assert found["clock"]["works"] is True
    assert found["network"]["note"] == "speech.platform.bing.com answers"
    assert found["reading m4a, wma, …"]["note"].startswith("ffmpeg version ")
    assert not any(found[what]["needed"] for what in ("clock", "network", "neural models"))


def test_doctor_tells_what_is_wrong_with_each(findings, monkeypatch, library):
    monkeypatch.setattr(machine, "unreachable", lambda *_: "No route to host")
    monkeypatch.setattr(machine, "wrong_clock", lambda *_: "it says 1970")
    monkeypatch.setattr(machine, "no_sound_device", lambda: "no sound card")
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", lambda: "/nowhere/ffmpeg")
    monkeypatch.setenv("https_proxy", "http://wall:8080")
    found = findings()
    assert found["network"]["note"] == "no online voice: wall: No route to host"
    assert found["clock"] == {
        "what": "clock", "works": False, "needed": False, "note": "it says 1970",
    }  # fmt: skip
    assert found["sound device"]["note"] == "no sound card"
    assert "cannot be read" in found["reading m4a, wma, …"]["note"]
    assert "voices add" in found["neural models"]["note"]


def test_doctor_counts_the_models_of_the_library(findings, library):
    (library / "models").mkdir()
    (library / "models" / "calm.onnx").write_bytes(b"x" * 2_000_000)
    assert findings()["neural models"]["note"] == "calm.onnx: 2 MB"


def test_doctor_says_how_the_extra_is_installed(findings, monkeypatch):
    from undersong.voices import onnx_model  # noqa: PLC0415 - only here

    monkeypatch.setattr(onnx_model, "missing_runtime", lambda: onnx_model.EXTRA)
    monkeypatch.setattr("undersong.voices.piper.missing_runtime", lambda: onnx_model.EXTRA)
    engine = findings()["voice engine piper"]
    assert (engine["works"], engine["needed"]) == (False, False)
    assert "pip install 'undersong[neural]'" in engine["note"]
