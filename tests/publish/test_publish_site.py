"""The web pages beside a feed, as bytes; how they behave is tried in tests/browser."""

import json
import re
import shutil
import string
from datetime import UTC, datetime
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from urllib.parse import unquote

import pytest
from publish_faults import hosted
from publish_kit import (
    NOW,
    SHOW,
    URL,
    edition_of,
    publish,
    show_of,
    sound,
    write_library,
    write_track,
)

from undersong.publish.captions import Cue
from undersong.publish.model import Stage
from undersong.publish.notes import CARE
from undersong.publish.send import plan, send
from undersong.publish.site.cards import filters_of
from undersong.publish.site.links import app_links
from undersong.publish.site.model import Card, Section
from undersong.publish.site.pages import POLICY, clock, sections_of
from undersong.publish.site.words import FOLDER, direction_of, words_for
from undersong.publish.target import FolderTarget
from undersong.publish.tracks import Chapter

SITE = SHOW.replace("site: false\n", "")
HOSTILE = "</script><script>alert(1)</script> & \"quoted\" 'too' {{ 7 * 7 }} \u202eevil"


class Seen(HTMLParser):
    """What a page says: tags with attributes, texts of data blocks."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.blocks, self._in = [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = dict(attrs).get("type") if tag == "script" else None

    def handle_data(self, data):
        if self._in is not None:
            self.blocks.append((self._in, data))
        self._in = None

    def values(self, *names):
        return [value for _, attrs in self.tags for name, value in attrs.items() if name in names]


@pytest.fixture
def root(tmp_path):
    root = write_library(tmp_path / "library", SITE)
    for slug in ("air", "rest", "sea"):
        write_track(root / "build", slug)
    return root


def pages(edition):
    return {
        piece.path: piece.source.decode() for piece in edition.pieces if piece.mime == "text/html"
    }


def paths(edition):
    return {piece.path for piece in edition.pieces}


def test_a_show_has_a_page_for_itself_each_episode_and_the_journal(root):
    edition = edition_of(root).edition
    assert set(pages(edition)) == {
        "index.html", "journal.html",
        "episodes/air.html", "episodes/rest.html", "episodes/sea.html",
    }  # fmt: skip
    assert [episode.link for episode in edition.episodes] == [
        f"{URL}episodes/{slug}.html" for slug in ("air", "rest", "sea")
    ]


def test_who_wants_no_pages_gets_none(root):
    (root / "show.yaml").write_text(SHOW + "link: https://example.org/home\n", encoding="utf-8")
    edition = edition_of(root).edition
    assert pages(edition) == {}
    assert not [path for path in paths(edition) if path.startswith("site/")]
    assert {episode.link for episode in edition.episodes} == {"https://example.org/home"}


def test_the_same_show_has_the_same_bytes(root):
    first, second = edition_of(root).edition, edition_of(root).edition
    assert pages(first) == pages(second)
    assert not [path for path, text in pages(first).items() if " object at 0x" in text]


def test_every_page_leads_only_to_what_is_there_and_loads_only_our_own(root):
    edition = edition_of(root).edition
    for path, text in pages(edition).items():
        seen = Seen(text)
        for lead in seen.values("href", "src"):
            if ":" in lead or lead.startswith("#"):
                continue
            found = normpath(join(dirname(path), unquote(lead.partition("#")[0])))
            assert found in paths(edition), (path, lead)
        loaded = [
            attrs.get("src") or "" for tag, attrs in seen.tags if tag in {"script", "img", "audio"}
        ]
        loaded += [
            attrs["href"] for tag, attrs in seen.tags if attrs.get("rel") in {"stylesheet", "icon"}
        ]
        assert not [url for url in loaded if "//" in url]


def test_the_policy_forbids_every_way_out_and_no_page_needs_more(root):
    for text in pages(edition_of(root).edition).values():
        seen = Seen(text)
        policies = [attrs["content"] for tag, attrs in seen.tags if attrs.get("http-equiv")]
        assert policies == [POLICY]
        assert seen.values("style") == []
        assert not [name for _, attrs in seen.tags for name in attrs if name.startswith("on")]
        assert not [tag for tag, _ in seen.tags if tag in {"style", "iframe", "object", "base"}]
        own = [attrs for tag, attrs in seen.tags if tag == "script" and "src" not in attrs]
        assert all("json" in attrs["type"] for attrs in own)
    assert "default-src 'none'" in POLICY
    assert "connect-src" not in POLICY
    assert "unsafe" not in POLICY


def test_words_of_makers_stay_words(root):
    write_track(
        root / "build", "rest", title=HOSTILE, credits=[HOSTILE],
        about={"time": HOSTILE, "care": HOSTILE},
        chapters=[{"title": HOSTILE, "start_s": 0.0, "end_s": 2.0}],
        beside={"rest.vtt": f"WEBVTT\n\n00:00.000 --> 00:01.000\n{HOSTILE.replace('<', '&lt;')}\n"},
        speakers=[{"engine": "<b>", "voice": "<i>"}], ambience=["<u>"],
    )  # fmt: skip
    found = pages(edition_of(root).edition)
    for path in ("index.html", "episodes/rest.html"):
        seen = Seen(found[path])
        assert "{{ 7 * 7 }}" in found[path]
        assert all(text.startswith("{") for _, text in seen.blocks)
        assert not {"i", "u"} & {tag for tag, _ in seen.tags}
    (told,) = [text for kind, text in Seen(found["episodes/rest.html"]).blocks if "ld" in kind]
    assert json.loads(told)["name"] == HOSTILE
    assert "<script>alert" not in found["episodes/rest.html"]


def test_search_engines_and_friends_are_told(root):
    found = Seen(pages(edition_of(root).edition)["episodes/rest.html"])
    (told,) = [json.loads(text) for kind, text in found.blocks if "ld" in kind]
    assert (told["@type"], told["name"], told["timeRequired"]) == (
        "PodcastEpisode",
        "The rest",
        "PT2S",
    )
    assert told["datePublished"].startswith("2026-11-21T")
    assert told["partOfSeries"]["webFeed"] == URL + "feed.xml"
    shared = {attrs["property"]: attrs["content"] for _, attrs in found.tags if "property" in attrs}
    assert shared["og:audio"] == told["associatedMedia"]["contentUrl"]
    assert shared["og:audio"].startswith(URL + "media/rest-")
    assert shared["og:image"].startswith(URL + "art/cover-")
    assert shared["og:url"] == URL + "episodes/rest.html"


def test_a_draft_is_called_a_draft_and_kept_from_search(root):
    write_track(root / "build", "rest", draft=True)
    found = pages(edition_of(root, drafts=True).edition)
    for text in found.values():
        assert '<meta name="robots" content="noindex">' in text
        assert "A private test with a draft voice" in text


def test_who_speaks_is_said_and_so_is_care(root):
    write_track(root / "build", "sea", engine="edge", about={})
    found = pages(edition_of(root).edition)
    assert "a computer speaks" in found["episodes/sea.html"]
    assert "person&#39;s, recorded" in found["episodes/rest.html"]
    assert "Listen where you can rest." in found["episodes/rest.html"]
    assert CARE in found["episodes/sea.html"]
    assert CARE in found["index.html"]


def test_pages_come_after_what_they_load_and_before_the_feed(root):
    pieces = edition_of(root).edition.pieces
    stages = [piece.stage for piece in pieces]
    assert stages == sorted(stages)
    at = {piece.path: piece.stage for piece in pieces}
    assert at["index.html"] == at["episodes/rest.html"] == at["show.opml"] == Stage.PAGE
    assert Stage.BESIDE < Stage.PAGE < Stage.ARCHIVE < Stage.FEED
    assert {stage for path, stage in at.items() if path.startswith("site/")} == {Stage.BESIDE}
    immutable = {piece.path for piece in pieces if piece.immutable}
    assert {path for path in at if path.startswith("site/")} <= immutable
    assert not immutable & set(pages(edition_of(root).edition))


def test_only_pages_that_changed_are_written(root):
    prepared = publish(root)
    write_track(root / "build", "sea", files={"mp3": sound(seconds=2.0) + b"\0"})
    target = FolderTarget(root / "public")
    changed = plan(edition_of(root, prepared.lock), target, NOW.date())
    written = [piece.path for piece in changed.writes]
    assert written[0].startswith("media/sea-")
    assert written[1:] == ["episodes/sea.html", "feed.json", "feed.xml"]
    send(changed, target, lambda _bytes: None)
    assert plan(edition_of(root, prepared.lock), target, NOW.date()).is_empty


def test_a_host_at_home_shows_the_pages_with_its_own_address(root, tmp_path):
    import urllib.request  # noqa: PLC0415 - nobody else here asks a host

    publish(root)
    with hosted(root / "public", tmp_path / "scratch") as address:
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - loopback
            text = answer.read().decode()
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.headers["cache-control"] == "public, max-age=300, must-revalidate"
        assert "example.org/show" not in text
        bare = address.partition("://")[2]
        assert f"podcast://{bare}feed.xml" in text
        assert f"{address}art/cover-" in text


def test_apps_are_given_the_address_as_each_wants_it(root):
    links = {link.name: link.href for link in app_links(show_of(root))}
    quoted = "https%3A%2F%2Fexample.org%2Fshow%2Ffeed.xml"
    assert links == {
        "Apple Podcasts": "podcast://example.org/show/feed.xml",
        "Overcast": f"overcast://x-callback-url/add?url={quoted}",
        "Pocket Casts": "pktc://subscribe/example.org/show/feed.xml",
        "Castro": "castro://subscribe/example.org/show/feed.xml",
        "AntennaPod": "https://antennapod.org/deeplink/subscribe"
        f"?url={quoted}&title=A%20test%20library",
    }


def card(**changes):
    plain = {
        "path": "episodes/a.html", "title": "A", "summary": "", "published": NOW, "language": "en",
        "direction": "ltr", "length_min": 10, "reach_min": 10, "times": (), "regions": (),
        "kind": "",
    }  # fmt: skip
    return Card(**plain | changes)


def test_filters_are_offered_where_they_tell_episodes_apart():
    cards = [
        card(times=("night", "morning"), regions=("hips",)),
        card(times=("tea time",), regions=("hips",), reach_min=0),
        card(times=("evening",), language="de", reach_min=5),
    ]
    found = {
        one.name: [choice.key for choice in one.choices]
        for one in filters_of(cards, words_for("en"))
    }
    assert found == {
        "time": ["morning", "evening", "night", "tea time"],
        "length": ["5", "10", "0"],
        "language": ["de", "en"],
    }
    assert filters_of([card(), card()], words_for("en")) == ()


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ("Morning,  late Evening", "morning|late evening"),
        ("any", ""),
        ("evening, any", ""),
        ("", ""),
    ],
)
def test_several_values_stand_between_commas_and_any_is_none(root, said, times):
    write_track(root / "build", "rest", about={"time": said})
    text = pages(edition_of(root).edition)["index.html"]
    rest = text[: text.index("episodes/rest.html")].rpartition("<li ")[2]
    assert f'data-time="{times}"' in rest


@pytest.mark.parametrize(
    ("length_s", "minutes", "reach"),
    [
        (20, 1, 5),
        (300, 5, 5),
        (329, 5, 5),
        (331, 6, 10),
        (600, 10, 10),
        (1200, 20, 20),
        (1300, 22, 0),
    ],
)
def test_lengths_in_minutes_and_classes(root, length_s, minutes, reach):
    write_track(root / "build", "rest", length_s=float(length_s))
    text = pages(edition_of(root).edition)["index.html"]
    rest = text[: text.index("2026</time>", text.index("episodes/rest.html"))].rpartition("<li ")[2]
    assert f'data-length="{reach}"' in rest
    assert f"<span>{minutes} min</span>" in rest


def test_cues_lie_in_their_chapters():
    chapters = [
        Chapter(title="One", start_s=1.0, end_s=2.0),
        Chapter(title="Two", start_s=2.0, end_s=9.0),
    ]
    cues = [Cue(start_ms=ms, end_ms=ms + 10, text=str(ms)) for ms in (0, 1000, 1999, 2000, 8000)]
    assert sections_of(chapters, cues) == (
        Section(title="", start_s=0.0, cues=(cues[0],)),
        Section(title="One", start_s=1.0, cues=(cues[1], cues[2])),
        Section(title="Two", start_s=2.0, cues=(cues[3], cues[4])),
    )
    assert sections_of((), ()) == ()


def test_every_language_says_everything():
    def names(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = words_for("en")
    for file in FOLDER.glob("*.toml"):
        words = words_for(file.stem)
        assert words.language == file.stem
        assert len(words.months) == 12
        for mine, theirs in ((words.page, english.page), (words.script, english.script)):
            assert mine.keys() == theirs.keys()
            assert all(mine[key].strip() for key in mine)
            assert {key: names(mine[key]) for key in mine} == {
                key: names(theirs[key]) for key in mine
            }


def test_templates_and_scripts_use_every_word_there_is():
    site = FOLDER.parent
    templates = "".join(file.read_text(encoding="utf-8") for file in site.glob("templates/*"))
    scripts = "".join(file.read_text(encoding="utf-8") for file in site.glob("static/*.js"))
    used = set(re.findall(r"\bw\.(\w+)", templates)) | {"date"}
    spelled = {name for name in words_for("en").page if name.startswith(("filter_", "length_"))}
    assert used | spelled == set(words_for("en").page)
    assert set(re.findall(r"\bsaid\.(\w+)", scripts)) == set(words_for("en").script)


def test_a_language_that_nobody_wrote_speaks_english():
    words = words_for("gsw-CH")
    assert (words.language, words.direction) == ("en", "ltr")
    assert words_for("de-AT").language == "de-AT"
    assert words_for("ar").direction == "rtl"
    assert (direction_of("he-IL"), direction_of("en-GB")) == ("rtl", "ltr")


@pytest.mark.parametrize(
    ("language", "read"),
    [("en", "3 November 2026"), ("de", "3. November 2026"), ("es", "3 de noviembre de 2026")],
)
def test_dates_are_read_as_their_language_has_them(language, read):
    assert words_for(language).date(datetime(2026, 11, 3, tzinfo=UTC)) == read


@pytest.mark.parametrize(("seconds", "read"), [(0, "0:00"), (88.9, "1:28"), (3723, "1:02:03")])
def test_clock(seconds, read):
    assert clock(seconds) == read


class Cut(FolderTarget):
    """A folder whose wire is cut after some writes."""

    def __init__(self, root, left):
        super().__init__(root)
        self.left = left

    def write(self, piece, tick):
        if self.left == 0:
            raise InterruptedError
        self.left -= 1
        super().write(piece, tick)


def test_stopped_anywhere_no_feed_and_no_page_names_what_is_not_there(root):
    prepared = edition_of(root)
    public = root / "public"
    count = len(prepared.edition.pieces)
    for left in range(count):
        target = Cut(public, left)
        due = plan(prepared, target, NOW.date())
        with pytest.raises(InterruptedError):
            send(due, target, lambda _bytes: None)
        for page in public.glob("episodes/*.html"):
            loaded = [url for url in Seen(page.read_text("utf-8")).values("src") if url[:1] == "."]
            assert len(loaded) > 3
            assert all((page.parent / url).is_file() for url in loaded)
        if (public / "feed.xml").exists():
            assert {f"episodes/{one}.html" for one in ("air", "rest", "sea")} <= {
                path.relative_to(public).as_posix() for path in public.rglob("*.html")
            }
        shutil.rmtree(public, ignore_errors=True)
