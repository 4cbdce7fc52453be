"""Where apps take the address of a feed: a table of links."""

from typing import Final
from urllib.parse import quote

from msgspec import Struct

from undersong.publish.model import Show

_APPS: Final = (
    ("Apple Podcasts", "podcast://{bare}"),
    ("Overcast", "overcast://x-callback-url/add?url={quoted}"),
    ("Pocket Casts", "pktc://subscribe/{bare}"),
    ("Castro", "castro://subscribe/{bare}"),
    ("AntennaPod", "https://antennapod.org/deeplink/subscribe?url={quoted}&title={title}"),
)
"""Forms as the apps' makers document them; `bare` is an address without `https://`.

AntennaPod: its website, *Add on AntennaPod*. Overcast, Castro and Pocket Casts: their URL schemes;
`podcast:` opens the app that ships with Apple's systems.
"""


class AppLink(Struct, frozen=True, kw_only=True):
    """A link that opens an app at this show."""

    name: str
    href: str


def app_links(show: Show) -> tuple[AppLink, ...]:
    """Return links that subscribe to a show, one for each app."""
    forms = {
        "bare": show.feed_url.partition("://")[2],
        "quoted": quote(show.feed_url, safe=""),
        "title": quote(show.title, safe=""),
    }
    return tuple(AppLink(name=name, href=form.format(**forms)) for name, form in _APPS)
