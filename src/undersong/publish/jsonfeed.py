"""The same show as JSON Feed 1.1, and chapters as podcast JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from undersong.publish.model import Episode, Show
from undersong.publish.rss import Front

JSON_FEED: Final = "feed.json"
"""Name of the JSON feed in the show's folder."""

_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


def write_json_feed(front: Front, episodes: Sequence[Episode]) -> bytes:
    """Return a JSON feed of all episodes, newest first."""
    show = front.show
    newest = sorted(episodes, key=lambda one: (one.published, one.slug), reverse=True)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": show.title,
        "home_page_url": show.link,
        "feed_url": show.url + JSON_FEED,
        "description": show.description,
        "icon": front.image.url,
        "authors": [{"name": show.author}],
        "language": show.language,
        "expired": show.complete,
        "hubs": [{"type": "WebSub", "url": show.hub}] if show.hub else [],
        "items": [_item(episode, show) for episode in newest],
    }
    return _bytes(feed)


def _item(episode: Episode, show: Show) -> Mapping[str, Any]:
    image = {"image": episode.image.url} if episode.image else {}
    return {
        "id": episode.guid,
        "url": episode.link or show.link,
        "title": episode.title,
        "content_html": episode.notes,
        "summary": episode.summary,
        **image,
        "date_published": episode.published.strftime(_STAMP),
        "language": episode.language,
        "attachments": [
            {
                "url": media.url,
                "mime_type": media.mime,
                "title": episode.title,
                "size_in_bytes": media.size_bytes,
                "duration_in_seconds": round(episode.length_s),
            }
            for media in (episode.enclosure, *episode.alternates)
        ],
    }


def write_chapters(chapters: Sequence[tuple[str, float, float]]) -> bytes:
    """Return chapters of title, start and end in seconds as podcast JSON chapters 1.2.0."""
    rows = [
        {"startTime": round(start, 3), "endTime": round(end, 3), "title": title}
        for title, start, end in chapters
    ]
    return _bytes({"version": "1.2.0", "chapters": rows})


def _bytes(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
