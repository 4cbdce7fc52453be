"""An edition goes to a target in an order that can stop anywhere without harm.

Sound, then art, transcripts and chapters, then a look whether they arrived whole, then web pages,
then archive pages, then the feed, then the note of what is there; deletions last, and late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field  # noqa: TID251 - pydantic reads them
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from msgspec import Struct
from pydantic import Field, TypeAdapter

from undersong.errors import FaultsError, PublishError
from undersong.files import digest_bytes
from undersong.publish.edition import Prepared
from undersong.publish.identity import Locked, item_guid, refuse_changed, renamed
from undersong.publish.model import FEED, Edition, Piece, Stage
from undersong.publish.names import stem_of
from undersong.publish.records import Line, PiecePath, parse_record, record_bytes
from undersong.publish.target import Target, Tick

STATE: Final = "undersong-state.json"
"""Name of the note in the show's folder."""

GRACE: Final = timedelta(days=90)
"""Apps and caches may ask for a file this long after the last feed that named it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file at the target."""

    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was published last, kept at the target itself.

    Attributes:
        guid: of the show.
        episodes: what is settled about every episode that was ever published, by slug: a copy of
            `show.lock`, should that be lost.
        files: by path, named by the present feed.
        retired: day since which no feed names a file that is still there, by path.
    """

    schema: Literal[1] = 1
    feed: str = ""
    guid: str = ""
    episodes: dict[Line, Locked] = field(default_factory=dict)
    files: dict[PiecePath, Sent] = field(default_factory=dict)
    retired: dict[PiecePath, date] = field(default_factory=dict)


class Plan(Struct, frozen=True, kw_only=True):
    """What would change at the target.

    Attributes:
        before: the note as it was when this was planned.
        writes: in the order in which they happen.
        deletes: paths whose grace is over; empty unless pruning.
        state: the note afterwards.
        noted: the note is there already, letter for letter.
    """

    before: State
    writes: tuple[Piece, ...]
    deletes: tuple[str, ...]
    state: State
    noted: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written or deleted."""
        return self.noted and not self.writes and not self.deletes


_READER: Final = TypeAdapter(State)


def read_state(target: Target) -> State:
    """Return what was published last; an empty note when nothing was.

    Raises:
        FaultsError: the note is not as we write it.
    """
    content = target.read(STATE)
    if content is None:
        return State()
    try:
        return parse_record(content, _READER, f"{target.name}: {STATE}")
    except FaultsError as error:
        hint = "delete this file at the target; everything there is then compared anew"
        raise FaultsError(error.faults, hint=hint) from error


def plan(prepared: Prepared, target: Target, today: date, *, prune: bool = False) -> Plan:
    """Look what would change; nothing is written.

    Args:
        prepared: what should be there, and the lock it is right for.
        target: where.
        today: starts and ends the grace of files that no feed names any more.
        prune: delete files whose grace is over.

    Raises:
        PublishError: the target knows an episode by another guid.
    """
    edition, state = prepared.edition, read_state(target)
    settled = {one.slug: prepared.lock.episodes[one.slug] for one in edition.episodes}
    before = {slug: locked.guid for slug, locked in state.episodes.items()}
    refuse_changed(before, {slug: one.guid for slug, one in settled.items()}, target.name)
    _refuse_renamed(edition, state)
    writes = tuple(piece for piece in edition.pieces if not _is_there(piece, state, target))
    named = {piece.path for piece in edition.pieces}
    retired = {
        path: state.retired.get(path, today)
        for path in sorted({*state.files, *state.retired})
        if path not in named
    }
    over = tuple(path for path, since in retired.items() if prune and since + GRACE <= today)
    after = State(
        feed=edition.feed_url,
        guid=edition.guid,
        episodes=renamed(state.episodes, settled),
        files={
            piece.path: Sent(size_bytes=piece.size_bytes, sha256=piece.sha256)
            for piece in sorted(edition.pieces, key=lambda piece: piece.path)
        },
        retired={path: since for path, since in retired.items() if path not in over},
    )
    return Plan(before=state, writes=writes, deletes=over, state=after, noted=after == state)


