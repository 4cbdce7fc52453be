"""Publishing over SFTP, to a server in a thread: what it may lack, refuse or break."""

import json
import os
import socket
import time

import asyncssh
import pytest
from publish_kit import piece_of, sound, write_library, write_track
from sftp_kit import PASSWORD, USER, Quirks, sftp_server
from test_publish_send import assert_whole, go

from undersong import cli
from undersong.errors import PublishError
from undersong.files import PART
from undersong.publish.address import read_address
from undersong.publish.model import Piece
from undersong.publish.remote import SFTP_PASSWORD, open_sftp
from undersong.publish.target import BLOCK_BYTES, LEFT_S


@pytest.fixture
def quirks():
    return Quirks()


@pytest.fixture
def me(tmp_path, monkeypatch):
    """A home of mine, without keys, and the password in the environment."""
    home = tmp_path / "me"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv(SFTP_PASSWORD, PASSWORD)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return home


@pytest.fixture
def web(tmp_path):
    folder = tmp_path / "web"
    folder.mkdir()
    return folder


@pytest.fixture
def server(web, quirks, me):
    with sftp_server(web, quirks) as running:
        trust(me, running)
        yield running


def trust(me, running):
    known = f"[127.0.0.1]:{running.port} {running.key}\n"
    (me / ".ssh" / "known_hosts").write_text(known, encoding="utf-8")


def address_of(running, path="/a/show", user=USER):
    return f"sftp://{user}@127.0.0.1:{running.port}{path}"


@pytest.fixture
def target(server):
    found = open_sftp(read_address(address_of(server), ""))
    yield found
    found.close()


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest")
    return root


def large(tmp_path, blocks=3):
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(BLOCK_BYTES * blocks + 17))
    content = path.read_bytes()
    piece = piece_of(content)
    return Piece(
        path=piece.path,
        stage=piece.stage,
        mime=piece.mime,
        source=path,
        size_bytes=piece.size_bytes,
        sha256=piece.sha256,
    ), content


def hidden(web):
    return list(web.rglob(f"{PART}*"))


@pytest.mark.parametrize("lacking", [{}, {"replaces": False}, {"flushes": False}])
def test_a_show_is_sent_changed_and_sent_again(root, web, target, quirks, lacking):
    for name, value in lacking.items():
        setattr(quirks, name, value)
    prepared, _ = go(root, target)
    assert_whole(web / "a" / "show")
    quirks.written.clear()
    _, found = go(root, target, prepared.lock)
    assert found.is_empty
    assert quirks.written == []
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    go(root, target, prepared.lock)
    assert_whole(web / "a" / "show")
    assert not hidden(web)
    assert quirks.logins == 1


def test_every_byte_is_counted_once_although_the_line_breaks(tmp_path, web, target, quirks):
    piece, content = large(tmp_path, blocks=5)
    quirks.cut_after = [2, 4]
    counted = []
    target.write(piece, counted.append)
    assert (web / "a" / "show" / "media" / "a.bin").read_bytes() == content
    assert sum(counted) == piece.size_bytes
    assert quirks.logins == 3
    assert not hidden(web)


def test_a_line_that_breaks_for_ever_is_told(tmp_path, target, quirks):
    quirks.cut_after = list(range(1, 300))
    with pytest.raises(PublishError, match="broke 3 times") as caught:
        target.write(large(tmp_path)[0], lambda _bytes: None)
    assert "publish again" in caught.value.hint


def test_what_an_earlier_run_has_sent_is_kept(tmp_path, web, target, quirks):
    piece, content = large(tmp_path)
    quirks.refuses = asyncssh.SFTPFailure("full")
    with pytest.raises(PublishError, match="cannot do it: full"):
        target.write(piece, lambda _bytes: None)
    (part,) = hidden(web)
    part.write_bytes(content[: 2 * BLOCK_BYTES])
    quirks.refuses = None
    target.write(piece, lambda _bytes: None)
    assert sum(quirks.written) == BLOCK_BYTES + 17
    assert (web / "a" / "show" / "media" / "a.bin").read_bytes() == content


@pytest.mark.parametrize("left", [b"\0" * BLOCK_BYTES, b"longer" * 1_000_000, b""])
def test_what_an_earlier_run_has_spoilt_is_sent_anew(tmp_path, web, target, quirks, left):
    piece, content = large(tmp_path)
    quirks.refuses = asyncssh.SFTPFailure("full")
    with pytest.raises(PublishError, match="cannot do it: full"):
        target.write(piece, lambda _bytes: None)
    (part,) = hidden(web)
    part.write_bytes(left)
    quirks.refuses = None
    target.write(piece, lambda _bytes: None)
    assert (web / "a" / "show" / "media" / "a.bin").read_bytes() == content


def test_two_files_of_one_content_are_two_files(web, target):
    pieces = [piece_of(b"same", f"media/{name}.bin") for name in "abcdefgh"]
    target.write_all(pieces, lambda _bytes: None)
    assert [target.size(piece.path) for piece in pieces] == [4] * 8


def test_leftovers_of_killed_runs_go_after_an_hour(web, target):
    media = web / "a" / "show" / "media"
    media.mkdir(parents=True)
    for name, age_s in ((f"{PART}old", LEFT_S + 60), (f"{PART}new", 0), (".mine", LEFT_S + 60)):
        (media / name).write_bytes(b"x")
        os.utime(media / name, (time.time() - age_s,) * 2)
    target.write(piece_of(b"x"), lambda _bytes: None)
    assert sorted(path.name for path in media.iterdir()) == [".mine", f"{PART}new", "a.bin"]


