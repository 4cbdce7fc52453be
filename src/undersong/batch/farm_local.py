"""A farm on this machine, for a try: a scheduler and workers as processes of their own.

It is bound to the loopback, with certificates made on the spot. Its folder holds them, the shared
store, and `farm.json`, which tells who runs. All processes go when the one that keeps them goes.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from undersong.batch.farm_door import CA, CERTIFICATE, KEY, make_certificates, tls
from undersong.errors import FarmError
from undersong.files import plain, unwritable, write_text
from undersong.lock import StoppedError, locked
from undersong.machine import THREADS
from undersong.store.place import default_cache

HOST: Final = "127.0.0.1"
PORT: Final = 8786
STORE: Final = "store"
RUNNING: Final = "farm.json"

SETTINGS: Final = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
    "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(asctime)s %(message)s",
}
"""A dying worker makes all that it held suspect: it is to hold one track, and five may die."""

_LOCK: Final = "farm.lock"
_ROUND_S: Final = 0.3
_START_S: Final = 60.0
_PATIENCE_S: Final = 6.0
_CHILD: Final = (sys.executable, "-m", "undersong.batch.farm_child")
_FLAGS: Final = {
    "scheduler": ("--no-show",),
    "worker": ("--nthreads", "1", "--memory-limit", "0", "--no-nanny", "--death-timeout", "30"),
}


class Running(Struct, frozen=True, kw_only=True):
    """Who runs: process numbers of the keeper, the scheduler and the workers."""

    address: str
    keeper: int
    scheduler: int
    workers: tuple[int, ...]


def farm_folder() -> Path:
    """Return the folder of this machine's farm: $UNDERSONG_FARM, or beside the cache."""
    named = os.environ.get("UNDERSONG_FARM")
    return Path(named).expanduser() if named else default_cache().absolute().with_suffix(".farm")


class LocalFarm:
    """Keeps a scheduler and its workers; use as a context, which ends them all."""

    def __init__(self, folder: Path, workers: int, port: int = PORT) -> None:
        """Start nothing yet; port 0 takes a free one."""
        self._folder, self._count, self._port = folder, workers, port
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def up(self) -> Iterator[str]:
        """Start everything and yield the scheduler's address; end everything afterwards.

        Raises:
            FarmError: one runs in this folder already, or the scheduler does not start.
            OutputError: the folder cannot be written.
        """
        with _alone(self._folder):
            make_certificates(self._folder)
            tls(self._folder)
            try:
                address = self._begin()
                yield address
            finally:
                self._end()

    def _begin(self) -> str:
        told = self._folder / "scheduler.json"
        told.unlink(missing_ok=True)
        port = ("--host", f"tls://{HOST}", "--port", str(self._port))
        self._scheduler = self._start("scheduler", *port, "--scheduler-file", str(told))
        until_s = time.monotonic() + _START_S
        while not (address := _address(told)):
            if self._scheduler.poll() is not None or time.monotonic() > until_s:
                log = self._folder / "scheduler.log"
                raise FarmError("the scheduler did not start", hint=f"{log} says why")
            time.sleep(_ROUND_S / 10)
        self._address = address
        self._workers = [self._worker() for _ in range(self._count)]
        self._tell()
        return address

    def keep(self) -> None:
        """Replace workers that die, for as long as the scheduler lives.

        Raises:
            FarmError: the scheduler has died.
        """
        while self._scheduler is not None and self._scheduler.poll() is None:
            dead = [worker for worker in self._workers if worker.poll() is not None]
            if dead:
                alive = [worker for worker in self._workers if worker not in dead]
                self._workers = [*alive, *(self._worker() for _ in dead)]
                self._tell()
            time.sleep(_ROUND_S)
        raise FarmError("the scheduler has died", hint="`undersong farm up` starts it again")

    def _worker(self) -> "subprocess.Popen[bytes]":
        work = self._folder / "work"
        return self._start("worker", self._address, "--local-directory", str(work))

    def _start(self, role: str, *words: str) -> "subprocess.Popen[bytes]":
        files = (("ca-file", CA), ("cert", CERTIFICATE), ("key", KEY))
        shown = [word for n, file in files for word in (f"--tls-{n}", str(self._folder / file))]
        settings = SETTINGS | dict.fromkeys(THREADS, "1")
        with (self._folder / f"{role}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter, words of our own
                [*_CHILD, role, *words, "--no-dashboard", *shown, *_FLAGS[role]],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=settings | dict(os.environ),
                start_new_session=True,
            )

    def _tell(self) -> None:
        running = Running(
            address=self._address,
            keeper=os.getpid(),
            scheduler=self._scheduler.pid if self._scheduler else 0,
            workers=tuple(worker.pid for worker in self._workers),
        )
        write_text(self._folder / RUNNING, json.dumps(plain(running)))

    def _end(self) -> None:
        started = [*self._workers, *([self._scheduler] if self._scheduler else [])]
        for process in started:
            process.terminate()
        until_s = time.monotonic() + _PATIENCE_S
        for process in started:
            try:
                process.wait(max(until_s - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        (self._folder / RUNNING).unlink(missing_ok=True)


def running(folder: Path) -> Running | None:
    """Return who runs in a farm's folder, or None."""
    try:
        with locked(folder / _LOCK, _AtOnce()):
            return None
    except StoppedError:
        pass
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        kept = json.loads((folder / RUNNING).read_text(encoding="utf-8"))
        return Running(**{**kept, "workers": tuple(kept["workers"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def bring_down(folder: Path) -> bool:
    """End the farm of a folder, and tell whether there was one.

    Raises:
        FarmError: it does not end.
    """
    found = running(folder)
    if found is None:
        return False
    os.kill(found.keeper, signal.SIGTERM)
    until_s = time.monotonic() + _PATIENCE_S * 2
    while running(folder) is not None:
        if time.monotonic() > until_s:
            raise FarmError(f"the farm does not end; its keeper is process {found.keeper}")
        time.sleep(_ROUND_S)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / _LOCK, _AtOnce()):
            yield
    except StoppedError as error:
        message = f"a farm is up in {folder} already"
        raise FarmError(message, hint="`undersong farm down` ends it") from error


class _AtOnce:
    def is_set(self) -> bool:
        return True


def _address(told: Path) -> str:
    try:
        return str(json.loads(told.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError):
        return ""
