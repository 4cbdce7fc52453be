"""What other people's readers make of a feed, beside what we meant."""

import io
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