def send(plan: Plan, target: Target, tick: Tick) -> None:
    """Do what the plan says; `tick` counts bytes.

    Whenever it stops, the feed at the target names whole files only, and the next run completes.

    Raises:
        PublishError: a file did not arrive whole, or somebody else has published meanwhile.
        UndersongError: the target does not play along.
    """
    for stages in ((Stage.MEDIA, Stage.BESIDE), (Stage.PAGE,), (Stage.ARCHIVE,), (Stage.FEED,)):
        due = [piece for piece in plan.writes if piece.stage in stages]
        if due and Stage.MEDIA not in stages:  # what lasts harms nobody
            _refuse_overtaken(plan, target)
        target.write_all(due, tick)
        _verify(due, target)
    if not plan.noted:
        target.write(_note(plan.state), lambda _bytes: None)
    target.delete_all(plan.deletes)


def _refuse_overtaken(plan: Plan, target: Target) -> None:
    """Of two who publish at once tell the second, as far as targets do not by themselves."""
    if read_state(target) != plan.before:
        raise PublishError(
            f"somebody else publishes to {target.name}: its {STATE} has just changed",
            hint="run publish again; it compares everything anew",
        )


def _refuse_renamed(edition: Edition, state: State) -> None:
    """Stop where a new episode has the sound of one that vanishes: a recipe was renamed.

    An episode whose guid is not made of its slug was given that guid on purpose.
    """
    slugs = {episode.slug for episode in edition.episodes}
    stems = [f"media/{stem_of(slug)}" for slug in state.episodes if slug not in slugs]
    gone = {
        sent.sha256: path
        for path, sent in state.files.items()
        if any(path.startswith((f"{stem}-", f"{stem}.")) for stem in stems)
    }
    digests = {edition.feed_url.removesuffix(FEED) + p.path: p.sha256 for p in edition.pieces}
    for episode in edition.episodes:
        old = gone.get(digests[episode.enclosure.url])
        new = episode.slug not in state.episodes
        if old and new and episode.guid == item_guid(edition.guid, episode.slug):
            raise PublishError(
                f"`{episode.slug}` has the very sound of {old}, which would vanish: "
                "every app would show it as a new episode",
                hint="if the recipe was renamed, rename its entry in show.lock too; "
                "if it is a new episode, give it a `guid` of its own in the show file",
            )


def _is_there(piece: Piece, state: State, target: Target) -> bool:
    """Whether a piece is at the target: as noted, or, after a stop before the note, as it lies."""
    if target.size(piece.path) != piece.size_bytes:
        return False
    noted = state.files.get(piece.path)
    if noted is not None:
        return noted.sha256 == piece.sha256
    if piece.immutable:
        return True  # named by its content, and writes are whole or not at all
    if piece.stage is Stage.MEDIA:
        return False  # too large to be read back; sent again under its old name
    content = target.read(piece.path)
    return content is not None and digest_bytes(content) == piece.sha256


def _verify(pieces: Sequence[Piece], target: Target) -> None:
    for piece in pieces:
        size = target.size(piece.path)
        if size != piece.size_bytes:
            raise PublishError(
                f"{piece.path} did not arrive whole at {target.name}: "
                f"{size if size is not None else 'no'} bytes instead of {piece.size_bytes}",
                hint="publish again; the feed has not been touched",
            )


def _note(state: State) -> Piece:
    content = record_bytes(_plain(state))
    return Piece(
        path=STATE,
        stage=Stage.FEED,
        mime="application/json",
        source=content,
        size_bytes=len(content),
        sha256=digest_bytes(content),
        immutable=False,
    )


class _Plain(Struct, frozen=True, kw_only=True):
    """A state whose days are text."""

    schema: int
    feed: str
    guid: str
    episodes: Mapping[str, Locked]
    files: Mapping[str, Sent]
    retired: Mapping[str, str]


def _plain(state: State) -> _Plain:
    return _Plain(
        schema=state.schema,
        feed=state.feed,
        guid=state.guid,
        episodes=state.episodes,
        files=state.files,
        retired={path: since.isoformat() for path, since in state.retired.items()},
    )
