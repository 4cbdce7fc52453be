"""Caches in odd places: read-only, on another disk, of any name; and what the command says."""

import errno
import json
import os
import tempfile
import time
from pathlib import Path

import pytest

from undersong.errors import OutputError
from undersong.store.kinds import LOCKED, SURVEYS, TAKES
from undersong.store.status import status
from undersong.store.store import Store
from undersong.store.verify import verify

KEY, OTHER = "ab" * 32, "cd" * 32


def read_only(monkeypatch, folder):
    """Let the system refuse every change below `folder`, as on a disk mounted read-only."""

    def is_there(name):
        return isinstance(name, str | Path) and str(name).startswith(str(folder))

    def guard(place, name, is_change=lambda *_args, **_named: True):
        real = getattr(place, name)

        def refused(*args, **named):
            target = args[0] if args else named.get("dir")
            if is_there(named.get("dir", target)) and is_change(*args, **named):
                raise OSError(errno.EROFS, "Read-only file system")
            return real(*args, **named)

        monkeypatch.setattr(place, name, refused)

    for place, name in (
        (os, "utime"), (os, "unlink"), (os, "replace"), (os, "mkdir"), (tempfile, "mkstemp"),
    ):  # fmt: skip
        guard(place, name)
    guard(os, "open", lambda _path, flags, *_rest, **_named: flags & (os.O_CREAT | os.O_RDWR))


