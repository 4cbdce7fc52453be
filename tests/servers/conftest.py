"""Each server once for all tests of a worker; every test publishes to a place of its own."""

import base64
import hmac
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import MappingProxyType

import pytest
from machines_kit import me, rsync_place, rsyncd, sftp_place, ssh_place, sshd  # noqa: F401 - fixtures
from msgspec import Struct
from servers_kit import free_port, program, running
from shows_kit import Place, make_show

HERE = Path(__file__).parent
AZURE_KEY = base64.b64encode(b"for tests, and for nothing else." * 2).decode()
PLACES = ("swift", "moto", "azurite", "dav", "sftp", "ssh", "rsync")
"""Servers that every test of publishing runs against; each has a fixture `NAME_place`."""


class Server(Struct, frozen=True, kw_only=True):
    """A running server: its address without a path, its folder, its process id."""

    url: str
    folder: Path
    pid: int


@pytest.fixture(scope="session")
def swift(tmp_path_factory):
    """OpenStack Swift's S3 API: real signatures and digests, no conditional puts."""
    program("swift-proxy-server")
    folder, port = tmp_path_factory.mktemp("swift"), free_port()
    words = ["/usr/bin/python3", HERE / "swift_in_one.py", folder, str(port)]
    with running(words, port, folder) as pid:
        yield Server(url=f"http://127.0.0.1:{port}", folder=folder, pid=pid)


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """Moto's S3: conditional puts as Amazon has them, but no signatures."""
    folder, port = tmp_path_factory.mktemp("moto"), free_port()
    words = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with running(words, port, folder) as pid:
        yield Server(url=f"http://127.0.0.1:{port}", folder=folder, pid=pid)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    """Azure's own emulator of Blob storage: signatures and conditional puts; account `ann`."""
    folder, port = tmp_path_factory.mktemp("azurite"), free_port()
    script = HERE / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    assert script.is_file(), "azurite is not installed: run `make test-servers`, which installs it"
    words = [program("node"), script, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    words += ["--location", folder, "--skipApiVersionCheck", "--disableTelemetry"]
    with running(words, port, folder, {"AZURITE_ACCOUNTS": f"ann:{AZURE_KEY}"}) as pid:
        yield Server(url=f"http://127.0.0.1:{port}", folder=folder, pid=pid)


@pytest.fixture(scope="session")
def dav(tmp_path_factory):
    """Rclone's WebDAV over a folder; user `ann`, password `secret`."""
    folder, port = tmp_path_factory.mktemp("dav"), free_port()
    root = folder / "web"
    root.mkdir()
    words = [program("rclone"), "serve", "webdav", root, "--addr", f"127.0.0.1:{port}"]
    words += ["--user", "ann", "--pass", "secret", "--config", folder / "rclone.conf"]
    words += ["--dir-cache-time", "0", "--poll-interval", "0"]
    with running(words, port, folder) as pid:
        yield Server(url=f"http://127.0.0.1:{port}", folder=root, pid=pid)


@pytest.fixture
def swift_place(swift):
    keys = ("test:tester", "testing")
    return _s3_place(swift, keys, "v1/AUTH_test/")


@pytest.fixture
def moto_place(moto):
    return _s3_place(moto, ("anybody", "anything"), "")


@pytest.fixture
def azurite_place(azurite):
    container = uuid.uuid4().hex
    make_container(f"{azurite.url}/ann", container)
    return Place(
        address=f"az://ann/{container}/show?endpoint={azurite.url}/ann",
        env={"AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY},
        url=f"{azurite.url}/ann/{container}/show/",
        fetch=fetching(f"{azurite.url}/ann/{container}/show/"),
    )


@pytest.fixture
def dav_place(dav):
    name = uuid.uuid4().hex
    (dav.folder / name).mkdir()
    login = base64.b64encode(b"ann:secret").decode()
    return Place(
        address=f"dav://ann@{dav.url.partition('://')[2]}/{name}",
        env={"UNDERSONG_DAV_PASSWORD": "secret"},
        url=f"{dav.url}/{name}/",
        fetch=fetching(f"{dav.url}/{name}/", {"Authorization": f"Basic {login}"}),
    )


@pytest.fixture(params=PLACES)
def place(request, monkeypatch):
    """A new, empty place at each of the servers; its secrets are in the environment."""
    found = request.getfixturevalue(f"{request.param}_place")
    for name, value in found.env.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def root(tmp_path):
    """A library with three finished tracks."""
    return make_show(tmp_path / "library")


def fetching(url: str, headers: Mapping[str, str] = MappingProxyType({})) -> Callable:
    """Return how a subscriber fetches what lies below an address."""

    def fetch(path: str) -> bytes | None:
        asked = urllib.request.Request(url + path, headers=dict(headers))  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(asked) as answer:  # noqa: S310 - loopback
                return answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                return None
            raise

    return fetch


def make_container(url: str, name: str) -> None:
    """Make a container that everybody may read: Azure's Shared Key, signed by hand."""
    headers = {
        "x-ms-blob-public-access": "blob",
        "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True),
        "x-ms-version": "2021-08-06",
    }
    lines = ["PUT", *[""] * 11, *(f"{key}:{value}" for key, value in headers.items())]
    text = "\n".join([*lines, f"/ann/ann/{name}", "restype:container"])
    sign = hmac.digest(base64.b64decode(AZURE_KEY), text.encode(), "sha256")
    headers["Authorization"] = f"SharedKey ann:{base64.b64encode(sign).decode()}"
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/{name}?restype=container", method="PUT", headers=headers
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - loopback
        assert answer.status == 201


def _s3_place(server: Server, keys: tuple[str, str], public: str) -> Place:
    """Make a bucket, which everybody may read below the path `public` of the server."""
    env = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), keys, strict=True))
    bucket = _bucket(server, env)
    url = f"{server.url}/{public}{bucket}/show/"
    return Place(
        address=f"s3://{bucket}/show?endpoint={server.url}", env=env, url=url, fetch=fetching(url)
    )


def _bucket(server: Server, env: Mapping[str, str]) -> str:
    """Make a bucket that everybody may read."""
    name = uuid.uuid4().hex
    import boto3  # noqa: PLC0415 - not there in `make test`

    boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    ).create_bucket(Bucket=name, ACL="public-read")
    return name
