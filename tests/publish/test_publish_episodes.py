"""What one track becomes: its files, its cover, its words."""

import json
import subprocess

import imageio_ffmpeg
import pytest
from lxml import etree
from publish_kit import (
    NOW,
    SHOW,
    edition_of,
    picture,
    publish,
    show_of,
    sound,
    write_library,
    write_track,
)
from publish_readers import assert_read_back, schema_faults

from undersong.errors import FaultsError
from undersong.publish.check.examine import check_file
from undersong.publish.model import Stage
from undersong.publish.notes import CARE, summary_of, timestamps
from undersong.publish.rss import NAMESPACES
from undersong.publish.tracks import Chapter, read_tracks


@pytest.fixture
def root(tmp_path):
    return write_library(tmp_path / "library")


def write_show(root, more):
    (root / "show.yaml").write_text(SHOW + more, encoding="utf-8")


def feed(root):
    return (root / "public" / "feed.xml").read_bytes()


def xpath(content, path):
    return etree.fromstring(content).xpath(path, namespaces=NAMESPACES)


def test_an_m4a_is_an_enclosure_too(root, tmp_path):
    (tmp_path / "a.wav").write_bytes(sound("WAV", 20.0))
    made = tmp_path / "a.m4a"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", tmp_path / "a.wav"]
    subprocess.run([*command, "-c:a", "aac", "-movflags", "+faststart", made], check=True)
    write_track(root / "build", "rest", files={"m4a": made.read_bytes()}, length_s=20.0)
    publish(root)
    assert xpath(feed(root), "//enclosure/@type") == ["audio/x-m4a"]
    assert [str(one) for one in check_file(root / "public", NOW, deep=True).findings] == []


def test_mp3_comes_first_and_others_only_where_they_are_wanted(root):
    files = {"flac": sound("FLAC"), "mp3": sound(), "opus": sound("OGG")}
    write_track(root / "build", "rest", files=files)
    kinds = [piece.mime for piece in edition_of(root).edition.pieces if piece.stage is Stage.MEDIA]
    assert kinds == ["audio/mpeg"]
    write_show(root, "alternates: [opus, flac]\n")
    episode = edition_of(root).edition.episodes[0]
    assert [media.title for media in episode.alternates] == ["Opus", "FLAC, lossless"]
    assert episode.alternates[0].codecs == "opus"


def test_an_episode_may_have_a_cover_of_its_own(root):
    (root / "own.jpg").write_bytes(picture((1500, 1500), form="JPEG"))
    write_show(root, "episodes: [{track: rest, artwork: own.jpg}]\n")
    write_track(root / "build", "rest")
    publish(root)
    (href,) = xpath(feed(root), "//item/itunes:image/@href")
    assert href.endswith(".jpg")
    assert xpath(feed(root), "//item/podcast:image/@width") == ["1500"]
    assert check_file(root / "public", NOW).findings == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (picture((1000, 1000)), "1400 to 3000"),
        (picture((1400, 1500)), "square"),
        (picture((3100, 3100)), "1400 to 3000"),
        (picture(mode="RGBA"), "RGB"),
        (picture(mode="L"), "RGB"),
        (b"GIF89a", "neither a whole JPEG nor a whole PNG"),
        (picture()[:20], "neither a whole JPEG nor a whole PNG"),
        (b"\0" * 21_000_000, "neither a whole JPEG nor a whole PNG"),
    ],
)
def test_a_cover_that_directories_refuse_is_refused(root, content, words):
    (root / "cover.png").write_bytes(content)
    write_track(root / "build", "rest")
    with pytest.raises(FaultsError, match=words) as caught:
        edition_of(root)
    assert "cover.png" in caught.value.message


def test_a_cover_named_as_another_kind_gets_its_right_name(root):
    (root / "cover.png").write_bytes(picture(form="JPEG"))
    write_track(root / "build", "rest")
    publish(root)
    assert next((root / "public" / "art").iterdir()).suffix == ".jpg"
    assert check_file(root / "public", NOW).findings == ()


def test_a_soundbite_beyond_the_end_is_refused(root):
    write_show(root, "episodes: [{track: rest, soundbite: {start: 0s, length: 15s}}]\n")
    write_track(root / "build", "rest")
    with pytest.raises(FaultsError, match="ends after the track"):
        edition_of(root)


