"""A show, its tracks and its lock become an edition: every file as it will be published."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.errors import FaultsError, PublishError, UnknownNameError
from undersong.publish.episodes import Made, image_of, make_episode, read_art, text_piece
from undersong.publish.identity import Lock, settle
from undersong.publish.jsonfeed import JSON_FEED, write_json_feed
from undersong.publish.model import Edition, EpisodeChoice, Piece, Show, Stage
from undersong.publish.rss import Front, paged, write_rss
from undersong.publish.site.pages import site_pieces
from undersong.publish.tracks import Track

RSS_MIME: Final = "application/rss+xml"


class Prepared(Struct, frozen=True, kw_only=True):
    """An edition, and the lock that it is right for."""

    edition: Edition
    lock: Lock


def prepare(
    show: Show,
    tracks: Sequence[Track],
    lock: Lock | None,
    now: datetime,
    *,
    drafts: bool = False,
) -> Prepared:
    """Put a show together; nothing is written.

    Args:
        show: as its maker describes it.
        tracks: every finished track there is.
        lock: what is settled so far.
        now: aware; dates episodes that are new.
        drafts: take draft tracks too, and ask apps not to list the show.

    Raises:
        PublishError: drafts or tracks without rights among them, or an identity that would change.
        UnknownNameError: an episode of a track that does not exist.
        FaultsError: tracks that cannot be published, all their faults.
    """
    chosen = _chosen(show, tracks)
    if withheld := [f"{track.slug}: {text}" for track in chosen for text in track.made.withheld]:
        raise PublishError(
            "these tracks must not be published:\n" + "\n".join(withheld),
            hint="write `licence` and `credit` into the bed file and render again",
        )
    spoken = [track for track in chosen if track.made.draft]
    if spoken and not drafts:
        raise PublishError(
            "drafts cannot be published: " + ", ".join(track.slug for track in spoken),
            hint="give them a finished voice and render again; "
            "or build a private test with --drafts",
        )
    show = replace(show, blocked=show.blocked or bool(spoken))
    lock = settle(show, [(track.slug, track.made.draft) for track in chosen], lock, now)
    made = _made(show, chosen, lock)
    cover = read_art(Path(show.artwork), "cover")
    front = Front(show=show, guid=lock.guid, image=image_of(show, cover, show.title))
    pieces = [cover, *(piece for one in made for piece in one.pieces), *_feeds(front, made)]
    if show.site:
        pieces += site_pieces(front, made)
    edition = Edition(
        feed_url=show.feed_url,
        guid=lock.guid,
        episodes=tuple(one.episode for one in made),
        pieces=tuple(sorted(_once(pieces), key=lambda piece: (piece.stage, piece.path))),
    )
    return Prepared(edition=edition, lock=lock)


def _chosen(show: Show, tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks that are episodes: those the maker names, in order, then the others."""
    by_slug = {track.slug: track for track in tracks}
    named = [choice.track for choice in show.choices]
    for slug in named:
        if slug not in by_slug:
            raise UnknownNameError("finished track", slug, by_slug)
    others = [] if show.only_chosen else [slug for slug in by_slug if slug not in named]
    chosen = [by_slug[slug] for slug in (*named, *others)]
    if not chosen:
        raise PublishError(
            "there is no finished track to publish", hint="run `undersong render` first"
        )
    return chosen


def _made(show: Show, tracks: Sequence[Track], lock: Lock) -> list[Made]:
    """Return all episodes, or every fault of every track."""
    choices = {choice.track: choice for choice in show.choices}
    made: list[Made] = []
    failed: list[FaultsError] = []
    for track in tracks:
        choice = choices.get(track.slug, EpisodeChoice(track=track.slug))
        try:
            made.append(make_episode(show, choice, track, lock.episodes[track.slug]))
        except FaultsError as error:
            failed.append(error)
    if failed:
        hint = next((error.hint for error in failed if error.hint), None)
        raise FaultsError([fault for error in failed for fault in error.faults], hint=hint)
    return made


def _feeds(front: Front, made: Sequence[Made]) -> list[Piece]:
    episodes = [one.episode for one in made]
    pieces = [
        text_piece(
            page.path,
            write_rss(front, page),
            RSS_MIME,
            Stage.ARCHIVE if page.archive else Stage.FEED,
            immutable=False,
        )
        for page in paged(front.show, episodes)
    ]
    written = write_json_feed(front, episodes)
    mime = "application/feed+json"
    return [*pieces, text_piece(JSON_FEED, written, mime, Stage.FEED, immutable=False)]


def _once(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces by path, each once: two episodes may share a cover.

    Raises:
        PublishError: two different files would have one name.
    """
    found: dict[str, Piece] = {}
    for piece in pieces:
        if found.setdefault(piece.path, piece).sha256 != piece.sha256:
            raise PublishError(f"two different files would be published as {piece.path}")
    return list(found.values())
