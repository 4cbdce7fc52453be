"""The starter library as a show: from recipes to what subscribers' apps read."""

import re
from pathlib import Path

import pytest
from publish_kit import NOW, picture
from publish_mutations import full_show
from publish_readers import (
    assert_feedsmith,
    assert_partytime,
    assert_read_back,
    by_node,
    schema_faults,
)

from undersong.publish.check.examine import check_file
from undersong.publish.edition import prepare
from undersong.publish.identity import read_lock
from undersong.publish.opml import shows_of, write_opml
from undersong.publish.showfile import load_show
from undersong.publish.tracks import read_tracks
from undersong.recipes.library import Library

RECIPES = ("evening-body-scan", "safe-place", "three-breaths")
SHOW = """\
url: https://example.org/quiet/
category: [Health & Fitness > Mental Health]
description: Three tracks of the starter library.
persons: [{name: Undersong, role: author, group: writing}]
licence: cc-by-4.0
only: true
episodes:
  - {track: evening-body-scan, date: 2026-11-03, season: 1}
  - {track: safe-place, date: 2026-11-02, season: 1}
  - {track: three-breaths, date: 2026-11-01, kind: trailer}
"""
TONE = "title: A tone\nlanguage: en-US\nengines:\n  - engine: fake\n"


def shortened(text):
    """Return a starter recipe with two headings and a sentence under each, of natural length."""
    head, body = text.removeprefix("---\n").split("\n---\n", 1)
    head = re.sub(r"^(length|fades|formats):.*\n", "", head, flags=re.MULTILINE)
    parts = re.split(r"^(# .*)$", body, flags=re.MULTILINE)
    lines = [
        part if part.startswith("# ") else "\n\n" + part.strip().split(".")[0] + ".\n\n"
        for part in parts[:5]
        if part.strip()
    ]
    return f"---\n{head}\nfades: {{in: 1s, out: 1s}}\nformats: mp3\n---\n{''.join(lines)}\n"


@pytest.fixture
def starter(tmp_path, undersong, monkeypatch):
    """A library begun from the starter library, with a show."""
    root = tmp_path / "starter"
    assert undersong("init", root).code == 0
    (root / "show.yaml").write_text(SHOW, encoding="utf-8")
    monkeypatch.chdir(root)
    return root


def assert_right(root: Path):
    """The show on this disk is what every reader wants it to be; returns show and episodes."""
    report = check_file(root / "public", NOW, deep=True)
    assert [str(one) for one in report.findings] == []
    content = (root / "public" / "feed.xml").read_bytes()
    assert schema_faults(content) == []
    show = load_show(Library.find(root))
    tracks = read_tracks(root / "build")
    lock = read_lock(root / "show.lock")
    edition = prepare(show, tracks, lock, NOW, drafts=True).edition
    assert_read_back(content, show, edition.episodes)
    return show, edition.episodes


def test_the_starter_show_is_read_by_everybody(starter, undersong):
    for name in RECIPES:
        path = starter / "recipes" / f"{name}.md"
        path.write_text(shortened(path.read_text(encoding="utf-8")), encoding="utf-8")
    for name in ("shore", "meadow", "offline"):
        (starter / "voices" / f"{name}.yaml").write_text(TONE, encoding="utf-8")
    assert undersong("render", *RECIPES).code == 0
    assert undersong("feed", "build", "--drafts").code == 0
    _, episodes = assert_right(starter)
    assert [one.slug for one in episodes] == list(RECIPES)
    assert [len(one.transcripts) for one in episodes] == [3, 3, 3]


@pytest.mark.slow
def test_the_starter_show_as_it_really_sounds(starter, undersong, tmp_path):
    assert undersong("render", *RECIPES, "--offline").code == 0
    assert undersong("feed", "build", "--drafts").code == 0
    show, episodes = assert_right(starter)
    node_reads(starter / "public", show, episodes, tmp_path)


@pytest.mark.slow
def test_a_show_that_uses_everything_is_read_by_parsers_of_other_languages(tmp_path):
    root = tmp_path / "library"
    full_show(root)
    (root / "cover.png").write_bytes(picture())
    library = Library.find(root)
    show = load_show(library)
    edition = prepare(show, read_tracks(root / "build"), None, NOW).edition
    node_reads(root / "public", show, edition.episodes, tmp_path)


def node_reads(folder, show, episodes, scratch):
    """Have podcast-partytime and feedsmith read a show, and compare every field."""
    opml = scratch / "shows.opml"
    opml.write_bytes(write_opml("Shows", shows_of([folder])))
    read = by_node(folder / "feed.xml", folder / "feed.json", opml)
    assert_partytime(read["partytime"], show, episodes)
    assert_feedsmith(read["feedsmith"], show, episodes)
    assert [(len(one["cues"]) > 1, one["errors"]) for one in read["captions"]] == [
        (True, []) for _ in episodes
    ]
    assert read["json"]["title"] == show.title
    assert {one["id"] for one in read["json"]["items"]} == {one.guid for one in episodes}
    (outline,) = read["opml"]["body"]["outlines"]
    assert (outline["text"], outline["xmlUrl"]) == (show.title, show.feed_url)
