"""Who is who, for ever: podcast guid, item guids, and `show.lock`, which keeps them.

The lock is written by us and committed with the library. What stands in it never changes by
itself: a changed guid makes every app take an episode for a new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field  # noqa: TID251 - pydantic reads them
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import UUID, uuid5

from pydantic import Field, TypeAdapter

from undersong.errors import Fault, FaultsError, PublishError
from undersong.files import write_bytes
from undersong.publish.model import EpisodeChoice, Show
from undersong.publish.records import Line, read_record, record_bytes

LOCK_FILE: Final = "show.lock"

_NAMESPACE: Final = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""Of podcast guids: podcast namespace 1.0, `guid`."""

_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


def podcast_guid(feed_url: str) -> str:
    """Return the guid of a feed: UUIDv5 of its address without scheme and trailing slashes."""
    bare = feed_url.split("://", 1)[-1].rstrip("/")
    return str(uuid5(_NAMESPACE, bare))


def item_guid(show_guid: str, slug: str) -> str:
    """Return the guid that a track gets when it is first published: of show and slug alone."""
    return str(uuid5(UUID(show_guid), slug))


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What is settled about one episode.

    Attributes:
        published: when it is dated, ISO 8601 in UTC.
        number: its number, None for trailers and bonuses that were given none.
        draft: only ever built for a private test, so that its date may still move.
    """

    guid: Line
    published: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    number: Annotated[int, Field(ge=1)] | None = None
    draft: bool = False

    @property
    def moment(self) -> datetime:
        """The date, aware."""
        return datetime.strptime(self.published, _STAMP).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """`show.lock`: the show's guid, and every episode that was ever built, by slug."""

    schema: Literal[1] = 1
    guid: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    episodes: dict[str, Locked] = field(default_factory=dict)


_READER: Final = TypeAdapter(Lock)


def read_lock(path: Path) -> Lock | None:
    """Return the lock, None when there is no such file.

    Raises:
        FaultsError: it is not as we write it.
    """
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        pass  # it is there, and cannot be read: told below
    found = read_record(path, _READER)
    try:
        for locked in found.episodes.values():
            _ = locked.moment
    except ValueError as error:
        raise FaultsError([Fault(file=str(path), message=str(error))]) from error
    return found


def write_lock(path: Path, lock: Lock) -> None:
    """Write the lock, unless it stands there already.

    Raises:
        OutputError: no space, no permission.
    """
    content = record_bytes(lock)
    try:
        kept = path.read_bytes()
    except OSError:
        kept = b""
    if kept != content:
        write_bytes(path, content)


def settle(
    show: Show,
    tracks: Sequence[tuple[str, bool]],
    lock: Lock | None,
    now: datetime,
) -> Lock:
    """Return the lock with every track in it; what it knew stays as it was.

    Args:
        show: what the maker says.
        tracks: slug and whether it is a draft, in the order of the feed's past to future.
        lock: what is settled so far.
        now: aware; new episodes without a date are dated by it, a second apart.

    Raises:
        PublishError: the maker asks for another guid than the one settled, or for one twice.
    """
    choices = {choice.track: choice for choice in show.choices}
    known = lock.episodes if lock else {}
    guid = _show_guid(show, lock)
    fresh = [
        slug for slug, draft in tracks if slug not in known or _moves(known[slug], draft=draft)
    ]
    dates = {slug: _dated(now, len(fresh) - k - 1) for k, slug in enumerate(fresh)}
    episodes = dict(known)
    for slug, draft in tracks:
        choice = choices.get(slug, EpisodeChoice(track=slug))
        before = known.get(slug)
        episodes[slug] = Locked(
            guid=_item_guid(choice, before, guid),
            published=choice.published.strftime(_STAMP)
            if choice.published
            else dates.get(slug) or episodes[slug].published,
            number=_number(choice, before, choices, episodes),
            draft=draft and (before is None or before.draft),
        )
    _refuse_twins(episodes)
    return Lock(guid=guid, episodes=episodes)


