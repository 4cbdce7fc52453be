"""The nouns of the web pages: an episode as the list shows it, its words, what filters ask."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from undersong.publish.captions import Cue
from undersong.publish.model import Show


class Words(Struct, frozen=True, kw_only=True):
    """What our pages say in one language.

    Attributes:
        language: its tag; `direction` is ltr or rtl.
        page: text by name, for templates.
        script: text by name, for scripts; `{n}` and the like are filled in there.
    """

    language: str
    direction: str
    months: tuple[str, ...]
    page: Mapping[str, str]
    script: Mapping[str, str]

    def date(self, moment: datetime) -> str:
        """Return a date as it is read."""
        month = self.months[moment.month - 1]
        return self.page["date"].format(day=moment.day, month=month, year=moment.year)


class Asset(Struct, frozen=True, kw_only=True):
    """A file that pages load: its path below the show's folder, named by its content."""

    path: str
    mime: str
    content: bytes


class Site(Struct, frozen=True, kw_only=True):
    """What all pages of a show share.

    Attributes:
        cover: path of the show's cover, below its folder.
        assets: by the name of the file they are made of.
    """

    show: Show
    guid: str
    cover: str
    words: Words
    assets: Mapping[str, Asset]


class Card(Struct, frozen=True, kw_only=True):
    """An episode as the list shows it.

    Attributes:
        path: of its page, below the show's folder.
        times, regions: times of day and regions of the body it is for; none means any.
        reach_min: upper end of its class of lengths in minutes, 0 for the longest.
    """

    path: str
    title: str
    summary: str
    published: datetime
    language: str
    direction: str
    length_min: int
    reach_min: int
    times: tuple[str, ...]
    regions: tuple[str, ...]
    kind: str


class Choice(Struct, frozen=True, kw_only=True):
    """One value of a filter: what scripts compare, and what is read."""

    key: str
    label: str


class Filter(Struct, frozen=True, kw_only=True):
    """A question that listeners may answer to see fewer episodes."""

    name: str
    choices: tuple[Choice, ...]


class Section(Struct, frozen=True, kw_only=True):
    """A chapter and all that is heard in it; the title is empty where no chapter has begun."""

    title: str
    start_s: float
    cues: tuple[Cue, ...]
