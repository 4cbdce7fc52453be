"""`undersong feed` and `undersong publish`, from a render to subscribers."""

import json
from pathlib import Path

import pytest
from publish_kit import picture, sound, write_track

SHOW = """\
url: https://example.org/show/
category: Health & Fitness > Mental Health
description: Short rests.
artwork: cover.png
episodes:
  - {track: rest, date: 2026-11-20}
"""


@pytest.fixture
def show(library):
    """The test library with a show and one draft track; the working folder is in it."""
    (library / "show.yaml").write_text(SHOW, encoding="utf-8")
    (library / "cover.png").write_bytes(picture())
    write_track(library / "build", "rest", draft=True)
    return library


def test_from_a_render_to_a_feed_that_is_right(library, undersong):
    recipe = library / "recipes" / "rest.md"
    text = recipe.read_text(encoding="utf-8").replace("formats: [wav]", "formats: [mp3, opus]")
    recipe.write_text(text, encoding="utf-8")
    (library / "show.yaml").write_text(SHOW + "alternates: opus\n", encoding="utf-8")
    (library / "cover.png").write_bytes(picture())
    assert undersong("render", "rest").code == 0
    built = undersong("feed", "build", "--drafts")
    assert built.code == 0, built.err
    assert "1 episode, wrote" in built.out
    assert (library / "show.lock").is_file()
    checked = undersong("feed", "check", "--deep", "--strict")
    assert checked.code == 0, checked.out
    assert "no errors, no warnings" in checked.out
    again = undersong("feed", "build", "--drafts")
    assert "nothing has changed" in again.out


def test_a_draft_is_refused_unless_asked_for(show, undersong):
    refused = undersong("feed", "build")
    assert refused.code == 8
    assert "drafts cannot be published: rest" in refused.err
    assert not (show / "public").exists()
    assert not (show / "show.lock").exists()
    assert undersong("publish", "--to", "web", "--drafts").code == 0
    assert b"<itunes:block>Yes" in (show / "web" / "feed.xml").read_bytes()


def test_a_track_without_rights_is_refused_even_in_a_private_test(show, undersong):
    why = "the recording in the bed `brook` has no licence"
    write_track(show / "build", "rest", draft=True, withheld=[why])
    refused = undersong("publish", "--to", "web", "--drafts")
    assert refused.code == 8
    assert f"rest: {why}" in refused.err
    assert not (show / "web").exists()


def test_a_dry_run_changes_nothing_and_tells_everything(show, undersong):
    before = sorted(show.rglob("*"))
    done = undersong("publish", "--to", "web", "--drafts", "--dry-run", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert sorted(show.rglob("*")) == before
    assert told["dry_run"] is True
    assert told["writes"][-1] == "feed.xml"
    real = json.loads(undersong("publish", "--to", "web", "--drafts", "--json").out)
    assert real["writes"] == told["writes"]
    last = json.loads(undersong("publish", "--to", "web", "--drafts", "--json").out)
    assert last["writes"] == []


def test_the_show_file_says_where(show, undersong):
    assert "where should the show go" in undersong("publish").err
    text = (show / "show.yaml").read_text(encoding="utf-8")
    (show / "show.yaml").write_text(text + "to: ../web\n", encoding="utf-8")
    assert undersong("publish", "--drafts").code == 0
    assert (show.parent / "web" / "feed.xml").is_file()


def test_what_no_feed_names_any_more_is_told(show, undersong):
    assert undersong("publish", "--to", "web", "--drafts").code == 0
    write_track(show / "build", "rest", draft=True, files={"mp3": sound(seconds=2.5)})
    done = undersong("publish", "--to", "web", "--drafts")
    assert "no feed names 1 of the files; kept for 90 days" in done.out
    assert len(list((show / "web" / "media").iterdir())) == 2


def test_a_changed_guid_stops_everything(show, undersong):
    assert undersong("publish", "--to", "web", "--drafts").code == 0
    lock = show / "show.lock"
    known = json.loads(lock.read_text(encoding="utf-8"))
    known["episodes"]["rest"]["guid"] = "another"
    lock.write_text(json.dumps(known), encoding="utf-8")
    before = lock.read_bytes(), (show / "web" / "feed.xml").read_bytes()
    refused = undersong("publish", "--to", "web", "--drafts")
    assert refused.code == 8
    assert "would change" in refused.err
    assert (lock.read_bytes(), (show / "web" / "feed.xml").read_bytes()) == before


def test_a_lost_lock_comes_back_from_the_target(show, undersong):
    text = SHOW.replace(", date: 2026-11-20", "")
    (show / "show.yaml").write_text(text, encoding="utf-8")
    assert undersong("publish", "--to", "web", "--drafts").code == 0
    lock = show / "show.lock"
    before = lock.read_bytes(), (show / "web" / "feed.xml").read_bytes()
    lock.unlink()
    (show / "show.yaml").write_text(text.replace("org/show/", "org/moved/"), encoding="utf-8")
    assert undersong("publish", "--to", "web", "--drafts").code == 0
    (show / "show.yaml").write_text(text, encoding="utf-8")
    assert undersong("publish", "--to", "web", "--drafts").code == 0
    assert (lock.read_bytes(), (show / "web" / "feed.xml").read_bytes()) == before


def test_a_wrong_feed_has_its_own_exit_code(show, undersong):
    assert undersong("feed", "build", "--drafts").code == 0
    feed = show / "public" / "feed.xml"
    text = feed.read_text(encoding="utf-8")
    feed.write_text(text.replace("<itunes:explicit>false", "<itunes:explicit>no"), encoding="utf-8")
    plain = undersong("feed", "check", feed)
    assert plain.code == 3
    assert "error: channel" in plain.out
    assert "[channel.itunes:explicit]" in plain.out
    found = json.loads(undersong("feed", "check", feed, "--json").out)["findings"]
    rules = {one["rule"]["name"]: one["rule"] for one in found}
    assert rules["channel.itunes:explicit"]["source"] == "Apple 823"
    feed.write_text(text.replace(' type="application/rss+xml"', ""), encoding="utf-8")
    assert undersong("feed", "check", feed).code == 0
    assert undersong("feed", "check", feed, "--strict").code == 3


def test_no_feed_is_a_fault(library, undersong):
    assert undersong("feed", "check").code == 3
    assert undersong("feed", "check", "http://127.0.0.1:9/feed.xml").code == 3


def test_all_rules_are_listed_with_their_sources(undersong):
    assert "[http-304, Apple 823]" in undersong("feed", "check", "--rules").out
    rules = json.loads(undersong("feed", "check", "--rules", "--json").out)
    assert len(rules) > 200
    assert {rule["severity"] for rule in rules} == {"error", "warning", "note"}


def test_shows_are_listed_for_import(show, undersong):
    assert undersong("feed", "build", "--drafts").code == 0
    assert undersong("feed", "opml", "public", "--out", "shows.opml").code == 0
    assert 'xmlUrl="https://example.org/show/feed.xml"' in Path("shows.opml").read_text("utf-8")


def test_check_looks_at_the_show_too(show, undersong):
    assert undersong("check").code == 0
    (show / "show.yaml").write_text(SHOW.replace("Mental Health", "Sleep"), encoding="utf-8")
    found = undersong("check")
    assert found.code == 3
    assert "Health & Fitness > " in found.err


def test_a_show_has_a_schema(undersong):
    found = json.loads(undersong("schema", "show").out)
    assert found["properties"]["category"]["anyOf"][1]["type"] == "array"
