"""What other people's readers make of a feed, beside what we meant."""

import io
import json
import subprocess
import warnings
from calendar import timegm
from pathlib import Path

import podcastparser
from lxml import etree

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # feedparser's own use of what Python is about to drop
    import feedparser

_SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).with_name("feed.rng"))))

OLD = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"


def schema_faults(content) -> list[str]:
    """Return what our own schema says against a feed."""
    _SCHEMA.validate(etree.fromstring(content))
    return [str(error) for error in _SCHEMA.error_log]


def by_podcastparser(content: bytes) -> dict:
    """Return what gPodder's parser reads; it knows the podcast namespace by its old name only."""
    aliased = content.replace(b"https://podcastindex.org/namespace/1.0", OLD.encode())
    return podcastparser.parse("https://example.org/show/feed.xml", io.BytesIO(aliased))


def by_feedparser(content: bytes):
    """Return what the universal feed parser reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return feedparser.parse(content)


def assert_read_back(content: bytes, show, episodes) -> None:
    """Every field that podcastparser and feedparser know is read back as it was meant."""
    _channel(content, show)
    newest = sorted(episodes, key=lambda one: one.published, reverse=True)
    parsed = {one["guid"]: one for one in by_podcastparser(content)["episodes"]}
    entries = by_feedparser(content).entries
    assert [entry.id for entry in entries] == [episode.guid for episode in newest]
    for episode, entry in zip(newest, entries, strict=True):
        _podcastparser_item(parsed[episode.guid], episode)
        _feedparser_item(entry, episode)


def _channel(content, show):
    parsed, fed = by_podcastparser(content), by_feedparser(content)
    assert not fed.bozo
    assert parsed["title"] == fed.feed.title == show.title
    assert parsed["link"] == fed.feed.link == show.link
    assert " ".join(parsed["description"].split()) == " ".join(show.description.split())
    assert parsed["language"] == fed.feed.language == show.language.lower()
    assert parsed["itunes_author"] == fed.feed.author == show.author
    assert parsed["explicit"] is show.explicit
    assert parsed["type"] == ("serial" if show.serial else "episodic")
    assert parsed["cover_url"] == fed.feed.image.href
    category = [part for written in show.categories for part in written.split(" > ")]
    assert [tag.term for tag in fed.feed.tags] == category


def _podcastparser_item(read, episode):
    media = episode.enclosure
    assert read["title"] == episode.title
    assert read["published"] == timegm(episode.published.timetuple())
    assert read["total_time"] == max(1, round(episode.length_s))
    assert read["explicit"] is episode.explicit
    assert read["type"] == episode.kind
    assert read.get("number") == episode.number
    assert read.get("season") == episode.season
    assert read["description_html"] == episode.notes
    assert read["enclosures"] == [
        {"url": media.url, "file_size": media.size_bytes, "mime_type": media.mime}
    ]
    expected = [(link.url, link.mime) for link in episode.transcripts]
    assert read.get("transcript_url") in {None, *(url for url, _ in expected)}
    assert read.get("chapters_json_url") == (episode.chapters.url if episode.chapters else None)
    named = [(one["name"], one.get("role"), one.get("group")) for one in read.get("persons", [])]
    assert named == [(one.name, one.role, one.group) for one in episode.persons]


def _feedparser_item(entry, episode):
    media = episode.enclosure
    assert entry.title == episode.title
    assert timegm(entry.published_parsed) == timegm(episode.published.timetuple())
    assert entry.link == episode.link
    assert [(one.href, one.length, one.type) for one in entry.enclosures] == [
        (media.url, str(media.size_bytes), media.mime)
    ]
    assert entry.itunes_duration == str(max(1, round(episode.length_s)))


READERS = Path(__file__).with_name("readers")


def by_node(feed: Path, json_feed: Path, opml: Path) -> dict:
    """Return what podcast-partytime, feedsmith and webvtt-parser read; npm brings them."""
    transcripts = sorted((feed.parent / "transcripts").glob("*.vtt"))
    done = subprocess.run(
        ["node", "read.mjs", feed, json_feed, opml, *transcripts],
        cwd=READERS,
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def assert_partytime(read, show, episodes) -> None:
    """Every field that the Podcast Index's own parser knows is read back as it was meant."""
    assert (read["title"], read["link"], read["description"], read["author"]) == (
        show.title, show.link, show.description, show.author,
    )  # fmt: skip
    assert read["language"] == show.language.lower()
    assert read["explicit"] is show.explicit
    assert read["itunesCategory"] == list(show.categories)
    assert read["itunesType"] == ("serial" if show.serial else "episodic")
    assert read["medium"] == show.medium
    assert read["pubsub"]["self"] == show.feed_url
    assert read.get("locked") is show.locked or "podcastLocked" not in read
    items = {item["guid"]: item for item in read["items"]}
    assert len(items) == len(episodes)
    for episode in episodes:
        _partytime_item(items[episode.guid], episode)


