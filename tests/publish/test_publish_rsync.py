"""Publishing with rsync, for which a program of ours stands in."""

import json
import os
import time
from pathlib import Path

import pytest
from programs_kit import program
from publish_kit import NOW, edition_of, sound, write_library, write_track
from test_publish_send import assert_whole, go

from undersong import cli
from undersong.errors import PublishError
from undersong.publish.remote import DAEMON_PASSWORD
from undersong.publish.rsync import PARTIAL
from undersong.publish.send import plan, send
from undersong.publish.target import LEFT_S
from undersong.publish.targets import open_target

OVER_SSH = "rsync+ssh://ann@web.example:2222/srv/show"
DAEMON = "rsync://ann@web.example/shows/quiet"
SECRET = "quiet-evening"  # noqa: S105 - of nothing


class StandIn:
    """The program in the stand-in's place: where it keeps files, what it was called with."""

    def __init__(self, folder, web):
        self._how = folder / "rsync_stand_in.json"
        self._calls = folder / "calls"
        self.web = web
        self.tell()

    def tell(self, **more):
        starts = ["ann@web.example:/srv/show/", f"{DAEMON}/", "ann@web.example:show/"]
        how = {"root": str(self.web), "starts": starts, "calls": str(self._calls), **more}
        self._how.write_text(json.dumps(how), encoding="utf-8")

    def calls(self):
        text = self._calls.read_text(encoding="utf-8") if self._calls.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def sends(self):
        return [call for call in self.calls() if "--delay-updates" in call["words"]]


@pytest.fixture
def rsync(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    code = Path(__file__).with_name("rsync_stand_in.py").read_text(encoding="utf-8")
    program(folder / "rsync", code)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("RSYNC_RSH", raising=False)
    monkeypatch.setenv(DAEMON_PASSWORD, SECRET)
    return StandIn(folder, tmp_path / "web")


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest")
    return root


@pytest.mark.parametrize("address", [OVER_SSH, DAEMON, "ann@web.example:show"])
def test_a_show_is_sent_changed_and_sent_again(tmp_path, root, rsync, address):
    target = open_target(address, tmp_path)
    prepared, _ = go(root, target)
    assert_whole(rsync.web)
    assert len(rsync.sends()) == 3
    _, found = go(root, open_target(address, tmp_path), prepared.lock)
    assert found.is_empty
    assert len(rsync.sends()) == 3
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    go(root, open_target(address, tmp_path), prepared.lock)
    assert_whole(rsync.web)


def test_every_byte_is_counted(tmp_path, root, rsync):
    counted = []
    target = open_target(OVER_SSH, tmp_path)
    found = plan(edition_of(root), target, NOW.date())
    send(found, target, counted.append)
    assert sum(counted) == sum(piece.size_bytes for piece in found.writes)
    assert len(counted) > 2


def test_how_rsync_is_called(tmp_path, root, rsync):
    go(root, open_target(OVER_SSH, tmp_path))
    words = rsync.sends()[0]["words"]
    assert words[-3] == "--"
    assert words[-1] == "ann@web.example:/srv/show/"
    shell = words[words.index("-e") + 1]
    assert shell.startswith("ssh -o BatchMode=yes -o StrictHostKeyChecking=yes")
    assert shell.endswith(" -p 2222")
    assert {call["session"] for call in rsync.calls()} == {False}


def test_a_login_is_shared_in_a_folder_of_ours_alone(tmp_path, rsync, monkeypatch):
    target = open_target(OVER_SSH, tmp_path)
    target.size("feed.xml")
    target.close()
    monkeypatch.setattr(os, "getuid", lambda: 123_454_321)
    open_target(OVER_SSH, tmp_path).size("feed.xml")
    ours, other = [call["words"][call["words"].index("-e") + 1] for call in rsync.calls()]
    assert "ControlMaster=auto" in ours
    assert "ControlMaster" not in other
    Path("/tmp/undersong-123454321").rmdir()  # noqa: S108 - where it looked


def test_a_shell_of_ones_own_is_taken(tmp_path, rsync, monkeypatch):
    monkeypatch.setenv("RSYNC_RSH", "ssh -F mine")
    assert open_target(OVER_SSH, tmp_path).size("feed.xml") is None
    words = rsync.calls()[0]["words"]
    assert words[words.index("-e") + 1] == "ssh -F mine -p 2222"


def test_only_a_daemon_is_told_a_password_and_only_by_the_environment(tmp_path, rsync):
    open_target(DAEMON, tmp_path).size("feed.xml")
    (call,) = rsync.calls()
    assert (call["password"], call["session"]) == (SECRET, True)
    assert SECRET not in " ".join(call["words"])


def test_files_go(tmp_path, root, rsync):
    target = open_target(OVER_SSH, tmp_path)
    go(root, target)
    target.delete("feed.json")
    assert target.size("feed.json") is None
    assert not (rsync.web / "feed.json").exists()
    assert (rsync.web / "feed.xml").exists()


def test_leftovers_of_killed_runs_go_after_an_hour(tmp_path, root, rsync):
    folder = rsync.web / "media" / PARTIAL
    folder.mkdir(parents=True)
    for name, age_s in (("old.mp3", LEFT_S + 60), ("new.mp3", 0)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age_s,) * 2)
    go(root, open_target(OVER_SSH, tmp_path))
    assert [path.name for path in folder.iterdir()] == ["new.mp3"]


def test_a_sound_that_changed_behind_its_manifest_is_not_sent(tmp_path, root, rsync):
    path = next(iter((root / "build").glob("*/rest.mp3")))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(PublishError, match="not the file that its manifest notes"):
        go(root, open_target(OVER_SSH, tmp_path))
    assert rsync.sends() == []


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("Host key verification failed.", "not the one in known_hosts"),
        ("ann@web: Permission denied (publickey).", "did not let us in"),
        ("@ERROR: auth failed on module shows", "did not let us in"),
        ("@ERROR: Unknown module 'x'", "no such module"),
        ("rsync: read only file system: module is read only", "read only"),
        ("rsync: write failed: No space left on device (28)", "disk is full"),
        ('rsync: mkdir "x" failed: Permission denied (13)', "does not permit it"),
        ("rsync: --mkpath: unknown option", "too old"),
        ("bash: line 1: rsync: command not found", "has no rsync"),
        ("something else", "something else"),
        ("", "rsync ended with 12"),
    ],
)
def test_what_rsync_complains_of_is_a_sentence(tmp_path, rsync, says, message):
    rsync.tell(code=12, says=says)
    with pytest.raises(PublishError, match=message) as caught:
        open_target(OVER_SSH, tmp_path).size("feed.xml")
    assert caught.value.hint


def test_no_rsync_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PublishError, match="not installed") as caught:
        open_target(DAEMON, tmp_path).size("feed.xml")
    assert "apt install rsync" in caught.value.hint


def test_one_command_publishes_and_says_no_secret(root, rsync, capfd):
    show = ["publish", "--library", str(root), "--to", DAEMON]
    assert cli._run([*show, "--dry-run", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["dry_run"] is True
    assert rsync.sends() == []
    assert cli._run(show) == 0
    assert_whole(rsync.web)
    assert cli._run([*show, "--json"]) == 0
    assert len(rsync.sends()) == 3
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err
