"""What makers write about a show: `show.yaml` beside `undersong.yaml`, or `publish:` inside it."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec.structs import replace
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from undersong.errors import Fault, FaultsError
from undersong.publish.address import NO_SECRETS, is_secret
from undersong.publish.categories import WRITTEN
from undersong.publish.fields import URL_MAX, Email, Moment, WebAddress
from undersong.publish.model import EpisodeChoice, Person, Show, Soundbite
from undersong.publish.names import FORMS
from undersong.publish.notes import NOTES_MAX_BYTES
from undersong.recipes.document import load_yaml
from undersong.recipes.fields import Language, OneOf, Picture, Text, Time
from undersong.recipes.library import FILE, Library
from undersong.recipes.schema import Writing

SHOW_FILE: Final = "show.yaml"
"""Where a show is described."""

MEDIA_KINDS: Final = (
    "podcast", "music", "video", "film", "audiobook", "newsletter", "blog", "publisher", "course",
)  # fmt: skip
"""What a show can be, podcast namespace `medium`; lists of others' items are not made here."""

Word = Annotated[str, Text(128)]
Title = Annotated[str, Text(255)]
Prose = Annotated[str, Text(4000)]
Address = Annotated[str, WebAddress()]
Folder = Annotated[str, WebAddress(folder=True)]
Cover = Annotated[str, Picture()]
Number = Annotated[int, Field(ge=1, le=100_000)]
Place = Annotated[str, Text(URL_MAX)]  # so long that one with a secret is refused, not quoted
Guid = Annotated[str, Text(255)]


def _listed_schema(names: tuple[str, ...]) -> WithJsonSchema:
    """Return what editors are told of one name or a list of names."""
    several = {"type": "array", "items": {"enum": list(names)}, "minItems": 1}
    return WithJsonSchema({"anyOf": [{"enum": list(names)}, several]})


def _listed(value: object) -> object:
    """Let a single name stand for a list of one."""
    return [value] if isinstance(value, str) else value


Categories = Annotated[
    tuple[Annotated[str, OneOf("category", WRITTEN)], ...],
    Field(min_length=1),
    BeforeValidator(_listed),
    _listed_schema(WRITTEN),
]
Forms = Annotated[
    tuple[Annotated[str, OneOf("format", tuple(FORMS))], ...],
    BeforeValidator(_listed),
    _listed_schema(tuple(FORMS)),
]


def _may(description: str, **more: Any) -> Any:  # noqa: ANN401 - as pydantic's own `Field`
    """Return a field that may be left out."""
    return Field(None, description=description, **more)


class PersonFile(Writing):
    """Somebody who made the show or an episode."""

    name: Word = Field(description="Name, as it should be read.")
    role: Word = _may("Role of the podcast taxonomy, such as `narrator`; `host` when left out.")
    group: Word = _may("Group of the podcast taxonomy, such as `writing`; `cast` when left out.")
    img: Address = _may("Address of a portrait.")
    href: Address = _may("Address of a page about them.")


class SoundbiteFile(Writing):
    """A stretch worth hearing first."""

    start: Annotated[Fraction, Time("0s", "12h")] = Field(description="Where it begins.")
    length: Annotated[Fraction, Time("15s", "2m")] = Field(description="How long it lasts.")
    title: Word = _may("What it is; the episode's title when left out.")


class OwnerFile(Writing):
    """Who owns the show. Published to everybody: leave it out unless a directory asks."""

    name: Word = _may("Name.")
    email: Annotated[str, Email()] = Field(description="Mail address.")


class UpdateFile(Writing):
    """How often episodes come."""

    rule: Annotated[str, Text(128)] = Field(description="RFC 5545 RRULE, such as `FREQ=WEEKLY`.")
    text: Word = Field(description="The same in words, such as `every Sunday`.")


class FundingFile(Writing):
    """A way to support the show."""

    url: Address = Field(description="Address.")
    text: Word = Field(description="What the link says.")


