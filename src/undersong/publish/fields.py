"""Kinds of value in a show file: web addresses, moments, mail addresses."""

import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from undersong.recipes.fields import Rule
from undersong.recipes.names import Names
from undersong.recipes.values import WrongValueError

URL_MAX: Final = 2000
"""Longest address that apps can be trusted with."""

_URL: Final = re.compile(r"[!#-;=?-Z\[\]_a-z~]+")  # RFC 3986: ASCII without space, quotes, <, > …
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MOMENT: Final = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?\s?(Z|[+-]\d{2}:\d{2})?)?"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)


class WebAddress(Rule, Struct, frozen=True):
    """An absolute https address in ASCII; `folder` ends in a slash and has no query."""

    folder: bool = False

    @property
    def legal(self) -> str:
        """The form in words."""
        tail = "of a folder, such as https://example.org/show/" if self.folder else "in ASCII"
        return f"an https:// address {tail}"

    def read(self, text: str, names: Names | None) -> str:  # noqa: ARG002 - as `Rule`
        """Return the address; a folder's with its last slash."""
        if why := address_fault(text):
            raise WrongValueError(why, legal=self.legal)
        if not self.folder:
            return text
        if "?" in text or "#" in text:
            message = "a folder's address has no ? and no #"
            raise WrongValueError(message, legal=self.legal)
        return text.rstrip("/") + "/"

    def schema(self) -> dict[str, Any]:
        """Return text that is an address."""
        return {"type": "string", "format": "uri", "maxLength": URL_MAX}


def address_fault(text: str) -> str | None:
    """Return why `text` cannot be a public address, None when it can.

    Plain http is taken on loopback only, for trying things out.
    """
    if _URL.fullmatch(text) is None or len(text) > URL_MAX:
        return "an address is ASCII without spaces; write other signs as %C3%A9"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "this is not an address"
    if parts.scheme not in {"http", "https"} or not host:
        return "this is not an absolute https:// address"
    if "@" in parts.netloc:
        return "an address must not hold a name or password"
    if parts.scheme == "http" and host not in {name.strip("[]") for name in _LOOPBACK}:
        return "plain http is not safe for subscribers"
    return None


class Moment(Rule, frozen=True):
    """A day or a moment: `2026-11-21`, `2026-11-21 06:30`, `2026-11-21T06:30:00+01:00`."""

    @property
    def legal(self) -> str:
        """The forms in words."""
        return "a date such as 2026-11-21 or 2026-11-21 06:30; UTC unless +01:00 or so follows"

    def read(self, text: str, names: Names | None) -> datetime:  # noqa: ARG002 - as `Rule`
        """Return an aware moment in UTC, whole seconds."""
        if re.fullmatch(_MOMENT, text) is None:
            message = "this is not a date"
            raise WrongValueError(message, legal=self.legal)
        try:
            found = datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
            found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            message = "there is no such moment"
            raise WrongValueError(message, legal=self.legal) from error
        if found < _OLDEST:
            message = "there were no podcasts then"
            raise WrongValueError(message, legal=self.legal)
        return found

    def schema(self) -> dict[str, Any]:
        """Return the pattern of a date."""
        return {"type": "string", "pattern": f"^{_MOMENT}$"}


class Email(Rule, frozen=True):
    """A mail address."""

    @property
    def legal(self) -> str:
        """The form in words."""
        return "a mail address such as show@example.org"

    def read(self, text: str, names: Names | None) -> str:  # noqa: ARG002 - as `Rule`
        """Return the address."""
        if _EMAIL.fullmatch(text) is None:
            message = "this is not a mail address"
            raise WrongValueError(message, legal=self.legal)
        return text

    def schema(self) -> dict[str, Any]:
        """Return text that is a mail address."""
        return {"type": "string", "format": "email"}
