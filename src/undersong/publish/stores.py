"""Services of object storage: how each is addressed, and where its keys come from."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from undersong.errors import PublishError, UsageError
from undersong.publish.address import LOOPBACK, Address
from undersong.publish.keys import EXTRA, secret
from undersong.publish.objects import ObjectTarget
from undersong.publish.reaching import reaching

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

S3_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
GOOGLE_KEY: Final = "GOOGLE_SERVICE_ACCOUNT_KEY"
AZURE_KEY: Final = "AZURE_STORAGE_ACCOUNT_KEY"
AZURE_SAS: Final = "AZURE_STORAGE_SAS_TOKEN"

_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ),
    "gs": (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_BEARER_TOKEN",
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_PATH",
    ),
    "az": ("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI"),
}
"""Variables by which the library finds an identity that needs no key of ours, by scheme."""

_GOOGLE_LOGIN: Final = Path(".config", "gcloud", "application_default_credentials.json")
"""Where `gcloud auth application-default login` leaves its own, below the home folder."""


class Patience(Struct, frozen=True, kw_only=True):
    """How long a request may take, and how often it is tried again.

    Attributes:
        timeout_s: for one try, answer included; of what is sent, one part.
        retries: after failures of the network or the host.
    """

    timeout_s: int
    retries: int


ASKING: Final = Patience(timeout_s=60, retries=4)
"""For questions, answers and feeds."""

SENDING: Final = Patience(timeout_s=600, retries=6)
"""A part of 8 MiB passes in this time where the line carries 14 kB a second."""

CONNECT_S: Final = 10


def open_s3(address: Address) -> ObjectTarget:
    """Open `s3://bucket/folder`; settings `endpoint`, `region`, `style` and `identity`.

    Raises:
        PublishError: no key, or not installed.
        UsageError, UnknownNameError: settings that cannot be.
    """
    _bucket(address, "endpoint", "region", "style", "identity")
    settings = address.settings
    region = settings.get("region") or _variable("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = settings.get("endpoint") or _variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    config: dict[str, Any] = {"region": region, "conditional_put": "etag"}
    config["virtual_hosted_style_request"] = settings.get("style") == "virtual"
    if endpoint:
        config["endpoint"] = endpoint.rstrip("/")
    key = {name: secret(address, name) for name in (*S3_KEYS, "AWS_SESSION_TOKEN")}
    if key["AWS_ACCESS_KEY_ID"] and key["AWS_SECRET_ACCESS_KEY"]:
        config |= {name.lower().removeprefix("aws_"): kept for name, kept in key.items() if kept}
    else:
        _must_have_role(address, S3_KEYS)
    host = urlsplit(endpoint).netloc if endpoint else f"s3.{region}.amazonaws.com"
    config["bucket"] = address.host
    return _opened(address, _Store(kind="S3Store", host=host, folder=address.path, config=config))


def open_gs(address: Address) -> ObjectTarget:
    """Open `gs://bucket/folder`; setting `identity`.

    Raises:
        PublishError: no key, or not installed.
        UnknownNameError: other settings.
    """
    _bucket(address, "identity")
    config: dict[str, Any] = {"bucket": address.host}
    if key := secret(address, GOOGLE_KEY):
        config["service_account_key"] = key
    elif not (Path.home() / _GOOGLE_LOGIN).is_file():
        _must_have_role(address, (GOOGLE_KEY,))
    host = "storage.googleapis.com"
    return _opened(address, _Store(kind="GCSStore", host=host, folder=address.path, config=config))


def open_az(address: Address) -> ObjectTarget:
    """Open `az://account/container/folder`; settings `endpoint` and `identity`.

    Raises:
        PublishError: no key, or not installed.
        UsageError, UnknownNameError: settings that cannot be, or no container.
    """
    _bucket(address, "endpoint", "identity")
    container, _, folder = address.path.partition("/")
    if not container:
        raise UsageError(
            f"{address.name} names no container", hint="write it as az://ACCOUNT/CONTAINER/FOLDER"
        )
    config: dict[str, Any] = {"account_name": address.host, "container_name": container}
    endpoint = address.settings.get("endpoint")
    if endpoint:
        config["endpoint"] = _safe(endpoint).rstrip("/")
    if key := secret(address, AZURE_KEY):
        config["account_key"] = key
    elif signature := secret(address, AZURE_SAS):
        config["sas_key"] = signature
    else:
        _must_have_role(address, (AZURE_KEY,))
    host = urlsplit(endpoint).netloc if endpoint else f"{address.host}.blob.core.windows.net"
    return _opened(address, _Store(kind="AzureStore", host=host, folder=folder, config=config))


class _Store(Struct, frozen=True, kw_only=True):
    """A store of obstore's to be opened.

    Attributes:
        kind: its class.
        host: which messages name.
        folder: in the bucket, without slashes at its ends.
        config: in obstore's words, keys included.
    """

    kind: str
    host: str
    folder: str
    config: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"{self.kind} at {self.host}, in {self.folder!r}"  # keys stay out of tracebacks


def _opened(address: Address, store: _Store) -> ObjectTarget:
    try:
        import obstore.store as stores  # noqa: PLC0415 - only who publishes elsewhere has it
    except ImportError as error:
        raise PublishError(
            f"{address.scheme}:// needs more than is installed here", hint=EXTRA
        ) from error
    make = getattr(stores, store.kind)
    plain = str(store.config.get("endpoint", "")).lower().startswith("http://")
    with reaching(store.host, f"open {address.name}"):
        asking, sending = (
            make(
                prefix=store.folder or None,
                client_options=_client(patience, allow_http=plain),
                retry_config=_retry(patience),
                **store.config,
            )
            for patience in (ASKING, SENDING)
        )
    return ObjectTarget(address.name, store.host, asking, sending)


def _bucket(address: Address, *settings: str) -> None:
    """Refuse what object storage has no use for."""
    address.only(*settings)
    if address.user or address.port is not None:
        raise UsageError(
            f"a {address.scheme}:// address has no user and no port",
            hint=f"write it as {address.scheme}://{address.host}/FOLDER",
        )


def _client(patience: Patience, *, allow_http: bool) -> "ClientConfig":
    return {
        "allow_http": allow_http,
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "timeout": timedelta(seconds=patience.timeout_s),
    }


def _retry(patience: Patience) -> "RetryConfig":
    return {"max_retries": patience.retries, "retry_timeout": timedelta(minutes=3)}


def _variable(*names: str) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _must_have_role(address: Address, names: tuple[str, ...]) -> None:
    """Refuse when nothing says who we are: asking the cloud's own network would take minutes."""
    if _variable(*_ROLES[address.scheme]) or address.settings.get("identity") == "machine":
        return
    raise PublishError(
        f"no key is known for {address.name}",
        hint=f"{address.secrets_go(names)}; on a machine of the same cloud with a role of its own, "
        "write ?identity=machine behind the address",
    )


def _safe(endpoint: str) -> str:
    """Return an endpoint to which a key may travel.

    Raises:
        UsageError: it is plain http to another computer.
    """
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return endpoint
    raise UsageError(f"{parts.hostname}: a key travels over https only", hint="write https://")