class EpisodeFile(Writing):
    """What a track is as an episode; everything but `track` may be left out."""

    track: Title = Field(description="Slug of a finished track: its folder in `build/`.")
    title: Title = _may("Title in the feed; the track's when left out.")
    summary: Prose = _may("What it is; its first words when left out.")
    date: Annotated[datetime, Moment()] = _may(
        "When it is dated; the day it is first published when left out."
    )
    number: Number = _may("Number; the next one when left out.")
    season: Number = _may("Season.")
    kind: Literal["full", "trailer", "bonus"] = _may("`full` when left out.")
    explicit: bool = _may("Not for everybody; the show's word when left out.")
    guid: Guid = _may("Identity it had at another host. Never change one that is known.")
    link: Address = _may("A page about it.")
    persons: tuple[PersonFile, ...] = _may("Persons of this episode instead of the show's.")
    soundbite: SoundbiteFile = _may("A stretch worth hearing first.")
    artwork: Cover = _may("A cover of its own, square, 1400 to 3000 pixels.")


class ShowFile(Writing):
    """`show.yaml`, or `publish:` in `undersong.yaml`: the show that a library is published as."""

    url: Folder = Field(description="Address of the folder that the show is published in.")
    category: Categories = Field(
        description="Apple's category, `Health & Fitness > Mental Health`; or several."
    )
    title: Title = _may("Title; the library's when left out.")
    author: Title = _may("Who makes it; the library's author when left out.")
    description: Prose = _may("What the show is; the library's when left out.")
    language: Annotated[str, Language()] = _may("Language; the library's when left out.")
    artwork: Cover = _may("Cover, square, 1400 to 3000 pixels; the library's when left out.")
    link: Address = _may("Web page of the show; `url` when left out.")
    explicit: bool = _may("Not for everybody; false when left out.")
    type: Literal["episodic", "serial"] = _may("`serial` is heard in order; `episodic` is usual.")
    medium: Annotated[str, OneOf("medium", MEDIA_KINDS)] = _may("`podcast` when left out.")
    copyright: Title = _may("Who holds the rights: a name, without the word, sign or year.")
    licence: Word = _may("Slug of a known licence, such as `cc-by-4.0`.")
    licence_url: Address = _may("Where a licence of your own can be read.")
    persons: tuple[PersonFile, ...] = _may("Who makes the show.")
    seasons: dict[Number, Word] = _may("Names of seasons by number.")
    funding: tuple[FundingFile, ...] = _may("Ways to support the show.")
    owner: OwnerFile = _may("Mail address for directories; published to everybody.")
    locked: bool = _may("No other host may import the feed; true when left out.")
    update: UpdateFile = _may("How often episodes come.")
    hub: Address = _may("WebSub hub that is told of changes.")
    moved_to: Address = _may("New address of the feed, when the show has moved.")
    complete: bool = _may("No further episodes will come.")
    blocked: bool = _may("Apps are asked not to list the show.")
    verify: dict[Word, Title] = _may("Text that a directory asked for, by purpose.")
    enclosure: Literal["new-url", "in-place"] = _may(
        "`new-url`: a changed track gets a new file name; `in-place`: it keeps its name."
    )
    alternates: Forms = _may("Further formats of each track to offer, such as `opus`.")
    guid: Guid = _may("Podcast guid it had at another host.")
    care: Prose = _may("Said of safety under episodes whose `about` has no `care`.")
    to: Place = _may(
        "Where `undersong publish` sends the show: a folder, or an address without secrets."
    )
    episodes: tuple[EpisodeFile, ...] = _may("What is to be said of single tracks, in order.")
    only: bool = _may("Only the tracks under `episodes` are published.")
    site: bool = _may("Web pages beside the feed; true when left out.")


class _Section(BaseModel):
    """The part of `undersong.yaml` that we read."""

    model_config = ConfigDict(extra="ignore")
    publish: ShowFile


def show_file(library: Library) -> Path:
    """Return the file that describes the show.

    Raises:
        FaultsError: there is none, or there are two.
    """
    own = library.root / SHOW_FILE
    if own.is_file() and library.publish:
        fault = Fault(file=str(own), message=f"the show is described here and in {FILE} as well")
        raise FaultsError([fault], hint=f"keep one of them: {SHOW_FILE}, or `publish:` in {FILE}")
    if own.is_file():
        return own
    if library.file is not None and library.publish:
        return library.file
    fault = Fault(file=str(own), message="there is no show to publish")
    raise FaultsError(
        [fault],
        hint=f"write {SHOW_FILE} with `url:` and `category:`; docs/publishing.md has an example",
    )


