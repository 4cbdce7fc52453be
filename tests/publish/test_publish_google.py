"""Google Cloud Storage as a target, as far as its conditions go."""

import pytest
from google_kit import google_server
from obstore.store import GCSStore
from publish_kit import NOW, edition_of, sound, write_library, write_track

from undersong.errors import PublishError
from undersong.publish.objects import ObjectTarget
from undersong.publish.send import STATE, plan, send


@pytest.fixture
def server():
    with google_server() as server:
        yield server


def target_at(server):
    store = GCSStore(
        "bucket",
        prefix="show",
        service_account_key=server.key,
        client_options={"allow_http": True},
        retry_config={"max_retries": 2},
    )
    return ObjectTarget("gs://bucket/show", "host", store, store)


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest")
    return root


def test_a_show_is_published_changed_and_then_there_is_nothing_to_do(server, root):
    lock, writes = None, []
    for seconds in (2.0, 2.0, 2.5):
        write_track(root / "build", "rest", files={"mp3": sound(seconds=seconds)})
        target, prepared = target_at(server), edition_of(root, lock)
        found = plan(prepared, target, NOW.date())
        send(found, target, lambda _bytes: None)
        lock = prepared.lock
        writes.append([one.path for one in found.writes])
    assert {f"show/{one.path}" for one in prepared.edition.pieces} <= set(server.objects)
    assert writes[1] == []
    assert writes[2][1:] == ["feed.json", "feed.xml"]
    names = [f"show/{name}" for name in ("feed.json", "feed.xml", STATE)]
    assert [name for name, _ in server.conditions] == names * 2
    assert [wanted == "0" for _, wanted in server.conditions] == [True] * 3 + [False] * 3


def test_what_passes_is_got_over(server, root):
    target = target_at(server)
    found = plan(edition_of(root), target, NOW.date())
    server.faults = [503, 500]
    send(found, target, lambda _bytes: None)
    assert plan(edition_of(root), target_at(server), NOW.date()).writes == ()


@pytest.mark.parametrize(
    ("fault", "message", "hint"),
    [
        (503, "does not take .*: 503 Service Unavailable", "try again later"),
        (403, "does not take .*: 403 Forbidden", "is the key right"),
        (401, "does not take .*: 401 Unauthorized", "is the key right"),
        (404, "has no bucket", "not made here"),
    ],
)
def test_what_lasts_is_told_and_no_feed_is_there(server, root, fault, message, hint):
    target = target_at(server)
    found = plan(edition_of(root), target, NOW.date())
    server.faults = [fault] * 100
    with pytest.raises(PublishError, match=message) as caught:
        send(found, target, lambda _bytes: None)
    assert hint in caught.value.hint
    assert "show/feed.xml" not in server.objects


def test_of_two_who_publish_at_once_the_second_is_told(server, root):
    prepared = edition_of(root)
    one, other = target_at(server), target_at(server)
    first, second = plan(prepared, one, NOW.date()), plan(prepared, other, NOW.date())
    send(first, one, lambda _bytes: None)
    feed = server.objects["show/feed.xml"]
    with pytest.raises(PublishError, match="somebody else publishes to gs://bucket/show"):
        send(second, other, lambda _bytes: None)
    assert server.objects["show/feed.xml"] == feed
