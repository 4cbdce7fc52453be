"""A show as RSS 2.0 with the itunes, podcast and atom namespaces: the feed that apps read.

The same show and episodes always give the same bytes: no clock, no version, no order of chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from email.utils import format_datetime
from typing import Any, Final

from lxml import etree
from msgspec import Struct

from undersong.publish.categories import split_category
from undersong.publish.model import Episode, Image, Media, Person, Show

ITUNES: Final = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST: Final = "https://podcastindex.org/namespace/1.0"
ATOM: Final = "http://www.w3.org/2005/Atom"
CONTENT: Final = "http://purl.org/rss/1.0/modules/content/"
HISTORY: Final = "http://purl.org/syndication/history/1.0"

NAMESPACES: Final[Mapping[str, str]] = {
    "itunes": ITUNES,
    "podcast": PODCAST,
    "atom": ATOM,
    "content": CONTENT,
    "fh": HISTORY,
}

AT_ONCE: Final = 300
"""A feed holds up to this many episodes; what is older goes to archive pages (RFC 5005)."""

PAGE: Final = 100
"""Episodes on an archive page: always the same ones, oldest first."""


class Page(Struct, frozen=True, kw_only=True):
    """One feed document: the current feed, or an archive page.

    Attributes:
        episodes: newest first.
        older, newer: addresses of the archive pages before and after.
        archive: this is not the current feed.
    """

    path: str
    url: str
    episodes: tuple[Episode, ...]
    archive: bool = False
    older: str = ""
    newer: str = ""


class Front(Struct, frozen=True, kw_only=True):
    """What a feed says besides its episodes: the show, its guid and its cover."""

    show: Show
    guid: str
    image: Image


def paged(show: Show, episodes: Sequence[Episode]) -> tuple[Page, ...]:
    """Return archive pages, oldest first, then the current feed."""
    old = sorted(episodes, key=lambda episode: (episode.published, episode.slug))
    count = -(-max(0, len(old) - AT_ONCE) // PAGE)
    paths = [f"archive/feed-{k + 1:04d}.xml" for k in range(count)]
    urls = [show.url + path for path in paths]
    pages = [
        Page(
            path=path,
            url=urls[k],
            episodes=tuple(reversed(old[k * PAGE : (k + 1) * PAGE])),
            archive=True,
            older=urls[k - 1] if k else "",
            newer=urls[k + 1] if k + 1 < count else "",
        )
        for k, path in enumerate(paths)
    ]
    newest = Page(
        path=show.feed_url.removeprefix(show.url),
        url=show.feed_url,
        episodes=tuple(reversed(old[count * PAGE :])),
        older=urls[-1] if urls else "",
    )
    return (*pages, newest)


def write_rss(front: Front, page: Page) -> bytes:
    """Return a feed document, UTF-8, indented."""
    spaces = {key: value for key, value in NAMESPACES.items() if key != "fh" or page.archive}
    root = etree.Element("rss", {"version": "2.0"}, nsmap=spaces)
    channel = etree.SubElement(root, "channel")
    _links(channel, front.show, page)
    _channel(channel, front, page)
    for episode in page.episodes:
        _item(etree.SubElement(channel, "item"), episode, front.show)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add(parent: Any, tag: str, text: str | None = None, **attributes: object) -> Any:  # noqa: ANN401 - lxml is untyped
    """Append an element; `itunes:title` is in that namespace; empty attributes are left out."""
    prefix, _, name = tag.rpartition(":")
    full = f"{{{NAMESPACES[prefix]}}}{name}" if prefix else name
    element = etree.SubElement(parent, full)
    for key, value in attributes.items():
        if value not in ("", None):
            element.set(key.rstrip("_").replace("_", "-"), str(value))
    element.text = text
    return element


def _texts(parent: Any, rows: Sequence[tuple[str, str]]) -> None:  # noqa: ANN401 - lxml is untyped
    """Append an element for every row that has a text."""
    for tag, text in rows:
        if text:
            _add(parent, tag, text)


def _links(channel: Any, show: Show, page: Page) -> None:  # noqa: ANN401 - lxml is untyped
    if page.archive:
        _add(channel, "fh:archive")
    rows = (
        ("self", page.url),
        ("hub", show.hub),
        ("current", show.feed_url if page.archive else ""),
        ("prev-archive", page.older),
        ("next-archive", page.newer),
    )
    for rel, href in rows:
        if href:
            kind = "" if rel == "hub" else "application/rss+xml"
            _add(channel, "atom:link", href=href, rel=rel, type=kind)


def _channel(channel: Any, front: Front, page: Page) -> None:  # noqa: ANN401 - lxml is untyped
    show = front.show
    newest = max((episode.published for episode in page.episodes), default=None)
    _texts(
        channel,
        (
            ("title", show.title),
            ("link", show.link),
            ("description", show.description),
            ("language", show.language.lower()),
            ("copyright", show.copyright),
            ("lastBuildDate", format_datetime(newest) if newest else ""),
            ("generator", "Undersong"),
            ("itunes:author", show.author),
            ("itunes:type", "serial" if show.serial else "episodic"),
            ("itunes:explicit", _truth(show.explicit)),
            ("itunes:new-feed-url", show.moved_to),
            ("itunes:complete", "Yes" if show.complete else ""),
            ("itunes:block", "Yes" if show.blocked else ""),
        ),
    )
    _channel_pictures(channel, front)
    for written in show.categories:
        category, under = split_category(written)
        element = _add(channel, "itunes:category")
        element.set("text", category)
        if under:
            _add(element, "itunes:category").set("text", under)
    if show.owner_email:
        owner = _add(channel, "itunes:owner")
        _texts(owner, (("itunes:name", show.owner_name or show.author),))
        _texts(owner, (("itunes:email", show.owner_email),))
    _channel_podcast(channel, front, page)


def _channel_pictures(channel: Any, front: Front) -> None:  # noqa: ANN401 - lxml is untyped
    show, image = front.show, front.image
    old = _add(channel, "image")
    _texts(old, (("url", image.url), ("title", show.title), ("link", show.link)))
    _picture(channel, image)


def _picture(parent: Any, image: Image) -> None:  # noqa: ANN401 - lxml is untyped
    _add(parent, "itunes:image", href=image.url)
    _add(
        parent,
        "podcast:image",
        href=image.url,
        alt=image.alt,
        aspect_ratio="1/1",
        width=image.width,
        type=image.mime,
    )


def _channel_podcast(channel: Any, front: Front, page: Page) -> None:  # noqa: ANN401 - lxml is untyped
    show = front.show
    _add(channel, "podcast:guid", front.guid)
    _add(channel, "podcast:locked", "yes" if show.locked else "no", owner=show.owner_email)
    _add(channel, "podcast:medium", show.medium)
    if show.blocked:
        _add(channel, "podcast:block", "yes")
    synthetic = any(episode.synthetic for episode in page.episodes)
    _add(channel, "podcast:txt", _truth(synthetic), purpose="ai-content")
    for purpose, text in show.verify.items():
        _add(channel, "podcast:txt", text, purpose=purpose)
    _licence(channel, show)
    for url, text in show.funding.items():
        _add(channel, "podcast:funding", text, url=url)
    _persons(channel, show.persons)
    if show.update:
        _add(channel, "podcast:updateFrequency", show.update_text, rrule=show.update)
    for episode in page.episodes:
        if episode.kind == "trailer":
            _trailer(channel, episode)


def _trailer(channel: Any, episode: Episode) -> None:  # noqa: ANN401 - lxml is untyped
    _add(
        channel,
        "podcast:trailer",
        episode.title[:128],
        pubdate=format_datetime(episode.published),
        url=episode.enclosure.url,
        length=episode.enclosure.size_bytes,
        type=episode.enclosure.mime,
        season=episode.season,
    )


def _licence(parent: Any, show: Show) -> None:  # noqa: ANN401 - lxml is untyped
    if show.licence:
        _add(parent, "podcast:license", show.licence, url=show.licence_url)


def _persons(parent: Any, persons: Sequence[Person]) -> None:  # noqa: ANN401 - lxml is untyped
    for one in persons:
        _add(
            parent,
            "podcast:person",
            one.name,
            role=one.role,
            group=one.group,
            img=one.img,
            href=one.href,
        )


def _item(item: Any, episode: Episode, show: Show) -> None:  # noqa: ANN401 - lxml is untyped
    _texts(item, (("title", episode.title), ("link", episode.link)))
    _add(item, "guid", episode.guid, isPermaLink="false")
    _add(item, "pubDate", format_datetime(episode.published))
    media = episode.enclosure
    _add(item, "enclosure", url=media.url, length=media.size_bytes, type=media.mime)
    for tag in ("description", "content:encoded"):
        _add(item, tag).text = etree.CDATA(episode.notes)
    _texts(
        item,
        (
            ("itunes:duration", str(max(1, round(episode.length_s)))),
            ("itunes:explicit", _truth(episode.explicit)),
            ("itunes:episodeType", episode.kind),
            ("itunes:episode", _number(episode.number)),
            ("itunes:season", _number(episode.season)),
        ),
    )
    if episode.image is not None:
        _picture(item, episode.image)
    _item_podcast(item, episode, show)


def _item_podcast(item: Any, episode: Episode, show: Show) -> None:  # noqa: ANN401 - lxml is untyped
    if episode.season is not None:
        name = show.seasons.get(episode.season, "")
        _add(item, "podcast:season", str(episode.season), name=name)
    if episode.number is not None:
        _add(item, "podcast:episode", str(episode.number))
    for link in episode.transcripts:
        rel = "captions" if link.captions else ""
        language = episode.language.lower()
        _add(item, "podcast:transcript", url=link.url, type=link.mime, language=language, rel=rel)
    if episode.chapters is not None:
        _add(item, "podcast:chapters", url=episode.chapters.url, type=episode.chapters.mime)
    if bite := episode.soundbite:
        start, length = f"{bite.start_s:.3f}", f"{bite.length_s:.3f}"
        title = bite.title or episode.title[:128]
        _add(item, "podcast:soundbite", title, startTime=start, duration=length)
    _persons(item, episode.persons)
    _add(item, "podcast:txt", _truth(episode.synthetic), purpose="ai-content")
    _licence(item, show)
    for first, media in _offered(episode):
        _alternate(item, media, first=first)


def _offered(episode: Episode) -> Iterator[tuple[bool, Media]]:
    """Yield the enclosure, marked as the first choice, then the alternates."""
    yield True, episode.enclosure
    for media in episode.alternates:
        yield False, media


def _alternate(item: Any, media: Media, *, first: bool) -> None:  # noqa: ANN401 - lxml is untyped
    element = _add(
        item,
        "podcast:alternateEnclosure",
        type=media.mime,
        length=media.size_bytes,
        bitrate=media.bitrate_bps,
        title=media.title,
        codecs=media.codecs,
        default="true" if first else "",
    )
    _add(element, "podcast:source", uri=media.url)
    _add(element, "podcast:integrity", type="sri", value=media.integrity)


def _truth(value: bool) -> str:  # noqa: FBT001 - a word for it is all this gives
    return "true" if value else "false"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
