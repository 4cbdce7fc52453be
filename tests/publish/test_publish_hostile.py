"""Whatever stands in a manifest: a valid feed that reads back equal, or a clear refusal."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from publish_kit import NOW, edition_of, publish, sound, write_library, write_track
from publish_readers import by_podcastparser, schema_faults

from undersong.errors import FaultsError
from undersong.publish.check.examine import check_file
from undersong.publish.edition import prepare
from undersong.publish.episodes import make_episode
from undersong.publish.identity import Locked
from undersong.publish.model import EpisodeChoice, Image
from undersong.publish.notes import NOTES_MAX_BYTES
from undersong.publish.records import is_xml
from undersong.publish.rss import Front, paged, write_rss
from undersong.publish.showfile import load_show
from undersong.publish.tracks import read_tracks
from undersong.recipes.library import Library

FRONT_GUID = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
COVER = Image(url="https://example.org/show/art/a.png", mime="image/png", width=1400)

HOSTILE = [
    "]]>",
    "<![CDATA[x]]>",
    "</title><item>",
    "<script>alert(1)</script>",
    "& &amp; &#0; %00",
    "😴🌊 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "שלום, מנוחה",
    "\u202eright to left\u202c",
    "\ufeffmark",
    "e\u0301" * 120,
    "海" * 255,
    "x" * 255,
    "\U0010ffff",
    "a\"b'c",
]
REFUSED = ["", "   ", "x" * 256, "a\0b", "a\x0bb", "a\x1b[31m", "\ud800", "\ufffe", "\x85\x9f"]


@pytest.fixture
def root(tmp_path):
    return write_library(tmp_path / "library")


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_read_back_as_it_was(root, title):
    chapters = [{"title": title, "start_s": k, "end_s": k + 0.5} for k in (0.0, 0.6, 1.2)]
    about = {"care": title, "sounds": title}
    write_track(
        root / "build", "rest", title=title, chapters=chapters, about=about, credits=[title]
    )
    publish(root)
    content = (root / "public" / "feed.xml").read_bytes()
    assert schema_faults(content) == []
    report = check_file(root / "public", NOW)
    assert [str(one) for one in report.findings if one.rule.severity == "error"] == []
    expected = " ".join(title.split())
    assert etree.fromstring(content).findtext("channel/item/title") == expected
    assert by_podcastparser(content)["episodes"][0]["title"] == expected
    feed = json.loads((root / "public" / "feed.json").read_text(encoding="utf-8"))
    assert feed["items"][0]["title"] == expected


@pytest.mark.parametrize("title", REFUSED)
def test_a_title_that_no_feed_can_hold_is_refused(root, title):
    home = write_track(root / "build", "rest", title=title)
    with pytest.raises(FaultsError) as caught:
        edition_of(root)
    assert f"{home / 'manifest.json'}: title" in caught.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"deliverables": [{"format": "mp3", "file": "../../etc/passwd", "size_bytes": 1,
                           "sha256": "0" * 64}]},
        {"deliverables": [{"format": "mp3", "file": "a.mp3", "size_bytes": -1,
                           "sha256": "0" * 64}]},
        {"deliverables": [{"format": "mp3", "file": "a.mp3", "size_bytes": 1, "sha256": "x"}]},
        {"companions": ["/etc/passwd"]},
        {"companions": [".hidden.vtt"]},
        {"length_s": float("inf")},
        {"length_s": -1.0},
        {"length_s": "long"},
        {"chapters": [{"title": "a", "start_s": float("nan"), "end_s": 1.0}]},
        {"credits": ["\x07"]},
        {"about": {"care": "\0"}},
        {"language": "\x01"},
        {"draft": None},
        {"title": None},
    ],
)  # fmt: skip
def test_a_manifest_that_is_not_ours_is_refused(root, changes):
    home = write_track(root / "build", "rest", **changes)
    with pytest.raises(FaultsError) as caught:
        edition_of(root)
    assert str(home / "manifest.json") in caught.value.message
    assert next(iter(changes)) in caught.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 200_000])
def test_a_damaged_manifest_is_refused(root, content):
    home = write_track(root / "build", "rest")
    (home / "manifest.json").write_bytes(content)
    with pytest.raises(FaultsError, match=r"manifest\.json"):
        edition_of(root)


def test_two_tracks_of_one_slug_are_refused(root):
    write_track(root / "build" / "demo", "rest")
    write_track(root / "build", "rest")
    with pytest.raises(FaultsError, match="is also in"):
        edition_of(root)


def test_a_file_of_more_than_4_gib_keeps_its_length(root):
    home = write_track(root / "build", "rest", length_s=20_000.0)
    size = 2**32 + 5
    with (home / "rest.mp3").open("r+b") as file:
        file.truncate(size)  # sparse: takes no room
    manifest = json.loads((home / "manifest.json").read_text(encoding="utf-8"))
    manifest["deliverables"][0]["size_bytes"] = size
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    edition = edition_of(root).edition
    content = next(piece.source for piece in edition.pieces if piece.path == "feed.xml")
    assert schema_faults(content) == []
    assert by_podcastparser(content)["episodes"][0]["enclosures"][0]["file_size"] == size


def test_long_words_are_cut_where_that_is_harmless_and_refused_where_not(root):
    care, summary = "Rest well. " * 40, "Words " * 600
    chapters = [{"title": "c" * 200, "start_s": k / 50, "end_s": k / 50 + 0.01} for k in range(90)]
    write_track(root / "build", "rest", about={"care": care}, chapters=chapters, credits=["Sea"])
    text = (root / "show.yaml").read_text(encoding="utf-8")
    more = text + f"episodes: [{{track: rest, summary: '{summary}'}}]\n"
    (root / "show.yaml").write_text(more, encoding="utf-8")
    episode = edition_of(root).edition.episodes[0]
    assert len(episode.notes.encode()) <= NOTES_MAX_BYTES
    assert care.strip() in episode.notes
    assert "<li>Sea</li>" in episode.notes
    write_track(root / "build", "rest", credits=["海" * 2000])
    with pytest.raises(FaultsError, match="care and credits are too long"):
        edition_of(root)


WORDS = st.text(st.characters(), max_size=300)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    root = write_library(tmp_path_factory.mktemp("ground"))
    write_track(root / "build", "rest")
    return root, load_show(Library.find(root))


@settings(max_examples=60)
@given(words=st.lists(WORDS, min_size=5, max_size=5))
def test_any_text_gives_a_valid_feed_or_a_refusal(ground, words):
    root, show = ground
    title, credit, care, chapter, slug = words
    home = write_track(
        root / "build",
        "rest",
        title=title,
        credits=[credit],
        about={"care": care},
        chapters=[{"title": chapter, "start_s": 0.0, "end_s": 1.0}],
    )
    manifest = json.loads((home / "manifest.json").read_text(encoding="utf-8"))
    manifest["slug"] = slug
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    sound_words = all(
        is_xml(sign) for text in (title, credit, care, chapter, slug) for sign in text
    )
    try:
        (track,) = read_tracks(root / "build")
    except FaultsError:
        empty = not title.strip() or not slug.strip() or max(len(title), len(slug)) > 255
        assert empty or not sound_words
        return
    locked = Locked(guid="guid", published="2026-11-21T06:00:00Z", number=1)
    made = make_episode(show, EpisodeChoice(track=track.slug), track, locked)
    front = Front(show=show, guid=FRONT_GUID, image=COVER)
    content = write_rss(front, paged(show, [made.episode])[-1])
    assert schema_faults(content) == []
    read = etree.fromstring(content).findtext("channel/item/title")
    assert read == " ".join(title.split())
    assert all(piece.path.isascii() and ".." not in piece.path for piece in made.pieces)


def test_every_sign_that_xml_knows_is_let_through():
    for code in (9, 10, 13, 0x20, 0x7E, 0xA0, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x10FFFF):
        etree.fromstring(f"<a>&#{code};</a>")
        assert is_xml(chr(code))
    for code in (0, 8, 11, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(f"<a>&#{code};</a>")
        assert not is_xml(chr(code))


def test_a_show_is_prepared_without_writing_anything(root):
    write_track(root / "build", "rest", files={"mp3": sound()})
    before = sorted(path for path in root.rglob("*"))
    prepare(load_show(Library.find(root)), read_tracks(root / "build"), None, NOW)
    assert sorted(path for path in root.rglob("*")) == before