def test_everything_said_of_the_show_is_in_the_feed(root):
    write_show(
        root,
        "owner: {email: a@example.org}\nverify: {applepodcastsverify: abc}\n"
        "moved_to: https://example.net/feed.xml\ncomplete: true\nblocked: true\n"
        "locked: false\nexplicit: true\ntype: serial\nhub: https://hub.example.org/\n",
    )
    write_track(root / "build", "rest")
    prepared = publish(root)
    content = feed(root)
    assert schema_faults(content) == []
    expected = {
        "//itunes:owner/itunes:email/text()": "a@example.org",
        "//itunes:owner/itunes:name/text()": "Somebody",
        "//channel/podcast:txt[@purpose='applepodcastsverify']/text()": "abc",
        "//itunes:new-feed-url/text()": "https://example.net/feed.xml",
        "//itunes:complete/text()": "Yes",
        "//channel/podcast:locked/text()": "no",
        "//channel/podcast:locked/@owner": "a@example.org",
        "//channel/itunes:explicit/text()": "true",
        "//channel/itunes:type/text()": "serial",
        "//atom:link[@rel='hub']/@href": "https://hub.example.org/",
    }
    assert {path: xpath(content, path) for path in expected} == {
        path: [value] for path, value in expected.items()
    }
    report = check_file(root / "public", NOW)
    assert {one.rule.name for one in report.findings} == {"owner-public"}
    assert_read_back(content, show_of(root), prepared.edition.episodes)
    twin = json.loads((root / "public" / "feed.json").read_text(encoding="utf-8"))
    assert twin["hubs"] == [{"type": "WebSub", "url": "https://hub.example.org/"}]
    assert twin["expired"] is True


def test_a_track_without_words_or_chapters_is_an_episode_too(root):
    write_track(root / "build", "rest", beside={}, chapters=[], credits=[], about={})
    write_track(root / "build", "sea", beside={"rest.vtt": "WEBVTT\n"}, chapters=[])
    publish(root)
    assert schema_faults(feed(root)) == []
    assert xpath(feed(root), "//podcast:transcript | //podcast:chapters") == []
    report = check_file(root / "public", NOW)
    assert {one.rule.name for one in report.findings} == {"transcript-none"}


@pytest.mark.parametrize(
    ("changes", "show", "said"),
    [
        ({"about": {"care": "Mine."}}, "care: Ours.\n", "Mine."),
        ({"about": {}}, "care: Ours.\n", "Ours."),
        ({"about": {}}, "", CARE),
    ],
)
def test_safety_is_always_said(root, changes, show, said):
    write_show(root, show)
    write_track(root / "build", "rest", **changes)
    assert f"<p>{said}</p>" in edition_of(root).edition.episodes[0].notes


def test_no_english_sentence_under_a_german_track(root):
    write_track(root / "build", "rest", language="de-DE", about={})
    assert CARE not in edition_of(root).edition.episodes[0].notes


def chapter(start_s, title="Chapter"):
    return Chapter(title=title, start_s=start_s, end_s=start_s + 1)


def test_timestamps_are_those_that_apps_read():
    marks = [chapter(0.4, "One"), chapter(88.9, "Two"), chapter(3661.0, "Three")]
    assert timestamps(marks) == ["00:00:00 One", "00:01:28 Two", "01:01:01 Three"]
    assert timestamps(marks[:2]) == []
    assert timestamps(marks[1:] + marks[:1]) == []


@pytest.mark.parametrize(
    ("script", "summary"),
    [
        ("", ""),
        ("Settling\n\n", ""),
        ("Settling\n\nHello. Rest here.\n\nMore.\n", "“Hello. Rest here. More.”"),
        ("No end " + "word " * 100, "“No end " + "word " * 54 + "…”"),
        ("First. " + "word " * 100 + ".", "“First.”"),
        ("一。二。", "“一。二。”"),
    ],
)
def test_a_summary_is_the_first_whole_sentences(script, summary):
    assert summary_of(script, [chapter(0.0, "Settling")]) == summary


def test_captions_that_cannot_be_read_are_told(root):
    home = write_track(root / "build", "rest")
    (home / "rest.vtt").write_bytes(b"WEBVTT\n\n\xff\xfe")
    with pytest.raises(FaultsError, match="not UTF-8"):
        edition_of(root)
    (home / "rest.vtt").unlink()
    with pytest.raises(FaultsError, match="cannot be read"):
        edition_of(root)
    (home / "rest.vtt").write_bytes(b"W" * 9_000_000)
    with pytest.raises(FaultsError, match="too large"):
        edition_of(root)


def test_tracks_are_found_one_and_two_folders_deep(root):
    write_track(root / "build", "rest")
    write_track(root / "build" / "demo", "sea")
    write_track(root / "build" / ".hidden", "air")
    (root / "build" / "file").write_text("", encoding="utf-8")
    assert [track.slug for track in read_tracks(root / "build")] == ["rest", "sea"]
    assert read_tracks(root / "none") == ()
