"""A farm of real processes on the loopback, with TLS, and what is needed to harm it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from undersong.batch.farm_local import running
from undersong.deliver.leftovers import UNFINISHED
from undersong.files import digest_file

PATIENCE_S = 120


class Farm:
    """A farm that runs, with a cache of its own, as on another machine."""

    def __init__(self, home: Path, workers: int = 2) -> None:
        self.folder, self._home, self._workers = home / "farm", home, workers
        self._keeper: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> None:
        words = ["farm", "up", "--folder", str(self.folder), "--port", "0", "--json"]
        told = self._home / "up.txt"
        with told.open("w") as file:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "undersong", *words, "--workers", str(self._workers)],
                env=os.environ | {"UNDERSONG_CACHE": str(self._home / "cache of workers")},
                cwd=self._home,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        wait_for(lambda: told.read_text().endswith("}\n"))
        self.address = json.loads(told.read_text())["address"]

    @property
    def words(self):
        """What `build` is told."""
        return ("--farm", self.address, "--farm-folder", str(self.folder))

    @property
    def running(self):
        return running(self.folder)

    def kill_worker(self, which=0):
        kill(self.running.workers[which])

    def kill_scheduler(self):
        """Kill it, and wait until its keeper has noticed."""
        kill(self.running.scheduler)
        assert self._keeper.wait(PATIENCE_S) == 9

    def stop(self):
        """End it as Ctrl-C would, and see that nobody is left."""
        found = self.running
        if self._keeper.poll() is None:
            self._keeper.send_signal(signal.SIGINT)
            self._keeper.wait(PATIENCE_S)
        for pid in (found.scheduler, *found.workers) if found else ():
            wait_for(lambda pid=pid: not is_alive(pid))


@contextmanager
def farm_at(home, workers=2):
    farm = Farm(home, workers)
    farm.start()
    try:
        yield farm
    finally:
        farm.stop()


def kill(pid):
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)


def is_alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for(condition):
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def start_build(library, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "undersong", "build", "--json", *words],
        cwd=library,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def delivered(library):
    """Return digests of all files of all tracks, by path, but lists of what is unfinished."""
    return {
        path.relative_to(library).as_posix(): digest_file(path)
        for path in (library / "build").glob("*/*")
        if path.is_file() and path.parent.name != ".undersong" and path.name != UNFINISHED
    }


def finished(process):
    """Wait for a build; return its exit code, its events, and what it said besides."""
    out, err = process.communicate(timeout=PATIENCE_S * 3)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith('{"event"')]
    said = out[out.index("{\n") :] if "{\n" in out else ""
    return process.returncode, lines, err + said