def test_a_sound_that_changed_behind_its_manifest_leaves_nothing(tmp_path, web, target):
    piece, content = large(tmp_path)
    piece.source.write_bytes(content[:-1] + b"?")
    with pytest.raises(PublishError, match="not the file that its manifest notes"):
        target.write(piece, lambda _bytes: None)
    assert not [path for path in web.rglob("*") if path.is_file()]


def test_files_go_and_empty_folders_with_them(web, target):
    target.write_all([piece_of(b"a"), piece_of(b"b", "media/b.bin")], lambda _bytes: None)
    target.delete("media/a.bin")
    assert target.size("media/a.bin") is None
    assert target.size("media/b.bin") == 1
    target.delete("media/b.bin")
    target.delete("media/b.bin")
    assert not (web / "a" / "show" / "media").exists()
    assert target.read("media/b.bin") is None
    assert target.size("media/b.bin") is None


def test_a_folder_below_home_and_the_top(server, web):
    for path, found in (("/~/x", "x/feed.xml"), ("/~", "feed.xml"), ("/", "feed.xml")):
        target = open_sftp(read_address(address_of(server, path), ""))
        target.write(piece_of(b"z", "feed.xml"), lambda _bytes: None)
        target.close()
        assert (web / found).read_bytes() == b"z"
        (web / found).unlink()


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (asyncssh.SFTPPermissionDenied("not yours"), "does not permit it: not yours"),
        (asyncssh.SFTPFailure("hm"), "cannot do it: hm"),
        (asyncssh.SFTPBadMessage("what"), "refuses: what"),
    ],
)
def test_what_a_server_refuses_is_a_sentence(target, quirks, refusal, said):
    quirks.refuses = refusal
    with pytest.raises(PublishError, match=said):
        target.write(piece_of(b"x"), lambda _bytes: None)


def refused(address, match):
    target = open_sftp(read_address(address, ""))
    with pytest.raises(PublishError, match=match) as caught:
        target.size("feed.xml")
    target.close()
    assert PASSWORD not in f"{caught.value} {caught.value.hint}"
    return caught.value


def test_an_unknown_key_is_refused_and_shown(server, me):
    (me / ".ssh" / "known_hosts").unlink()
    error = refused(address_of(server), "is not in known_hosts: SHA256:")
    assert f"ssh -p {server.port} {USER}@127.0.0.1" in error.hint
    assert not (me / ".ssh" / "known_hosts").exists()


def test_another_key_than_the_known_one_is_alarming(server, me):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (me / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {other}", "utf-8")
    error = refused(address_of(server), "shows another key than the one in known_hosts: SHA256:")
    assert "somebody may stand in between" in error.hint


def test_keys_are_proved_even_if_nobody_wants_it(server, me):
    (me / ".ssh" / "known_hosts").unlink()
    (me / ".ssh" / "config").write_text(
        "UserKnownHostsFile none\nStrictHostKeyChecking no\n", encoding="utf-8"
    )
    refused(address_of(server), "is not in known_hosts: SHA256:")


@pytest.mark.parametrize("password", ["wrong", ""])
def test_whoever_is_not_let_in_is_told_how_to(server, monkeypatch, password):
    monkeypatch.setenv(SFTP_PASSWORD, password)
    error = refused(address_of(server), "did not let us in")
    assert SFTP_PASSWORD in error.hint


def test_a_key_is_enough(web, quirks, me, monkeypatch):
    monkeypatch.delenv(SFTP_PASSWORD)
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(me / ".ssh" / "id_ed25519")
    key.write_public_key(me / ".ssh" / "authorized_keys")
    with sftp_server(web, quirks, authorized=me / ".ssh" / "authorized_keys") as running:
        trust(me, running)
        target = open_sftp(read_address(address_of(running), ""))
        assert target.size("feed.xml") is None
        target.close()


def test_a_key_that_is_none_is_told(server, me):
    (me / ".ssh" / "config").write_text(f"IdentityFile {me}/.ssh/known_hosts\n", "utf-8")
    refused(address_of(server), "cannot be used|cannot reach")


def test_nobody_there_is_told(me):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        refused(f"sftp://127.0.0.1:{free.getsockname()[1]}/x", "cannot reach sftp://127.0.0.1")


def test_a_server_without_sftp_is_told(web, quirks, me):
    with sftp_server(web, quirks, offers=False) as running:
        trust(me, running)
        refused(address_of(running), "offers no SFTP")


def test_one_command_publishes_and_says_no_secret(root, web, server, capfd):
    show = ["publish", "--library", str(root), "--to", address_of(server)]
    assert cli._run([*show, "--dry-run", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["target"] == address_of(server)
    assert (told["dry_run"], len(told["writes"]) > 5) == (True, True)
    assert not list(web.iterdir())
    assert cli._run(show) == 0
    assert_whole(web / "a" / "show")
    assert cli._run(show) == 0
    said = capfd.readouterr()
    assert "nothing has changed" in said.out
    assert PASSWORD not in said.out + said.err
    assert PASSWORD not in "".join(path.read_text("latin-1") for path in files_below(root, web))


def files_below(*folders):
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]
