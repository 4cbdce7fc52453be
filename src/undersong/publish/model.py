"""The nouns of publishing: a show, its episodes, and the pieces that travel to a host."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from msgspec import Struct, field


class Person(Struct, frozen=True, kw_only=True):
    """Somebody to be named, in the words of the podcast taxonomy: role `narrator`, group `cast`."""

    name: str
    role: str = "host"
    group: str = "cast"
    img: str | None = None
    href: str | None = None


class Soundbite(Struct, frozen=True, kw_only=True):
    """A stretch worth hearing first, in seconds from the start of the track."""

    start_s: float
    length_s: float
    title: str = ""


class EpisodeChoice(Struct, frozen=True, kw_only=True):
    """What the maker says of one track as an episode; None where nothing was said.

    Attributes:
        track: slug of a finished track.
        published: when it is dated; aware, UTC.
        kind: full, trailer or bonus.
        guid: of an episode that another host has published before.
        link: a page about it.
        artwork: a picture of its own, as it can be opened.
    """

    track: str
    title: str | None = None
    summary: str | None = None
    published: datetime | None = None
    number: int | None = None
    season: int | None = None
    kind: str = "full"
    explicit: bool | None = None
    guid: str | None = None
    link: str | None = None
    persons: tuple[Person, ...] = ()
    soundbite: Soundbite | None = None
    artwork: str | None = None


class Show(Struct, frozen=True, kw_only=True):
    """A podcast as its maker describes it. Not: its episodes as published.

    Attributes:
        url: address of the show's folder, ending in a slash; `feed_url` lies in it.
        link: address of its web page.
        artwork: cover, as it can be opened.
        categories: as in `categories.WRITTEN`, first one counts most.
        licence, licence_url: SPDX-like slug, and where a licence of one's own can be read.
        owner_name, owner_email: shown to everybody; left out unless the maker wants them.
        update, update_text: how often episodes come, RFC 5545 RRULE and in words.
        hub: WebSub hub that is told of changes.
        moved_to: new address of the feed, when the show has moved.
        blocked: apps are asked not to list the show.
        verify: proof of ownership that a directory asked for, by purpose.
        in_place: a changed track keeps its file name instead of getting a new one.
        alternates: further formats to offer beside the enclosure.
        care: what to say of safety under episodes that say nothing themselves.
        to: where `undersong publish` sends the show.
        choices: what was said of single episodes, in the maker's order.
        only_chosen: tracks that are not among the choices are no episodes.
        site: web pages are made beside the feed.
    """

    title: str
    author: str
    description: str
    language: str
    url: str
    link: str
    artwork: str
    categories: tuple[str, ...]
    explicit: bool = False
    serial: bool = False
    medium: str = "podcast"
    copyright: str = ""
    licence: str = ""
    licence_url: str = ""
    persons: tuple[Person, ...] = ()
    seasons: Mapping[int, str] = field(default_factory=dict)
    funding: Mapping[str, str] = field(default_factory=dict)
    owner_name: str = ""
    owner_email: str = ""
    locked: bool = True
    update: str = ""
    update_text: str = ""
    hub: str = ""
    moved_to: str = ""
    complete: bool = False
    blocked: bool = False
    verify: Mapping[str, str] = field(default_factory=dict)
    in_place: bool = False
    alternates: tuple[str, ...] = ()
    guid: str | None = None
    to: str = ""
    care: str = ""
    choices: tuple[EpisodeChoice, ...] = ()
    only_chosen: bool = False
    site: bool = True

    @property
    def feed_url(self) -> str:
        """Address of the feed."""
        return self.url + FEED


FEED = "feed.xml"
"""Name of the feed in the show's folder."""


class Media(Struct, frozen=True, kw_only=True):
    """A sound file as apps fetch it.

    Attributes:
        bitrate_bps: mean over the file, picture and tags included.
        integrity: subresource integrity, `sha256-` and base64.
        codecs: RFC 6381, where the type alone does not say it.
    """

    url: str
    mime: str
    size_bytes: int
    bitrate_bps: int
    title: str
    integrity: str
    codecs: str = ""


class Image(Struct, frozen=True, kw_only=True):
    """A picture as apps fetch it."""

    url: str
    mime: str
    width: int
    alt: str = ""


class Link(Struct, frozen=True, kw_only=True):
    """A file beside the sound: address and media type; `captions` when it follows the voice."""

    url: str
    mime: str
    captions: bool = False


class Episode(Struct, frozen=True, kw_only=True):
    """Everything a feed says of one track; nothing left to decide.

    Attributes:
        published: aware, UTC, whole seconds.
        summary: plain text.
        notes: HTML of p, ul, li and a, at most 4000 bytes of UTF-8.
        synthetic: spoken by a machine, which the feed then says.
    """

    slug: str
    guid: str
    title: str
    published: datetime
    number: int | None
    season: int | None
    kind: str
    summary: str
    notes: str
    explicit: bool
    link: str
    language: str
    length_s: float
    synthetic: bool
    enclosure: Media
    alternates: tuple[Media, ...] = ()
    transcripts: tuple[Link, ...] = ()
    chapters: Link | None = None
    image: Image | None = None
    persons: tuple[Person, ...] = ()
    soundbite: Soundbite | None = None


class Stage(IntEnum):
    """When a piece is sent: what a feed names must be there before the feed."""

    MEDIA = 1
    BESIDE = 2
    PAGE = 3
    ARCHIVE = 4
    FEED = 5


class Piece(Struct, frozen=True, kw_only=True):
    """One file of the published show.

    Attributes:
        path: below the show's folder, with slashes.
        source: a file on this disk, or the bytes themselves.
        immutable: the name changes with the content, so it may be cached for ever.
    """

    path: str
    stage: Stage
    mime: str
    source: Path | bytes
    size_bytes: int
    sha256: str
    immutable: bool = True


class Edition(Struct, frozen=True, kw_only=True):
    """A show ready to be sent.

    Attributes:
        pieces: in the order in which they are sent.
    """

    feed_url: str
    guid: str
    episodes: tuple[Episode, ...]
    pieces: tuple[Piece, ...]
