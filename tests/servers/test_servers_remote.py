"""What OpenSSH and an rsync daemon refuse, and what killed runs leave at them."""

import os

import pytest
from machines_kit import make_key
from msgspec.structs import replace
from publish_kit import write_track
from shows_kit import go, wrong

from undersong.errors import PublishError
from undersong.publish.send import STATE
from undersong.publish.target import LEFT_S

pytestmark = pytest.mark.servers

HIDDEN = {"sftp": ".undersong-0123456789abcdef", "ssh": ".undersong-partial/old.mp3"}


@pytest.fixture(params=["sftp", "ssh"])
def secure(request, monkeypatch):
    """A place that is reached over SSH."""
    found = request.getfixturevalue(f"{request.param}_place")
    for name, value in found.env.items():
        monkeypatch.setenv(name, value)
    return found


def test_a_server_that_is_not_known_is_not_talked_to(root, secure, me):
    known = me / ".ssh" / "known_hosts"
    known.write_text("", encoding="utf-8")
    with pytest.raises(PublishError, match="known_hosts"):
        go(root, secure)
    assert known.read_text(encoding="utf-8") == ""
    assert secure.fetch("feed.xml") is None


def test_a_server_with_another_key_than_the_known_one_is_not_talked_to(root, secure, me, sshd):
    make_key(me / "other")
    key = (me / "other.pub").read_text(encoding="utf-8")
    (me / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {key}", encoding="utf-8")
    with pytest.raises(PublishError, match="known_hosts"):
        go(root, secure)


def test_whoever_is_not_let_in_is_told(root, secure, me):
    make_key(me / ".ssh" / "id_ed25519")
    with pytest.raises(PublishError, match="did not let us in"):
        go(root, secure)


def test_a_file_in_the_way_is_told(root, secure, sshd):
    (sshd.home / "file").write_text("", encoding="utf-8")
    inside = f"{secure.address.partition(str(sshd.home))[0]}{sshd.home}/file/show"
    with pytest.raises(PublishError):
        go(root, replace(secure, address=inside))


def test_a_folder_below_home(root, sftp_place, sshd, monkeypatch):
    for name, value in sftp_place.env.items():
        monkeypatch.setenv(name, value)
    go(root, replace(sftp_place, address=f"sftp://{sshd.at}/~/below"))
    assert wrong(lambda path: (sshd.home / "below" / path).read_bytes()) == []


@pytest.mark.parametrize("place", ["sftp", "ssh", "rsync"], indirect=True)
def test_what_killed_runs_left_goes_after_an_hour(root, place, request):
    kind = request.node.callspec.params["place"]
    prepared, _ = go(root, place)
    home = request.getfixturevalue("rsyncd" if kind == "rsync" else "sshd").home
    media = next(home.glob(f"{place.address.rsplit('/', 3)[1]}/deep/show/media"))
    name = HIDDEN.get(kind, HIDDEN["ssh"])
    for left, age_s in ((name, LEFT_S + 60), (name.replace("old", "new") + "f", 0)):
        (media / left).parent.mkdir(exist_ok=True)
        (media / left).write_bytes(b"x")
        now = (media / left).stat().st_mtime
        os.utime(media / left, (now - age_s,) * 2)
    write_track(root / "build", "new")
    go(root, place, prepared.lock)
    assert not (media / name).exists()
    assert (media / (name.replace("old", "new") + "f")).exists()


def test_nothing_is_readable_by_the_owner_only(root, secure, request):
    go(root, secure)
    sshd = request.getfixturevalue("sshd")
    folder = next(sshd.home.glob(f"{secure.address.rsplit('/', 3)[1]}/deep/show"))
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o044 == 0o044, path
    assert (folder / STATE).is_file()


def test_a_module_that_is_read_only_is_told(root, rsync_place, rsyncd):
    with pytest.raises(PublishError, match="read only"):
        go(root, replace(rsync_place, address=f"rsync://127.0.0.1:{rsyncd.port}/locked/show"))


def test_a_module_that_is_not_there_is_told(root, rsync_place, rsyncd):
    with pytest.raises(PublishError, match="no such module"):
        go(root, replace(rsync_place, address=f"rsync://127.0.0.1:{rsyncd.port}/none/show"))


def test_a_daemon_that_lets_nobody_in_is_told(root, rsync_place, monkeypatch):
    monkeypatch.setenv("RSYNC_PASSWORD", "wrong")
    with pytest.raises(PublishError, match="did not let us in"):
        go(root, rsync_place)
