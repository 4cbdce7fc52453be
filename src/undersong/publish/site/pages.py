"""The pages themselves: templates filled in, the same bytes for the same show."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from undersong.files import digest_bytes
from undersong.publish.captions import Cue
from undersong.publish.episodes import Made, text_piece
from undersong.publish.model import Piece, Stage
from undersong.publish.names import hashed
from undersong.publish.notes import care_of
from undersong.publish.opml import write_opml
from undersong.publish.rss import Front
from undersong.publish.site.about import about_episode, about_show
from undersong.publish.site.cards import card_of, filters_of
from undersong.publish.site.links import app_links
from undersong.publish.site.model import Asset, Card, Section, Site
from undersong.publish.site.words import direction_of, words_for
from undersong.publish.tracks import Chapter

SHOW_PAGE: Final = "index.html"
JOURNAL_PAGE: Final = "journal.html"
OPML: Final = "show.opml"
HTML_MIME: Final = "text/html"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; base-uri 'none'; form-action 'none'"
)
"""Content Security Policy of every page (CSP level 3): no script can send anything anywhere."""

_HERE: Final = Path(__file__).parent
_MIMES: Final = MappingProxyType({".css": "text/css", ".js": "text/javascript"})


def site_pieces(front: Front, made: Sequence[Made]) -> list[Piece]:
    """Return every page of a show and what the pages load, feeds and sound apart."""
    show = front.show
    assets = _assets()
    site = Site(
        show=show,
        guid=front.guid,
        cover=front.image.url.removeprefix(show.url),
        words=words_for(show.language),
        assets=assets,
    )
    opml = write_opml(show.title, [(show.title, show.feed_url, show.link)])
    return [
        *(
            text_piece(one.path, one.content, one.mime, Stage.BESIDE, immutable=True)
            for one in assets.values()
        ),
        *(_page(path, text) for path, text in _pages(site, made)),
        text_piece(OPML, opml, "text/x-opml", Stage.PAGE, immutable=False),
    ]


def sections_of(chapters: Sequence[Chapter], cues: Sequence[Cue]) -> tuple[Section, ...]:
    """Return chapters with what is heard in each; cues before the first come under no title."""
    starts = [0.0, *(chapter.start_s for chapter in chapters)]
    titles = ["", *(chapter.title for chapter in chapters)]
    ends = [*starts[1:], float("inf")]
    found = tuple(
        Section(
            title=title,
            start_s=start,
            cues=tuple(cue for cue in cues if start <= cue.start_ms / 1000 < end),
        )
        for title, start, end in zip(titles, starts, ends, strict=True)
    )
    return tuple(one for one in found if one.title or one.cues)


def _pages(site: Site, made: Sequence[Made]) -> Iterator[tuple[str, str]]:
    """Yield path and text of every page, the newest episode first in the list."""
    newest = sorted(made, key=lambda one: (one.episode.published, one.episode.slug), reverse=True)
    cards = [card_of(one) for one in newest]
    text = _filled(
        "show.html",
        site,
        cards=cards,
        filters=filters_of(cards, site.words),
        apps=app_links(site.show),
        about=about_show(site),
        care=care_of(site.show.language, site.show.care),
    )
    yield SHOW_PAGE, text
    yield JOURNAL_PAGE, _filled("journal.html", site)
    for one, card in zip(newest, cards, strict=True):
        yield card.path, _episode_page(site, one, card)


def _episode_page(site: Site, made: Made, card: Card) -> str:
    episode, track = made.episode, made.track.made
    image = episode.image.url if episode.image else site.show.url + site.cover
    return _filled(
        "episode.html",
        site,
        up="../",
        card=card,
        episode=episode,
        track=track,
        care=made.care,
        image=image,
        sections=sections_of(track.chapters, made.cues),
        about=about_episode(site, episode),
    )


def _filled(template: str, site: Site, **more: Any) -> str:  # noqa: ANN401 - as templates take it
    shared = {
        "up": "",
        "site": site,
        "show": site.show,
        "w": SimpleNamespace(**site.words.page),  # in a mapping, `w.keys` would be its method
        "content_direction": direction_of(site.show.language),
        "policy": POLICY,
    }
    return _templates().get_template(template).render(shared | more)


def _page(path: str, text: str) -> Piece:
    return text_piece(path, text.encode(), HTML_MIME, Stage.PAGE, immutable=False)


@cache
def _assets() -> dict[str, Asset]:
    """Return every file that pages load, by name."""
    found = {}
    for file in sorted((_HERE / "static").iterdir()):
        content = file.read_bytes()
        path = f"site/{hashed(file.stem, digest_bytes(content), file.suffix)}"
        found[file.name] = Asset(path=path, mime=_MIMES[file.suffix], content=content)
    return found


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["clock"] = clock
    return made


def clock(seconds: float) -> str:
    """Return a place in a track as people read it: `1:28`, `1:02:03`."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
