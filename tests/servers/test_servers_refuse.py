"""What real servers refuse, and what the program then says; secrets stay where they are."""

import json
import os
import re
import subprocess
import urllib.request
from contextlib import closing

import pytest
from msgspec.structs import replace
from publish_kit import NOW, edition_of, sound, write_track
from servers_kit import free_port
from shows_kit import go, make_show, program_words, wrong

from undersong.errors import PublishError
from undersong.publish.send import plan, send
from undersong.publish.target import FRESH, IMMUTABLE
from undersong.publish.targets import open_target

pytestmark = pytest.mark.servers

WRONG = "d3JvbmctYnV0LXdlbGwtZm9ybWVk"  # well-formed for Azure too


def told(root, place, env=None, **changes):
    """Publish, and return how that ended and everything that was printed."""
    done = subprocess.run(
        program_words(root, replace(place, **changes)),
        env={**os.environ, **place.env, **(env or {})},
        capture_output=True,
        check=False,
    )
    text = done.stdout.decode() + done.stderr.decode()
    return done.returncode, " ".join(text.split())


def test_of_two_who_publish_at_once_the_second_is_told(root, place, tmp_path):
    prepared, _ = go(root, place)
    lock, others = prepared.lock, make_show(tmp_path / "other")
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    write_track(others / "build", "rest", files={"mp3": sound(seconds=3.0)})
    with (
        closing(open_target(place.address, root)) as one,
        closing(open_target(place.address, root)) as other,
    ):
        first = plan(edition_of(root, lock), one, NOW.date())
        second = plan(edition_of(others, lock), other, NOW.date())
        send(first, one, lambda _bytes: None)
        feed = place.fetch("feed.xml")
        with pytest.raises(PublishError, match="somebody else publishes to"):
            send(second, other, lambda _bytes: None)
    assert place.fetch("feed.xml") == feed
    _, again = go(others, place, lock)
    assert again.writes == ["feed.json", "feed.xml", "undersong-state.json"]
    assert wrong(place.fetch) == []


@pytest.mark.parametrize("name", ["swift", "azurite", "dav"])
def test_a_wrong_key_is_told_with_host_and_help_and_never_shown(root, request, name):
    place = request.getfixturevalue(f"{name}_place")
    env = dict.fromkeys([key for key in place.env if "ACCESS_KEY_ID" not in key], WRONG)
    code, text = told(root, place, env)
    assert code == 8
    assert "127.0.0.1" in text
    assert re.search("does not (list|give)", text)
    assert re.search("403 Forbidden|401 Unauthorized", text)
    assert re.search("is the key right|are name and password right", text)
    assert WRONG not in text
    assert not any(value in text for value in place.env.values() if len(value) > 10)


@pytest.mark.parametrize("name", ["swift", "moto", "azurite", "dav"])
def test_what_is_not_there_is_not_made(root, request, name):
    place = request.getfixturevalue(f"{name}_place")
    address = re.sub(r"[0-9a-f]{32}", "none-of-this-name", place.address)
    code, text = told(root, place, address=address)
    assert code == 8
    assert "not made here" in text


def test_a_host_that_is_down_is_told(root, moto_place):
    address = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{free_port()}", moto_place.address)
    code, text = told(root, moto_place, address=address)
    assert code == 8
    assert "nobody answers there" in text
    assert "is the host up?" in text


def test_a_failure_as_json_holds_no_secret(root, swift_place):
    done = subprocess.run(
        [*program_words(root, swift_place), "--json"],
        env={**os.environ, **swift_place.env, "AWS_SECRET_ACCESS_KEY": WRONG},
        capture_output=True,
        check=False,
    )
    assert json.loads(done.stdout)["error"]["kind"] == "publish"
    assert WRONG.encode() not in done.stdout + done.stderr


def test_a_failure_with_debug_holds_no_secret(root, swift_place):
    command = program_words(root, swift_place)
    at = command.index("publish")
    done = subprocess.run(
        [*command[:at], "--debug", *command[at:]],
        env={**os.environ, **swift_place.env, "AWS_SECRET_ACCESS_KEY": WRONG},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" in done.stdout + done.stderr
    assert WRONG.encode() not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["swift", "moto", "azurite"])
def test_every_object_has_its_type_and_how_long_it_keeps(root, request, monkeypatch, name):
    place = request.getfixturevalue(f"{name}_place")
    for key, value in place.env.items():
        monkeypatch.setenv(key, value)
    write_track(root / "build", "rest", files={"mp3": sound() * 300})
    prepared, _ = go(root, place)
    for piece in prepared.edition.pieces:
        with urllib.request.urlopen(place.url + piece.path) as answer:  # noqa: S310 - loopback
            assert answer.headers["Content-Type"].partition(";")[0] == piece.mime
            assert answer.headers["Cache-Control"] == (IMMUTABLE if piece.immutable else FRESH)


def test_a_second_run_asks_for_list_and_note_and_nothing_else(root, moto, moto_place, monkeypatch):
    for key, value in moto_place.env.items():
        monkeypatch.setenv(key, value)
    write_track(root / "build", "rest", files={"mp3": sound() * 300})
    log = moto.folder / "server.log"
    before = log.stat().st_size
    prepared, _ = go(root, moto_place)
    first = log.read_text("utf-8")[before:]
    assert not re.search(r"GET \S+/(media|art)/", first)  # tags were proof enough
    before = log.stat().st_size
    go(root, moto_place, prepared.lock)
    asked = re.findall(r"(GET|HEAD|PUT|POST|DELETE) (\S+)", log.read_text("utf-8")[before:])
    assert [verb for verb, _ in asked] == ["GET", "GET"]
    assert "list-type=2" in asked[0][1]
    assert asked[1][1].endswith("/undersong-state.json")
