"""Each server once for all tests of a worker; every test publishes to a place of its own."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers_kit import free_port, program, running

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
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
def dav(tmp_path_factory):
    """Rclone's WebDAV over a folder; user `ann`, password `secret`."""
    folder, port = tmp_path_factory.mktemp("dav"), free_port()
    root = folder / "web"
    root.mkdir()
    words = [program("rclone"), "serve", "webdav", root, "--addr", f"127.0.0.1:{port}"]
    words += ["--user", "ann", "--pass", "secret", "--config", folder / "rclone.conf"]
    with running(words, port, folder) as pid:
        yield Server(url=f"http://127.0.0.1:{port}", folder=root, pid=pid)
