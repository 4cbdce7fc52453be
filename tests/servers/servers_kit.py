"""Real servers on loopback: started on a free port, waited for, stopped by their process id."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S = 180
STOP_S = 10


def free_port() -> int:
    """Return a port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name: str) -> str:
    """Return where a server's program lies; one that is missing fails the test."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not installed: run `make test-servers`, which installs it"
    return found


@contextmanager
def running(
    words: Sequence[str | Path],
    port: int,
    folder: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a server in the foreground until the block ends; yield its process id.

    What it prints goes into `server.log` in `folder`, and into the failure when it does not start.
    """
    log = folder / "server.log"
    with log.open("wb") as file:
        child = subprocess.Popen(
            [str(word) for word in words],
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, child, log)
        yield child.pid
    finally:
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        told = log.read_text(encoding="utf-8", errors="replace")
        assert child.poll() is None, f"the server has ended:\n{told}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens at {port}:\n{told}")
