from datetime import timedelta

import pytest
from publish_kit import NOW, SHOW, edition_of, publish, show_of, write_library, write_track

from undersong.errors import FaultsError, PublishError
from undersong.publish.identity import (
    Lock,
    Locked,
    item_guid,
    podcast_guid,
    read_lock,
    recovered,
    settle,
    write_lock,
)
from undersong.publish.send import plan, read_state
from undersong.publish.target import FolderTarget


@pytest.mark.parametrize(
    ("url", "guid"),
    [  # podcast namespace 1.0, `guid`: both vectors of the specification
        ("https://mp3s.nashownotes.com/pc20rss.xml", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
        ("https://podnews.net/rss", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
        ("http://podnews.net/rss//", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
    ],
)
def test_podcast_guids_are_those_of_the_specification(url, guid):
    assert podcast_guid(url) == guid


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest")
    write_track(root / "build", "sea")
    return root


def guids_of(prepared):
    return {one.slug: one.guid for one in prepared.edition.episodes}


def test_an_item_keeps_its_guid_whatever_changes(root):
    first = publish(root)
    write_track(root / "build", "rest", title="Another title", about={})
    (root / "show.yaml").write_text(SHOW.replace("example.org", "moved.org"), encoding="utf-8")
    again = edition_of(root, first.lock)
    assert guids_of(again) == guids_of(first)
    assert again.edition.guid == first.edition.guid == podcast_guid("example.org/show/feed.xml")


def test_guids_come_from_show_and_slug(root):
    prepared = edition_of(root)
    guid = prepared.edition.guid
    assert guids_of(prepared) == {slug: item_guid(guid, slug) for slug in ("rest", "sea")}


def test_the_lock_is_read_as_it_was_written(root, tmp_path):
    lock = edition_of(root).lock
    path = tmp_path / "show.lock"
    write_lock(path, lock)
    assert read_lock(path) == lock
    before = path.stat().st_mtime_ns
    write_lock(path, lock)
    assert path.stat().st_mtime_ns == before


def test_no_lock_is_none(tmp_path):
    assert read_lock(tmp_path / "show.lock") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": 1}',
        '{"schema": 2, "guid": "917393e3-1b1e-5cef-ace4-edaa54e1f810", "episodes": {}}',
        '{"guid": "x", "episodes": {}}',
        (
            '{"guid": "917393e3-1b1e-5cef-ace4-edaa54e1f810", "episodes": {"a": {"guid": "g",'
            ' "published": "2026-02-30T00:00:00Z"}}}'
        ),
        "[" * 100_000,
    ],
)
def test_a_damaged_lock_is_told_and_never_taken_for_none(tmp_path, text):
    path = tmp_path / "show.lock"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_lock(path)
    assert str(path) in caught.value.message


def test_a_guid_that_would_change_is_refused(root):
    lock = edition_of(root).lock
    changed = SHOW + "episodes:\n  - {track: rest, guid: another}\n"
    (root / "show.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(PublishError, match="the guid of `rest` would change") as caught:
        edition_of(root, lock)
    assert "show.lock" in caught.value.hint


def test_a_guid_of_another_host_is_taken_at_first(root):
    changed = SHOW + "episodes:\n  - {track: rest, guid: 'tag:old,1'}\n"
    (root / "show.yaml").write_text(changed, encoding="utf-8")
    assert guids_of(edition_of(root))["rest"] == "tag:old,1"


def test_one_guid_for_two_episodes_is_refused(root):
    changed = SHOW + "episodes:\n  - {track: rest, guid: a}\n  - {track: sea, guid: a}\n"
    (root / "show.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(PublishError, match="same guid"):
        edition_of(root)


def test_a_target_that_knows_another_guid_is_not_written_to(root):
    publish(root)
    lock = Lock(
        guid=podcast_guid("x"),
        episodes={"rest": Locked(guid="other", published="2026-01-01T00:00:00Z")},
    )
    prepared = edition_of(root, lock)
    with pytest.raises(PublishError, match="every app would take it for a new episode"):
        plan(prepared, FolderTarget(root / "public"), NOW.date())


def test_a_podcast_guid_of_another_host_is_kept(root):
    guid = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
    (root / "show.yaml").write_text(SHOW + f"guid: {guid}\n", encoding="utf-8")
    prepared = edition_of(root)
    assert prepared.edition.guid == guid
    (root / "show.yaml").write_text(SHOW, encoding="utf-8")
    assert edition_of(root, prepared.lock).edition.guid == guid


@pytest.mark.parametrize("guid", ["nonsense", "9b024349-ccf0-5f69-a609-6b82873eab3c"])
def test_a_podcast_guid_that_is_none_or_another_is_refused(root, guid):
    lock = edition_of(root).lock
    (root / "show.yaml").write_text(SHOW + f"guid: {guid}\n", encoding="utf-8")
    with pytest.raises(PublishError, match="guid"):
        edition_of(root, lock)


def test_new_episodes_are_dated_now_and_stay_so(root):
    first = edition_of(root)
    dates = [episode.published for episode in first.edition.episodes]
    assert dates == [NOW - timedelta(seconds=1), NOW]
    write_track(root / "build", "air")
    later = settle(
        show_of(root),
        [("air", False), ("rest", False), ("sea", False)],
        first.lock,
        NOW + timedelta(days=7),
    )
    assert later.episodes["rest"] == first.lock.episodes["rest"]
    assert later.episodes["air"].moment == NOW + timedelta(days=7)


def test_a_draft_that_becomes_a_track_is_dated_anew_and_keeps_its_guid(root):
    show, later = show_of(root), NOW + timedelta(days=3)
    first = settle(show, [("rest", True)], None, NOW)
    assert first.episodes["rest"].draft
    second = settle(show, [("rest", False)], first, later)
    assert second.episodes["rest"].moment == later
    assert second.episodes["rest"].guid == first.episodes["rest"].guid
    third = settle(show, [("rest", True)], second, later + timedelta(days=1))
    assert third.episodes["rest"] == second.episodes["rest"]


def test_a_trailer_that_becomes_an_episode_gets_a_number(root):
    trailer = SHOW + "episodes: [{track: rest, kind: trailer}]\n"
    (root / "show.yaml").write_text(trailer, encoding="utf-8")
    first = edition_of(root)
    assert first.lock.episodes["rest"].number is None
    (root / "show.yaml").write_text(SHOW, encoding="utf-8")
    again = edition_of(root, first.lock)
    assert again.lock.episodes["rest"].number == 2
    assert edition_of(root, again.lock).lock == again.lock


def test_numbers_go_on_within_a_season(root):
    text = SHOW + (
        "episodes:\n"
        "  - {track: rest, number: 7}\n"
        "  - {track: sea}\n"
        "  - {track: air, kind: trailer}\n"
        "  - {track: wood, season: 2}\n"
    )
    (root / "show.yaml").write_text(text, encoding="utf-8")
    write_track(root / "build", "air")
    write_track(root / "build", "wood")
    numbers = {one.slug: one.number for one in edition_of(root).edition.episodes}
    assert numbers == {"rest": 7, "sea": 8, "air": None, "wood": 1}


def test_a_lock_that_was_lost_is_recovered_from_the_target(root):
    first = publish(root)
    state = read_state(FolderTarget(root / "public"))
    assert recovered(None, state.guid, state.episodes) == first.lock
    part = Lock(guid=first.lock.guid, episodes={"rest": first.lock.episodes["rest"]})
    assert recovered(part, state.guid, state.episodes) == first.lock
    changed = Lock(
        guid=first.lock.guid,
        episodes={"rest": Locked(guid="other", published="2026-01-01T00:00:00Z")},
    )
    kept = recovered(changed, state.guid, state.episodes)
    assert kept is not None
    assert kept.episodes["rest"].guid == "other"
    assert recovered(None, "", {}) is None
