import errno
import math
import os
import stat
import subprocess
import sys
from dataclasses import dataclass  # noqa: TID251 - as pydantic reads
from fractions import Fraction
from pathlib import Path

import pytest
from msgspec import Struct

from undersong import lock
from undersong.errors import OutputError
from undersong.files import (
    atomic,
    digest_bytes,
    digest_file,
    digest_json,
    finite,
    plain,
    sweep,
    write_text,
)


def test_a_file_appears_whole_with_its_folder(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "wind")
    assert (tmp_path / "a" / "b.txt").read_text() == "wind"
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "b.txt"
    write_text(path, "old")

    def interrupted():
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["b.txt"]


def test_a_full_disk_is_a_clear_error(tmp_path):
    def full():
        with atomic(tmp_path / "b.txt"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device") as caught:
        full()
    assert caught.value.hint is not None
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_way_is_a_clear_error(tmp_path):
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "b.txt", "wind")


def test_new_files_have_ordinary_permissions(tmp_path):
    write_text(tmp_path / "b.txt", "wind")
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b.txt", plain)}
    assert len(modes) == 1


def test_digests_agree_with_each_other(tmp_path):
    (tmp_path / "b").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_bytes(b"abc") == digest_file(tmp_path / "b") == known


def test_the_digest_of_json_does_not_depend_on_order():
    assert digest_json({"a": 1, "b": [2]}) == digest_json({"b": [2], "a": 1})
    assert digest_json({"a": 1}) != digest_json({"a": 2})


def test_what_is_not_finite_is_none_in_json():
    levels = {"a": [-math.inf, 1.5], "b": (math.nan, "x")}
    assert finite(levels) == {"a": [None, 1.5], "b": [None, "x"]}


class Leaf(Struct, frozen=True, kw_only=True):
    at: Fraction
    name: str | None = None


class Tree(Struct, frozen=True, kw_only=True):
    leaves: tuple[Leaf, ...]
    more: dict[str, list[Leaf]]
    high: float = 1.5


def test_plain_values_are_those_of_records_made_anew():
    leaf = Leaf(at=Fraction(1, 3), name="a")
    tree = Tree(leaves=(leaf, leaf), more={"b": [leaf]})
    inner = {"at": Fraction(1, 3), "name": "a"}
    wanted = {"leaves": (inner, inner), "more": {"b": [inner]}, "high": 1.5}
    found = plain(tree)
    assert found == wanted
    assert list(found) == ["leaves", "more", "high"]
    assert type(found["leaves"]) is tuple
    found["leaves"][0]["name"] = "other"
    assert plain(tree) == wanted
    assert plain((tree, 1)) == (wanted, 1)


@dataclass(frozen=True)
class Read:
    leaf: Leaf
    rows: list[int]


def test_a_dataclass_is_a_record_that_pydantic_reads():
    assert plain([Read(Leaf(at=Fraction(1)), [1])]) == [
        {"leaf": {"at": Fraction(1), "name": None}, "rows": [1]}
    ]


HOLD = """
import sys, time
from pathlib import Path
from undersong.files import (
    atomic,
    digest_bytes,
    digest_file,
    digest_json,
    finite,
    sweep,
    write_text,
)
with atomic(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that has half written a file in `tmp_path`."""
    words = [sys.executable, "-c", HOLD, str(tmp_path / "b.txt")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    yield process
    process.kill()
    process.communicate()


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(tmp_path, writer):
    (tmp_path / ".hidden.txt").write_text("not ours")
    (left,) = tmp_path.glob(".undersong-*")
    assert sweep(tmp_path) == ()
    assert left.read_text() == "half"
    writer.kill()
    writer.wait()
    assert sweep(tmp_path) == (left,)
    assert os.listdir(tmp_path) == [".hidden.txt"]


def test_writing_sweeps_what_killed_processes_left_there(tmp_path, writer):
    writer.kill()
    writer.wait()
    write_text(tmp_path / "c.txt", "wind")
    assert os.listdir(tmp_path) == ["c.txt"]


def test_a_temporary_taken_for_an_orphan_before_it_was_locked_is_made_anew(tmp_path, monkeypatch):
    real, seen = lock._lock, []

    def late(descriptor):
        if not seen:
            seen.extend(tmp_path.iterdir())
            seen[0].unlink()
        real(descriptor)

    monkeypatch.setattr(lock, "_lock", late)
    write_text(tmp_path / "b.txt", "wind")
    assert (tmp_path / "b.txt").read_text() == "wind"
    assert os.listdir(tmp_path) == ["b.txt"]
    assert len(seen) == 1


def test_a_temporary_may_lie_elsewhere_on_the_same_disk(tmp_path):
    with atomic(tmp_path / "a" / "b.txt", tmp_path / "room") as temporary:
        assert temporary.parent == tmp_path / "room"
        temporary.write_text("wind")
    assert (tmp_path / "a" / "b.txt").read_text() == "wind"
    assert os.listdir(tmp_path / "room") == []


def test_content_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    """A power cut forgets what was not synced: a name must never stand for less than all."""
    done = []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.fstat(file).st_ino) or sync(file))
    monkeypatch.setattr(
        Path, "replace", lambda a, b: done.append(("renamed", a.stat().st_ino)) or rename(a, b)
    )
    write_text(tmp_path / "b.txt", "wind")
    inode = (tmp_path / "b.txt").stat().st_ino
    assert done == [inode, ("renamed", inode)]


def test_where_there_are_no_locks_nothing_is_taken_for_an_orphan(tmp_path, monkeypatch):
    def none(_descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", none)
    (tmp_path / ".undersong-abc.txt").write_text("somebody's")
    write_text(tmp_path / "b.txt", "wind")
    assert sorted(os.listdir(tmp_path)) == [".undersong-abc.txt", "b.txt"]
