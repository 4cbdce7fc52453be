"""What a disk would remember: every sync, new name and removal of a program and all it spawns.

A power cut forgets what was not synced, and of renames and removals any that were not old enough.
"""

import json
import os
from pathlib import Path

from msgspec import Struct

HOOK = """\
import hashlib, json, os, pathlib, sys

_PLACE = pathlib.Path({place!r})
_fsync, _replace, _link, _unlink = os.fsync, os.replace, os.link, os.unlink
_written = os.open(_PLACE / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def _note(**event):
    os.write(_written, (json.dumps(event) + "\\n").encode())


def _kept(path):
    content = pathlib.Path(path).read_bytes()
    name = hashlib.sha256(content).hexdigest()
    (_PLACE / name).write_bytes(content)
    return name


def fsync(file):
    _fsync(file)
    path = os.readlink(f"/proc/self/fd/{{file}}")
    _note(do="sync", inode=os.fstat(file).st_ino, content=_kept(path))


def replace(source, target, **more):
    inode, content = os.stat(source).st_ino, _kept(source)
    _replace(source, target, **more)
    _note(do="rename", inode=inode, content=content, path=os.path.abspath(target))


def link(source, target, **more):
    _link(source, target, **more)
    inode, content = os.stat(target).st_ino, _kept(target)
    _note(do="rename", inode=inode, content=content, path=os.path.abspath(target))


def unlink(path, **more):
    _unlink(path, **more)
    _note(do="remove", path=os.path.abspath(path))


os.fsync, os.replace, os.link, os.unlink = fsync, replace, link, unlink
"""
"""Keeps a journal; its contents lie beside it by digest."""


class Entry(Struct, frozen=True, kw_only=True):
    """One event: `do` is sync, rename (or another name) or remove; `content` a digest."""

    do: str
    path: str = ""
    inode: int = 0
    content: str = ""


class Journal:
    """What happened on a disk, in order."""

    def __init__(self, place: Path) -> None:
        (place / "hooks").mkdir(parents=True)
        (place / "hooks/sitecustomize.py").write_text(HOOK.format(place=str(place)))
        self.place = place
        self.env = {"PYTHONPATH": str(place / "hooks")}

    def entries(self) -> list[Entry]:
        lines = (self.place / "journal").read_text().splitlines()
        return [Entry(**json.loads(line)) for line in lines]

    def unsynced(self) -> list[str]:
        """Return the paths that got a name before all of their content was on the disk."""
        synced: dict[int, str] = {}
        found = []
        for entry in self.entries():
            if entry.do == "sync":
                synced[entry.inode] = entry.content
            elif entry.do == "rename" and synced.get(entry.inode) != entry.content:
                found.append(entry.path)
        return found

    def cut(self, below: Path, remembered: list[bool]) -> None:
        """Bring what lies below a folder to what the disk remembers of all that happened there.

        Args:
            below: the folder, which was empty at first.
            remembered: whether each rename and removal there has reached the disk, in order.
        """
        happened = [e for e in self.entries() if e.do != "sync" and _lies(e.path, below)]
        names: dict[str, str | None] = {}
        for entry, kept in zip(happened, remembered, strict=True):
            if kept:
                names[entry.path] = entry.content if entry.do == "rename" else None
        for path in {entry.path for entry in happened}:
            self._bring(Path(path), names.get(path))

    def count(self, below: Path) -> int:
        return sum(e.do != "sync" and _lies(e.path, below) for e in self.entries())

    def _bring(self, path: Path, content: str | None) -> None:
        if content is None:
            path.unlink(missing_ok=True)
        elif not path.is_file() or path.read_bytes() != (self.place / content).read_bytes():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((self.place / content).read_bytes())


def _lies(path: str, below: Path) -> bool:
    inside = path.startswith(f"{below}{os.sep}")
    return inside and not path.endswith(".lock") and ".undersong-" not in path