def test_a_read_only_cache_is_read(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.recall(SURVEYS, KEY, lambda: {"a": 1})
    old_s = time.time() - 9 * 86_400
    os.utime(store.path(SURVEYS, KEY), (old_s, old_s))
    read_only(monkeypatch, tmp_path)
    assert store.recall(SURVEYS, KEY, lambda: {"a": 2}) == {"a": 1}
    assert status(tmp_path).kinds["surveys"].entries == 1
    assert verify(store).whole == 1


def test_a_read_only_cache_that_lacks_something_is_a_clear_error(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.keep(TAKES, KEY, b"sound")
    read_only(monkeypatch, tmp_path)
    for want in (
        lambda: store.recall(SURVEYS, OTHER, lambda: 1),
        lambda: store.keep(TAKES, OTHER, b"sound"),
    ):
        with pytest.raises(OutputError, match=r"not usable.*Read-only file system"):
            want()


def test_a_finished_track_needs_no_writable_cache(library, undersong, monkeypatch):
    assert undersong("render", "rest").code == 0
    read_only(monkeypatch, Path(os.environ["UNDERSONG_CACHE"]))
    outcome = undersong("render", "rest")
    assert outcome.code == 0, outcome.err
    assert "up to date" in outcome.out


@pytest.mark.parametrize("name", ["Kassetten für später", "睡眠 ☾", "a'b\"c", "x" * 200])
def test_a_cache_may_have_any_name(tmp_path, name):
    store = Store(tmp_path / name)
    store.keep(TAKES, KEY, b"sound")
    assert Store(tmp_path / name).read(TAKES, KEY) == b"sound"
    assert status(tmp_path / name).kinds["takes"].entries == 1


def test_a_cache_may_lie_on_several_disks(tmp_path, monkeypatch):
    """Where a part of it is a link to another disk, nothing can be renamed across."""
    shared = Path("/dev/shm")  # noqa: S108 - another file system, where there is one
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as elsewhere:
        store = Store(tmp_path / "cache")
        store.folder.mkdir()
        (store.folder / "takes").symlink_to(elsewhere)
        store.keep(TAKES, KEY, b"sound")
        assert store.read(TAKES, KEY) == b"sound"
        assert [path.name for path in Path(elsewhere).rglob("*") if path.is_file()] == [
            f"{KEY}.take"
        ]
        store.path(TAKES, KEY).write_bytes(b"damaged")
        assert store.read(TAKES, KEY) is None
        assert len(store.damaged) == len(list((store.folder / "quarantine").iterdir())) == 1


def test_verify_finds_every_kind_of_damage_and_only_that(tmp_path):
    store = Store(tmp_path)
    for kind in (TAKES, LOCKED, SURVEYS):
        store.keep(kind, KEY, b'{"a": 1}')
        store.keep(kind, OTHER, b'{"a": 2}')
        path = store.path(kind, KEY)
        path.write_bytes(path.read_bytes()[:-1])
    verdict = verify(store)
    assert verdict.whole == 3
    paths = {store.path(kind, KEY) for kind in (TAKES, LOCKED, SURVEYS)}
    assert (set(verdict.damaged), verdict.lost) == (paths, (store.path(LOCKED, KEY),))
    assert not any(path.exists() for path in paths)
    assert len(list((tmp_path / "quarantine").iterdir())) == 2
    assert verify(store).damaged == ()
    assert verify(store).whole == 3


def test_verify_leaves_what_another_process_took_away(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.keep(SURVEYS, KEY, b"{}")
    path = store.path(SURVEYS, KEY)
    path.write_bytes(b"damaged")
    monkeypatch.setattr(Path, "read_bytes", lambda self: self.unlink() or b"damaged")
    assert verify(store).damaged == ()


@pytest.fixture
def cache():
    return Store(Path(os.environ["UNDERSONG_CACHE"]))


def test_the_command_tells_how_the_cache_stands(library, undersong, cache):
    assert undersong("render", "rest").code == 0
    shown = undersong("cache", "status").out
    assert str(cache.folder) in shown
    assert "of at most 20.0 GB" in shown
    told = json.loads(undersong("cache", "status", "--json").out)
    assert told["folder"] == str(cache.folder)
    assert told["kinds"]["takes"]["entries"] == 4
    assert told["kinds"]["masterings"]["entries"] == 1
    assert told["kinds"]["surveys"]["entries"] == 3  # of beds, of their joins, of the bell
    sizes = [held["size_bytes"] for held in told["kinds"].values()]
    assert told["size_bytes"] == sum(sizes) > 10_000


def test_the_command_finds_damage_and_the_next_render_mends_it(library, undersong, cache):
    assert undersong("render", "rest").code == 0
    whole = undersong("cache", "verify")
    assert (whole.code, whole.out.split(",")[1]) == (0, " 0 damaged\n")
    for path in [*cache.folder.glob("takes/*/*"), *cache.folder.glob("masterings/*/*")][1:]:
        path.write_bytes(path.read_bytes()[:-1])
    found = undersong("cache", "verify", "--json")
    assert found.code == 5
    told = json.loads(found.out)
    assert (len(told["damaged"]), told["lost"]) == (4, [])
    assert undersong("cache", "verify").code == 0
    assert undersong("render", "rest", "--force").code == 0
    assert json.loads(undersong("cache", "verify", "--json").out)["damaged"] == []


def test_the_command_says_what_to_do_about_lost_locked_takes(undersong, cache):
    cache.keep(LOCKED, KEY, b"sound")
    cache.path(LOCKED, KEY).write_bytes(b"damaged")
    cache.folder.joinpath("making").mkdir(exist_ok=True)
    cache.folder.joinpath("making", ".undersong-abc.take").write_text("")
    assert "killed runs" in undersong("cache", "status").out
    outcome = undersong("cache", "verify")
    assert outcome.code == 5
    assert "takes import" in outcome.out


def test_the_command_prunes(library, undersong, cache):
    assert undersong("render", "rest").code == 0
    before = json.loads(undersong("cache", "status", "--json").out)["size_bytes"]
    assert "removed 0 entries" in undersong("cache", "prune").out
    told = json.loads(undersong("cache", "prune", "--to", "0", "--dry-run", "--json").out)
    assert (told["removed_bytes"], told["left_bytes"], told["dry_run"]) == (before, 0, True)
    assert "would remove" in undersong("cache", "prune", "--unused", "0", "--dry-run").out
    assert json.loads(undersong("cache", "prune", "--to", "0", "--json").out)["left"] == 0
    assert undersong("render", "rest", "--force").code == 0
    wrong = undersong("cache", "prune", "--to", "lots")
    assert wrong.code == 2
    assert "--to" in wrong.err
    cache.keep(LOCKED, KEY, b"sound")
    old_s = time.time() - 9 * 86_400
    os.utime(cache.path(LOCKED, KEY), (old_s, old_s))
    undersong("cache", "prune", "--to", "0")
    assert cache.has(LOCKED, KEY)
    assert "9 d" in undersong("cache", "status").out
    undersong("cache", "prune", "--to", "0", "--locked")
    assert not cache.has(LOCKED, KEY)


def test_a_limit_that_is_no_size_is_a_clear_error(undersong, monkeypatch):
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "lots")
    for words in (("status",), ("prune",)):
        outcome = undersong("cache", *words)
        assert outcome.code == 7
        assert "UNDERSONG_CACHE_LIMIT" in outcome.err
