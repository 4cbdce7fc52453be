"""WebDAV as a target, against a small server that fails when told."""

import base64
import itertools
import re
from contextlib import closing

import pytest
from dav_kit import CUT, dav_server
from publish_kit import NOW, edition_of, piece_of, sound, write_library, write_track

from undersong.errors import PublishError
from undersong.publish import dav
from undersong.publish.davlist import listed
from undersong.publish.send import STATE, plan, send
from undersong.publish.targets import open_target


@pytest.fixture
def server():
    with dav_server() as server:
        yield server


@pytest.fixture
def target(server, tmp_path, monkeypatch):
    monkeypatch.setattr(dav, "FIRST_WAIT_S", 0.0)
    monkeypatch.setenv("UNDERSONG_DAV_PASSWORD", "hidden")
    with closing(open_target(f"dav://ann@{server.place}", tmp_path)) as target:
        yield target


def piece(content=b"words", path="media/x.mp3", **changes):
    return piece_of(content, path, **changes)


def write(target, one):
    counted = []
    target.write(one, counted.append)
    return sum(counted)


def test_a_show_is_published_changed_and_then_there_is_nothing_to_do(server, tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest")
    lock, writes = None, []
    for seconds in (2.0, 2.0, 2.5):
        write_track(root / "build", "rest", files={"mp3": sound(seconds=seconds)})
        with closing(open_target(f"dav://{server.place}", root)) as target:
            prepared = edition_of(root, lock)
            found = plan(prepared, target, NOW.date())
            send(found, target, lambda _bytes: None)
        lock = prepared.lock
        writes.append([one.path for one in found.writes])
        there = {path.removeprefix("/web/") for path in server.files}
        assert {one.path for one in prepared.edition.pieces} | {STATE} <= there
    assert writes[1] == []
    assert writes[2][1:] == ["feed.json", "feed.xml"]
    assert not any(path.endswith(".part") for path in server.files)


def test_a_file_is_moved_into_place_when_it_is_whole(server, target):
    assert write(target, piece()) == 5
    verbs = [(verb, re.sub(r"\.[0-9a-f]{8}\.part", ".part", path)) for verb, path in server.asked]
    assert verbs == [
        ("MKCOL", "/web/media"),
        ("PUT", "/web/media/x.mp3.part"),
        ("MOVE", "/web/media/x.mp3.part"),
    ]
    headers = server.headers["/web/media/x.mp3"]
    assert headers["Content-Type"] == "audio/mpeg"
    assert "immutable" in headers["Cache-Control"]
    assert base64.b64decode(headers["Authorization"].split()[1]) == b"ann:hidden"


def test_a_name_with_strange_signs_comes_through(server, target):
    write(target, piece(path="a b/ü#?.mp3"))
    assert target.read("a b/ü#?.mp3") == b"words"
    assert target.size("a b/ü#?.mp3") == 5
    target.delete("a b/ü#?.mp3")
    target.delete("a b/ü#?.mp3")
    assert target.size("a b/ü#?.mp3") is None
    assert server.files == {}


@pytest.mark.parametrize("verb", ["MKCOL", "PUT", "MOVE"])
@pytest.mark.parametrize("fault", [503, 500, 429, CUT])
def test_what_passes_is_got_over_and_bytes_are_counted_once(server, target, verb, fault):
    server.faults[verb] = [fault, fault]
    assert write(target, piece()) == 5
    assert server.files == {"/web/media/x.mp3": b"words"}


@pytest.mark.parametrize(
    ("fault", "message", "hint"),
    [
        (("PUT", 401), "does not take media/x.mp3: 401 Unauthorized", "UNDERSONG_DAV_PASSWORD"),
        (("PUT", 403), "403 Forbidden", "may this user write"),
        (("PUT", 413), "413 Request Entity Too Large", "limits the size"),
        (("PUT", 507), "507 Insufficient Storage", "no room"),
        (("PUT", 302), "302 Found", "redirects to"),
        (("PUT", 418), "418 I'm a Teapot", "the host's log"),
        (("MKCOL", 409), "does not make the folder media: 409", "is the path right"),
        (("MOVE", 405), "does not move media/x.mp3 in place: 405", "is this address WebDAV"),
        (("PUT", 503), "does not answer PUT media/x.mp3.*: 503", "is the host up"),
        (("PUT", CUT), "does not answer PUT media/x.mp3", "is the host up"),
    ],
)
def test_what_lasts_is_told_and_leaves_nothing(server, target, fault, message, hint):
    server.faults[fault[0]] = [fault[1]] * dav.TRIES
    with pytest.raises(PublishError, match=message) as caught:
        write(target, piece())
    assert "127.0.0.1" in caught.value.message
    assert hint in caught.value.hint
    assert "hidden" not in caught.value.message + caught.value.hint
    assert server.files == {}


@pytest.mark.parametrize("verb", ["HEAD", "GET", "DELETE"])
def test_questions_that_are_refused_are_told(server, target, verb):
    server.faults[verb] = [403]
    ask = {"HEAD": target.size, "GET": target.read, "DELETE": target.delete}[verb]
    with pytest.raises(PublishError, match="403 Forbidden"):
        ask("feed.xml")


def test_what_is_not_what_was_noted_is_taken_back(server, target, tmp_path):
    path = tmp_path / "x.mp3"
    path.write_bytes(b"other")
    with pytest.raises(PublishError, match="not the file that its manifest notes"):
        write(target, piece(source=path))
    assert server.files == {}
    assert write(target, piece()) == 5


@pytest.mark.parametrize("was_there", [True, False])
def test_what_somebody_else_has_replaced_stays(server, target, was_there):
    if was_there:
        server.files["/web/feed.xml"] = b"before"
    assert target.read("feed.xml") == (b"before" if was_there else None)
    server.files["/web/feed.xml"] = b"theirs"
    with pytest.raises(PublishError, match="somebody else publishes to dav://ann@127"):
        write(target, piece(path="feed.xml", immutable=False))
    assert server.files == {"/web/feed.xml": b"theirs"}


def test_nobody_there_is_told(server, tmp_path, monkeypatch):
    monkeypatch.setattr(dav, "FIRST_WAIT_S", 0.0)
    server.socket.close()
    with (
        closing(open_target(f"dav://{server.place}", tmp_path)) as target,
        pytest.raises(PublishError, match=r"does not answer HEAD feed.xml: .*refused"),
    ):
        target.size("feed.xml")


def test_a_folder_is_listed_once_and_what_was_written_is_asked_for(server, target):
    for name in ("one", "two", "thrée"):
        server.files[f"/web/media/{name}.mp3"] = b"12345"
    server.folders.add("/web/media")
    sizes = [target.size(f"media/{name}.mp3") for name in ("one", "two", "thrée", "four")]
    assert sizes == [5, 5, 5, None]
    assert target.size("art/cover.png") is None
    write(target, piece(path="media/four.mp3"))
    assert target.size("media/four.mp3") == 5
    asked = [(verb, path) for verb, path in server.asked if verb in {"PROPFIND", "HEAD"}]
    assert asked == [
        ("PROPFIND", "/web/media"),
        ("PROPFIND", "/web/art"),
        ("HEAD", "/web/media/four.mp3"),
    ]


@pytest.mark.parametrize("fault", [403, 405, 501, 200])
def test_where_nothing_is_listed_every_file_is_asked_for(server, target, fault):
    server.faults["PROPFIND"] = [fault]
    server.files["/web/media/one.mp3"] = b"12345"
    assert [target.size(f"media/{name}.mp3") for name in ("one", "two")] == [5, None]
    assert [verb for verb, _ in server.asked] == ["PROPFIND", "HEAD", "HEAD"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html/>", b"<multistatus/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"\xff\xfe"],
)
def test_an_answer_that_is_no_list_is_none(answer):
    assert listed(answer, "/web/") is None


def test_names_in_passing_differ(server, target):
    for k in itertools.repeat(0, 3):
        write(target, piece(path=f"media/{k}.mp3"))
    names = [path for verb, path in server.asked if verb == "PUT"]
    assert len(set(names)) == 3
