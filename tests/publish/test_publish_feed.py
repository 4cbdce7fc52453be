import json
from datetime import timedelta
from itertools import pairwise

import pytest
from lxml import etree
from msgspec.structs import replace
from publish_kit import NOW, SHOW, edition_of, publish, show_of, sound, write_library, write_track
from publish_mutations import full_show
from publish_readers import assert_read_back, schema_faults

from undersong.errors import FaultsError, PublishError, UnknownNameError
from undersong.publish.check.examine import check_file
from undersong.publish.model import Image
from undersong.publish.opml import shows_of, write_opml
from undersong.publish.rss import AT_ONCE, NAMESPACES, PAGE, Front, paged, write_rss

COVER = Image(url="https://example.org/show/art/a.png", mime="image/png", width=1400)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return full_show(tmp_path_factory.mktemp("show"))


def feed_of(prepared):
    return next(piece.source for piece in prepared.edition.pieces if piece.path == "feed.xml")


def xpath(content, path):
    return etree.fromstring(content).xpath(path, namespaces=NAMESPACES)


def test_other_readers_read_back_what_we_meant(whole):
    root = whole.parent
    content = (whole / "feed.xml").read_bytes()
    assert schema_faults(content) == []
    assert_read_back(content, show_of(root), edition_of(root).edition.episodes)