def recovered(lock: Lock | None, guid: str, known: Mapping[str, Locked]) -> Lock | None:
    """Return the lock, with what it lacks filled in from what a target remembers.

    So a lock that was lost, or is older than what was published, costs no episode its date.

    Args:
        lock: what stands in `show.lock`.
        guid: the show's guid at the target, empty when nothing was published there.
        known: episodes that were ever published there.
    """
    if lock is None:
        return Lock(guid=guid, episodes=dict(known)) if guid else None
    return Lock(guid=lock.guid, episodes=renamed(known, lock.episodes))


def renamed(known: Mapping[str, Locked], newer: Mapping[str, Locked]) -> dict[str, Locked]:
    """Return what is known with what is newer; who has a new slug is no longer known by the old."""
    taken = {locked.guid for locked in newer.values()}
    kept = {slug: locked for slug, locked in known.items() if locked.guid not in taken}
    return dict(sorted({**kept, **newer}.items()))


def refuse_changed(known: Mapping[str, str], guids: Mapping[str, str], where: str) -> None:
    """Compare guids by slug with those that subscribers know.

    Raises:
        PublishError: one differs.
    """
    changed = sorted(slug for slug, guid in guids.items() if known.get(slug, guid) != guid)
    if changed:
        slug = changed[0]
        raise PublishError(
            f"the guid of `{slug}` would change from {known[slug]} to {guids[slug]}: "
            "every app would take it for a new episode",
            hint=f"{where} knows the old one; bring {LOCK_FILE} back from version control",
        )


def _show_guid(show: Show, lock: Lock | None) -> str:
    if show.guid is not None:
        try:
            wanted = str(UUID(show.guid))
        except ValueError as error:
            raise PublishError(
                f"the show's guid {show.guid!r} is no UUID",
                hint="leave it out, or copy the podcast:guid of the old feed",
            ) from error
        if lock is not None and lock.guid != wanted:
            raise PublishError(
                f"the show's guid would change from {lock.guid} to {wanted}",
                hint=f"take `guid` out of the show file, or mend {LOCK_FILE}",
            )
        return wanted
    return lock.guid if lock is not None else podcast_guid(show.feed_url)


def _item_guid(choice: EpisodeChoice, before: Locked | None, show_guid: str) -> str:
    if before is None:
        return choice.guid or item_guid(show_guid, choice.track)
    if choice.guid is not None:
        refuse_changed({choice.track: before.guid}, {choice.track: choice.guid}, LOCK_FILE)
    return before.guid


def _moves(before: Locked, *, draft: bool) -> bool:
    """Whether an episode is published for the first time although it was built before."""
    return before.draft and not draft


def _dated(now: datetime, seconds_ago: int) -> str:
    return (now.astimezone(UTC) - timedelta(seconds=seconds_ago)).strftime(_STAMP)


def _number(
    choice: EpisodeChoice,
    before: Locked | None,
    choices: Mapping[str, EpisodeChoice],
    settled: Mapping[str, Locked],
) -> int | None:
    """Return the number asked for, the one settled, or the next one of the season."""
    if choice.number is not None:
        return choice.number
    if before is not None and (before.number is not None or choice.kind != "full"):
        return before.number
    if choice.kind != "full":
        return None
    asked = [other.number for other in choices.values() if other.season == choice.season]
    taken = [
        locked.number
        for slug, locked in settled.items()
        if (choices[slug].season if slug in choices else None) == choice.season
    ]
    return max((number for number in (*asked, *taken) if number is not None), default=0) + 1


def _refuse_twins(episodes: Mapping[str, Locked]) -> None:
    owners: dict[str, str] = {}
    for slug, locked in episodes.items():
        other = owners.setdefault(locked.guid, slug)
        if other != slug:
            raise PublishError(
                f"`{other}` and `{slug}` have the same guid {locked.guid}: apps would show one",
                hint=f"mend `guid` in the show file, or {LOCK_FILE}",
            )