def _partytime_item(item, episode):
    media = episode.enclosure
    assert item["enclosure"] == {
        "url": media.url, "length": media.size_bytes, "type": media.mime,
    }  # fmt: skip
    assert item["title"] == episode.title
    assert item["duration"] == max(1, round(episode.length_s))
    assert item["explicit"] is episode.explicit
    assert item["description"] == item["content"] == episode.notes
    assert item.get("itunesEpisode") == episode.number
    assert item.get("itunesSeason") == episode.season
    assert item["itunesEpisodeType"] == episode.kind
    assert item["pubDate"] == episode.published.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    renamed = {"application/x-subrip": "application/srt"}
    assert [(one["url"], one["type"]) for one in item.get("podcastTranscripts", [])] == [
        (link.url, renamed.get(link.mime, link.mime)) for link in episode.transcripts
    ]
    chapters = item.get("podcastChapters")
    assert (chapters["url"] if chapters else None) == (
        episode.chapters.url if episode.chapters else None
    )
    offered = [
        (one["type"], one["length"], one["source"][0]["uri"], one["integrity"]["value"])
        for one in item["alternativeEnclosures"]
    ]
    assert offered == [
        (one.mime, one.size_bytes, one.url, one.integrity) for one in (media, *episode.alternates)
    ]


def assert_feedsmith(read, show, episodes) -> None:
    """Every field that feedsmith knows is read back as it was meant."""
    assert (read["title"], read["link"], read["description"]) == (
        show.title, show.link, show.description,
    )  # fmt: skip
    itunes, podcast = read["itunes"], read["podcast"]
    assert (itunes["author"], itunes["explicit"]) == (show.author, show.explicit)
    written = [
        " > ".join([one["text"], *(sub["text"] for sub in one.get("categories", []))])
        for one in itunes["categories"]
    ]
    assert written == list(show.categories)
    assert (podcast["medium"], podcast["locked"]["value"]) == (show.medium, show.locked)
    assert {one["purpose"] for one in podcast["txts"]} >= {"ai-content"}
    assert [one["display"] for one in podcast.get("persons", [])] == [
        person.name for person in show.persons
    ]
    items = {item["guid"]["value"]: item for item in read["items"]}
    assert len(items) == len(episodes)
    for episode in episodes:
        _feedsmith_item(items[episode.guid], episode)


def _feedsmith_item(item, episode):
    media, podcast = episode.enclosure, item["podcast"]
    assert item["enclosures"] == [
        {"url": media.url, "length": media.size_bytes, "type": media.mime}
    ]
    assert item["title"] == episode.title
    assert item["description"] == item["content"]["encoded"] == episode.notes
    assert item["itunes"]["duration"] == max(1, round(episode.length_s))
    assert item["itunes"].get("episode") == episode.number
    truth = "true" if episode.synthetic else "false"
    assert podcast["txts"] == [{"display": truth, "purpose": "ai-content"}]
    assert [(one["url"], one["type"]) for one in podcast.get("transcripts", [])] == [
        (link.url, link.mime) for link in episode.transcripts
    ]
    if episode.soundbite:
        (bite,) = podcast["soundbites"]
        assert (bite["startTime"], bite["duration"]) == (
            episode.soundbite.start_s, episode.soundbite.length_s,
        )  # fmt: skip
    offered = [
        (one["type"], one["length"], one["sources"][0]["uri"], one["integrity"]["value"])
        for one in podcast["alternateEnclosures"]
    ]
    assert offered == [
        (one.mime, one.size_bytes, one.url, one.integrity) for one in (media, *episode.alternates)
    ]
