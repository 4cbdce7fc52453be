"""Disks that are small, read-only or of their own: mounted, or where one may not, as good as."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST_FILE = 300_000
"""Bytes; where nothing can be mounted, files that may not grow stand for a disk that is full."""

HOOK = """\
import errno, os, sys
_PLACE = {place!r}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime", "os.chmod", "os.truncate")


def _refuse(event, words):
    if event == "open":
        wanted = isinstance(words[2], int) and words[2] & _WRITES
    else:
        wanted = event in _CHANGES
    if wanted and isinstance(words[0], str | os.PathLike):
        if os.path.abspath(words[0]).startswith(_PLACE):
            raise OSError(errno.EROFS, "Read-only file system", str(words[0]))


sys.addaudithook(_refuse)
"""
"""Makes a folder read-only for a Python process and all that it spawns."""


class Disk:
    """A small disk of its own below `folder`, or the folder itself where none can be mounted."""

    def __init__(self, folder: Path, size: str) -> None:
        folder.mkdir()
        self.folder = folder
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        try:
            self.real = subprocess.run(words, capture_output=True, check=False).returncode == 0
        except OSError:
            self.real = False
        self.env: dict[str, str] = {}
        small = size.endswith("k") and not self.real
        self.before: Callable[[], None] | None = _no_large_files if small else None

    def grow(self, size: str) -> None:
        self.before = None
        self._remount(f"size={size}")

    def lock(self, scripts: Path) -> None:
        """Allow nothing to be changed any more; `scripts` is a folder for what it takes."""
        self.before = None
        if not self._remount("ro"):
            scripts.mkdir()
            (scripts / "sitecustomize.py").write_text(HOOK.format(place=str(self.folder)))
            self.env = {"PYTHONPATH": str(scripts)}

    def unmount(self) -> None:
        if self.real:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def _remount(self, option: str) -> bool:
        if self.real:
            words = ["mount", "-o", f"remount,{option}", str(self.folder)]
            subprocess.run(words, check=True)
        return self.real


def _no_large_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


def nothing_grows() -> None:
    """Stand for a disk that is full to the last byte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Disk]:
    """Yield a disk; it is gone afterwards."""
    found = Disk(folder, size)
    try:
        yield found
    finally:
        found.unmount()


def run(place: Path, command: list[str], on: Disk, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program whose files are on a disk."""
    return subprocess.run(
        command,
        cwd=place,
        env=os.environ | on.env | env,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=on.before,
    )
