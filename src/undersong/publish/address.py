"""An address to publish to, read into its parts; one that holds a secret is refused."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from undersong.errors import UnknownNameError, UsageError

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""Hosts that nothing leaves this computer for."""

NO_SECRETS: Final = (
    "secrets never stand in a file: set them in the environment, or keep them in the keyring; "
    "docs/publishing.md has their names"
)

_SECRET: Final = re.compile(r"secret|passw|token|signature|^sig$|sas|key|credential", re.IGNORECASE)
"""What the names of settings hold that must not be written down."""


class Address(Struct, frozen=True, kw_only=True):
    """Where a show is sent, such as `s3://bucket/show?region=eu-west-1`. Never holds a secret.

    Attributes:
        scheme: in small letters.
        host: name of a host or a bucket; an IPv6 address without its brackets.
        port: None when none was given.
        user: empty when none was given.
        path: below the host, without a slash at either end.
        settings: what follows the question mark.
    """

    scheme: str
    host: str
    port: int | None = None
    user: str = ""
    path: str = ""
    settings: Mapping[str, str]

    @property
    def netloc(self) -> str:
        """Host and port, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def place(self) -> str:
        """Scheme, user and host: what the keyring calls it."""
        return f"{self.scheme}://{self.user}@{self.netloc}".replace("//@", "//")

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.place}/{self.path}" if self.path else self.place

    def only(self, *known: str) -> None:
        """Refuse settings other than these.

        Raises:
            UnknownNameError: it has others.
        """
        for name in self.settings:
            if name not in known:
                raise UnknownNameError(f"setting of {self.scheme}:// addresses", name, known)

    def secrets_go(self, names: Sequence[str]) -> str:
        """Return a hint that says where secrets of these names belong."""
        if not names:
            return "leave it out: a key in ssh-agent or ~/.ssh lets you in"
        variables = " and ".join(f"${name}" for name in names)
        commands = " and ".join(f"`keyring set 'undersong {self.place}' {name}`" for name in names)
        return f"set {variables} in the environment, or keep it in the keyring: {commands}"


def read_address(text: str, secrets: Sequence[str]) -> Address:
    """Take an address apart; what messages say of it never repeats what may be a secret.

    Args:
        text: with a scheme.
        secrets: names of the secrets that such an address goes with, for the hint.

    Raises:
        UsageError: it holds a secret, has no host, or is none.
    """
    scheme = text.partition(":")[0].lower()
    try:
        parts = urlsplit(text)
        address = Address(
            scheme=scheme,
            host=parts.hostname or "",
            port=parts.port,
            user=unquote(parts.username or ""),
            path=unquote(parts.path).strip("/"),
            settings=dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)),
        )
    except ValueError:
        raise UsageError(
            f"this {scheme}:// address cannot be read",
            hint=f"write it as {scheme}://HOST-OR-BUCKET/FOLDER?NAME=VALUE&NAME=VALUE",
        ) from None
    written = [name for name, value in address.settings.items() if is_secret(name, value)]
    if written or parts.password is not None:
        what = f"a secret, `{written[0]}`" if written else "a password"
        raise UsageError(
            f"the address of {address.place} holds {what}", hint=address.secrets_go(secrets)
        )
    if not address.host or parts.fragment:
        raise UsageError(
            f"this {scheme}:// address names no host or bucket, or holds a #",
            hint=f"write it as {scheme}://HOST-OR-BUCKET/FOLDER",
        )
    return address


def is_secret(name: str, value: str = "") -> bool:
    """Whether a setting is one by its name, or an address with a password in it."""
    return _SECRET.search(name) is not None or re.search(r"//[^/]*@", value) is not None