def load_show(library: Library) -> Show:
    """Read the show of a library.

    Raises:
        FaultsError: every fault of its file, or something that neither it nor the library says.
    """
    path = show_file(library)
    names = library.names(library.root)
    try:
        if path.name == SHOW_FILE:
            found = load_yaml(path, ShowFile, names)
        else:
            found = load_yaml(path, _Section, names).publish
    except FaultsError as error:
        told = (fault.message.partition("unknown key ")[2] for fault in error.faults)
        if any(is_secret(name) for name in told):
            raise FaultsError(error.faults, hint=NO_SECRETS) from None
        raise
    chosen = found.chosen()
    common = {
        "title": library.title,
        "author": library.author,
        "description": library.description,
        "language": library.language,
        "artwork": library.artwork,
    }
    settled = {key: chosen.get(key) or value for key, value in common.items()}
    faults = [Fault(file=str(path), message=message) for message in _amiss(chosen, settled)]
    if faults:
        raise FaultsError(faults)
    return _show(chosen, settled)


def _amiss(chosen: dict[str, Any], settled: dict[str, Any]) -> Iterator[str]:
    """Yield what single values do not show to be wrong."""
    yield from (f"`{key}` is missing here and in {FILE}" for key in settled if not settled[key])
    if len((settled["description"] or "").encode()) > NOTES_MAX_BYTES:
        yield f"`description` has more than {NOTES_MAX_BYTES} bytes of UTF-8"
    slugs = [item["track"] for item in _several(chosen, "episodes")]
    twice = sorted({slug for k, slug in enumerate(slugs) if slug in slugs[:k]})
    yield from (f"the track `{slug}` is here twice" for slug in twice)
    if "ai-content" in (chosen.get("verify") or {}):
        yield "`ai-content` is told from who speaks; it cannot be set"
    if chosen.get("licence_url") and not chosen.get("licence"):
        yield "`licence_url` needs a name: give `licence` too"


def _show(chosen: dict[str, Any], settled: dict[str, Any]) -> Show:
    owner, update = chosen.get("owner") or {}, chosen.get("update") or {}
    plain = {key: chosen[key] for key in _PLAIN if chosen.get(key) is not None}
    show = Show(
        **settled,
        url=chosen["url"],
        link=chosen.get("link") or chosen["url"],
        categories=chosen["category"],
        serial=chosen.get("type") == "serial",
        persons=_persons(chosen),
        funding={item["url"]: item["text"] for item in _several(chosen, "funding")},
        owner_name=owner.get("name", ""),
        owner_email=owner.get("email", ""),
        update=update.get("rule", ""),
        update_text=update.get("text", ""),
        in_place=chosen.get("enclosure") == "in-place",
        choices=tuple(_choice(item) for item in _several(chosen, "episodes")),
        only_chosen=bool(chosen.get("only")),
    )
    return replace(show, **plain)


_PLAIN: Final = (
    "explicit", "medium", "copyright", "licence", "licence_url", "seasons", "locked", "hub",
    "moved_to", "complete", "blocked", "verify", "alternates", "guid", "to", "care", "site",
)  # fmt: skip
"""Keys whose value is the show's as it stands."""


def _choice(item: dict[str, Any]) -> EpisodeChoice:
    bite = item.get("soundbite")
    same = ("title", "summary", "number", "season", "explicit", "guid", "link", "artwork")
    return EpisodeChoice(
        track=item["track"],
        published=item.get("date"),
        kind=item.get("kind") or "full",
        persons=_persons(item),
        soundbite=Soundbite(
            start_s=float(bite["start"]),
            length_s=float(bite["length"]),
            title=bite.get("title") or "",
        )
        if bite
        else None,
        **{key: item.get(key) for key in same},
    )


def _persons(item: dict[str, Any]) -> tuple[Person, ...]:
    found = _several(item, "persons")
    return tuple(Person(**{k: v for k, v in one.items() if v is not None}) for one in found)


def _several(item: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of what was written, as plain mappings."""
    return [one.chosen() if isinstance(one, Writing) else one for one in item.get(key) or ()]