def test_the_same_show_always_gives_the_same_bytes(whole, tmp_path):
    again = full_show(tmp_path / "again")
    ours = {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*.*")}
    theirs = {path.relative_to(again): path.read_bytes() for path in again.rglob("*.*")}
    assert ours == theirs
    assert len(ours) > 10


def test_the_feed_says_who_speaks(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "person", engine="recorded")
    write_track(root / "build", "both", speakers=[{"engine": "recorded"}, {"engine": "edge"}])
    content = feed_of(edition_of(root))
    path = "podcast:txt[@purpose='ai-content']/text()"
    said = {
        item.findtext("title"): item.xpath(path, namespaces=NAMESPACES)
        for item in xpath(content, "//item")
    }
    assert said == {"The person": ["false"], "The both": ["true"]}
    assert xpath(content, f"//channel/{path}") == ["true"]


def test_drafts_are_refused_and_let_through_for_a_private_test(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest", draft=True)
    with pytest.raises(PublishError, match="drafts cannot be published: rest"):
        edition_of(root)
    content = feed_of(edition_of(root, drafts=True))
    assert xpath(content, "//itunes:block/text()") == ["Yes"]
    assert xpath(content, "//podcast:block/text()") == ["yes"]


def test_a_show_without_tracks_is_refused(tmp_path):
    root = write_library(tmp_path / "library")
    with pytest.raises(PublishError, match="no finished track"):
        edition_of(root)


def test_an_episode_of_no_track_names_the_nearest(tmp_path):
    root = write_library(tmp_path / "library", SHOW + "episodes: [{track: resst}]\n")
    write_track(root / "build", "rest")
    with pytest.raises(UnknownNameError) as caught:
        edition_of(root)
    assert "rest" in caught.value.hint


def test_only_the_tracks_that_were_chosen(tmp_path):
    root = write_library(tmp_path / "library", SHOW + "only: true\nepisodes: [{track: sea}]\n")
    write_track(root / "build", "rest")
    write_track(root / "build", "sea")
    assert [one.slug for one in edition_of(root).edition.episodes] == ["sea"]


def test_every_fault_of_every_track_is_told_at_once(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest", files={"flac": b"fLaC"})
    write_track(root / "build", "sea", beside={"rest.vtt": "not captions"})
    home = write_track(root / "build", "air")
    (home / "rest.mp3").write_bytes(b"changed")
    with pytest.raises(FaultsError) as caught:
        edition_of(root)
    messages = caught.value.message
    assert len(caught.value.faults) == 3
    for words in ("no podcast app plays", "not WEBVTT", "not the file that the manifest notes"):
        assert words in messages


def test_sounds_have_names_by_content_or_keep_them(tmp_path):
    root = write_library(tmp_path / "library")
    write_track(root / "build", "rest")
    first = edition_of(root).edition.episodes[0].enclosure
    write_track(root / "build", "rest", files={"mp3": sound(seconds=2.5)})
    assert edition_of(root).edition.episodes[0].enclosure.url != first.url
    (root / "show.yaml").write_text(SHOW + "enclosure: in-place\n", encoding="utf-8")
    prepared = edition_of(root).edition
    assert prepared.episodes[0].enclosure.url.endswith("/media/rest.mp3")
    media = next(piece for piece in prepared.pieces if piece.path.startswith("media/"))
    assert not media.immutable


def test_two_slugs_never_share_a_file(tmp_path):
    root = write_library(tmp_path / "library", SHOW + "enclosure: in-place\n")
    for slug in ("see", "sée", "See", "海", "山"):
        write_track(root / "build", slug)
    paths = [piece.path for piece in edition_of(root).edition.pieces]
    assert len(set(paths)) == len(paths)
    assert all(path.isascii() and " " not in path for path in paths)


def many(root, count):
    """Return a show and that many episodes, one a day."""
    write_library(root)
    write_track(root / "build", "rest")
    one = edition_of(root).edition.episodes[0]
    return show_of(root), [
        replace(
            one,
            slug=f"day-{k}",
            guid=f"guid-{k}",
            number=k + 1,
            published=NOW - timedelta(days=count - k),
            enclosure=replace(one.enclosure, url=f"https://example.org/show/media/{k}.mp3"),
        )
        for k in range(count)
    ]


@pytest.mark.parametrize("count", [1, 300, 301, 400, 401, 1000])
def test_more_than_300_episodes_go_to_pages_and_none_is_lost(tmp_path, count):
    show, episodes = many(tmp_path / "library", count)
    pages = paged(show, episodes[::3] + episodes[1::3] + episodes[2::3])
    assert len(pages[-1].episodes) <= AT_ONCE
    assert all(len(page.episodes) == PAGE for page in pages[:-1])
    slugs = [one.slug for page in reversed(pages) for one in page.episodes]
    assert slugs == [f"day-{k}" for k in reversed(range(count))]
    for before, after in pairwise(pages):
        assert after.older == before.url
        assert before.newer == (after.url if after.archive else "")


def test_a_page_stays_as_it_is_when_episodes_come(tmp_path):
    show, episodes = many(tmp_path / "library", 520)
    front = Front(show=show, guid="917393e3-1b1e-5cef-ace4-edaa54e1f810", image=COVER)
    few, more = paged(show, episodes[:505]), paged(show, episodes)
    assert [write_rss(front, page) for page in few[:-1]] == [
        write_rss(front, page) for page in more[:-1]
    ]
    assert all(schema_faults(write_rss(front, page)) == [] for page in more)


def test_pages_on_a_disk_pass_the_checker(tmp_path):
    show, episodes = many(tmp_path / "library", 401)
    front = Front(show=show, guid="917393e3-1b1e-5cef-ace4-edaa54e1f810", image=COVER)
    for page in paged(show, episodes):
        path = tmp_path / page.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(write_rss(front, page))
    report = check_file(tmp_path / "feed.xml", NOW)
    assert (report.pages, report.items) == (3, 401)
    assert {one.rule.name for one in report.findings} == {"guid-derived", "file-missing"}


def test_the_json_feed_says_the_same(whole):
    feed = json.loads((whole / "feed.json").read_text(encoding="utf-8"))
    episodes = edition_of(whole.parent).edition.episodes
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://example.org/show/feed.json"
    by_guid = {one["id"]: one for one in feed["items"]}
    for episode in episodes:
        item = by_guid.pop(episode.guid)
        media = item["attachments"][0]
        assert (item["title"], item["content_html"]) == (episode.title, episode.notes)
        assert item["date_published"] == episode.published.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert media["url"] == episode.enclosure.url
        assert media["size_in_bytes"] == episode.enclosure.size_bytes
        assert media["duration_in_seconds"] == round(episode.length_s)
    assert by_guid == {}


def test_several_shows_are_one_list(whole, tmp_path):
    other = write_library(tmp_path / "other", SHOW.replace("org/show", "org/o") + "title: 'x]]>'\n")
    write_track(other / "build", "rest")
    publish(other)
    content = write_opml("All & more", shows_of([whole, other / "public" / "feed.xml"]))
    tree = etree.fromstring(content)
    assert tree.get("version") == "2.0"
    assert tree.findtext("head/title") == "All & more"
    found = [(one.get("text"), one.get("xmlUrl"), one.get("type")) for one in tree.find("body")]
    assert found == [
        ("A test library", "https://example.org/show/feed.xml", "rss"),
        ("x]]>", "https://example.org/o/feed.xml", "rss"),
    ]


def test_a_list_of_what_is_no_feed_tells_all_faults(tmp_path):
    (tmp_path / "a.xml").write_text("<html/>", encoding="utf-8")
    bare = '<rss version="2.0"><channel/></rss>'
    (tmp_path / "b.xml").write_text(bare, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        shows_of([tmp_path / "a.xml", tmp_path / "b.xml", tmp_path / "c.xml"])
    assert len(caught.value.faults) == 3
    with pytest.raises(FaultsError, match="--title"):
        write_opml("\0", [])
