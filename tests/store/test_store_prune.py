"""What goes and what stays: by use, by limit, whatever the clock says."""

import os
import time
from pathlib import Path

import pytest

from undersong.errors import OutputError
from undersong.store import prune as pruning
from undersong.store.entries import Entry, entries, guessed_bytes
from undersong.store.kinds import LOCKED, MASTERINGS, SURVEYS, TAKES
from undersong.store.prune import Wish, chosen, hold_to, prune
from undersong.store.sizes import LIMIT_BYTES, cache_limit, format_size, parse_size
from undersong.store.store import USE_GRAIN_S, Store

NOW_S = 1_000_000.0
HOUR_S = 3600.0
DAY_S = 86_400.0


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def key(number):
    return f"{number:02x}" * 32


def kept(store, kind, number, age_s=0.0, size=1000):
    """Keep an entry that was last used `age_s` ago; return where it lies."""
    store.keep(kind, key(number), b"x" * size)
    path = store.path(kind, key(number))
    used_s = time.time() - age_s
    os.utime(path, (used_s, used_s))
    return path


def entry(name, age_s, size=10, kind=TAKES):
    return Entry(kind=kind, path=Path(name), size_bytes=size, used_s=NOW_S - age_s)


def names(found):
    return [each.path.name for each in found]


OLDEST_FIRST = [entry("c", 3 * DAY_S), entry("b", 2 * DAY_S), entry("a", DAY_S)]


@pytest.mark.parametrize(
    ("wish", "gone"),
    [
        (Wish(to_bytes=30), []),
        (Wish(to_bytes=29), ["c"]),
        (Wish(to_bytes=10), ["c", "b"]),
        (Wish(to_bytes=0), ["c", "b", "a"]),
        (Wish(to_bytes=0, spare_s=1.5 * DAY_S), ["c", "b"]),
        (Wish(to_bytes=30, unused_s=2 * DAY_S), ["c", "b"]),
        (Wish(to_bytes=9, unused_s=3 * DAY_S), ["c", "b", "a"]),
    ],
)
def test_what_was_not_used_for_longest_goes_first(wish, gone):
    for found in (OLDEST_FIRST, OLDEST_FIRST[::-1]):
        assert names(chosen(found, wish, NOW_S)) == gone


def test_locked_takes_stay_and_what_was_set_aside_goes():
    found = [entry("lock", 9 * DAY_S, kind=LOCKED), entry("aside", 0, kind=None), entry("a", DAY_S)]
    assert names(chosen(found, Wish(to_bytes=100), NOW_S)) == ["aside"]
    assert names(chosen(found, Wish(to_bytes=0), NOW_S)) == ["aside", "a"]
    assert names(chosen(found, Wish(to_bytes=0, lasting=True), NOW_S)) == ["aside", "lock", "a"]


def test_uses_noted_by_a_clock_that_was_ahead_count_as_long_ago():
    ahead = entry("ahead", -400 * DAY_S)
    found = [entry("old", 9 * DAY_S), ahead, entry("new", HOUR_S), entry("just", -60)]
    assert names(chosen(found, Wish(to_bytes=30, spare_s=12 * HOUR_S), NOW_S)) == ["ahead"]
    assert names(chosen(found, Wish(to_bytes=0, spare_s=12 * HOUR_S), NOW_S)) == ["ahead", "old"]


@pytest.mark.parametrize("age_s", [USE_GRAIN_S + 60, 400 * DAY_S, -400 * DAY_S])
def test_reading_notes_the_use_whatever_was_noted_before(store, age_s):
    path = kept(store, TAKES, 1, age_s)
    assert store.read(TAKES, key(1)) is not None
    assert abs(path.stat().st_mtime - time.time()) < 60


def test_a_use_noted_lately_is_not_noted_again(store):
    path = kept(store, TAKES, 1, 60)
    before = path.stat().st_mtime_ns
    store.read(TAKES, key(1))
    assert path.stat().st_mtime_ns == before


def test_pruning_removes_entries_orphans_and_nothing_of_others(store):
    old, new = kept(store, TAKES, 1, 2 * DAY_S), kept(store, SURVEYS, 2, DAY_S)
    for place in ("making/.undersong-abc.take", "locks/ab.lock"):
        (store.folder / place).parent.mkdir(exist_ok=True)
        (store.folder / place).write_text("left by a killed process")
    stranger = store.folder / "takes" / "notes.txt"
    stranger.write_text("mine")
    came = prune(store.folder, Wish(to_bytes=new.stat().st_size))
    assert (came.removed, came.left, came.left_bytes) == (1, 1, new.stat().st_size)
    assert not old.exists()
    assert {path.name for path in store.folder.rglob("*") if path.is_file()} == {
        new.name,
        "notes.txt",
    }


def test_a_dry_run_removes_nothing(store):
    path = kept(store, TAKES, 1)
    came = prune(store.folder, Wish(to_bytes=0), dry=True)
    assert (came.removed, came.left, came.left_bytes) == (1, 0, 0)
    assert path.exists()


def test_an_entry_that_is_used_while_others_are_chosen_stays(store, monkeypatch):
    used, idle = kept(store, TAKES, 1, 2 * DAY_S), kept(store, TAKES, 2, DAY_S)

    def choose(found, wish, now_s):
        gone = chosen(found, wish, now_s)
        assert store.read(TAKES, key(1)) is not None
        return gone

    monkeypatch.setattr(pruning, "chosen", choose)
    assert prune(store.folder, Wish(to_bytes=0)).removed == 1
    assert (used.exists(), idle.exists()) == (True, False)


def test_a_cache_that_outgrows_its_limit_is_brought_below_it(store, monkeypatch):
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "50 kB")
    monkeypatch.setattr(pruning, "REST_S", 0)
    paths = [kept(store, TAKES, number, (100 - number) * DAY_S) for number in range(100)]
    left = [number for number, path in enumerate(paths) if path.exists()]
    assert left == list(range(100 - len(left), 100))
    assert 40_000 <= sum(each.size_bytes for each in entries(store.folder)) <= 51_200


def test_what_was_used_lately_stays_even_beyond_the_limit(store, monkeypatch):
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "5 kB")
    monkeypatch.setattr(pruning, "REST_S", 0)
    paths = [kept(store, TAKES, number) for number in range(20)]
    assert all(path.exists() for path in paths)


def test_a_cache_that_another_process_is_pruning_is_left_to_it(store, monkeypatch):
    path = kept(store, TAKES, 1, 9 * DAY_S)
    with store.making("prune"):
        hold_to(store.folder, 0)
    assert path.exists()
    hold_to(store.folder, 0)
    assert not path.exists()


def test_a_large_cache_is_not_looked_through_again_and_again(store, monkeypatch):
    looks = []
    monkeypatch.setattr(pruning, "entries", lambda folder: looks.append(1) or entries(folder))
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "5 kB")
    for number in range(20):
        kept(store, TAKES, number)
    assert len(looks) == 1
    ahead_s = time.time() + 400 * DAY_S
    os.utime(store.folder / pruning.LOOKED, (ahead_s, ahead_s))
    kept(store, TAKES, 20)
    assert len(looks) == 3  # held against the limit, then looked through for what may go


def test_one_shard_tells_about_how_large_the_whole_is(store):
    for number in range(256):
        kept(store, TAKES, number)
    whole = sum(each.size_bytes for each in entries(store.folder))
    assert guessed_bytes(store.folder, "7f") == whole
    assert guessed_bytes(store.folder / "nowhere", "7f") == 0


def test_entries_of_earlier_layouts_are_seen_and_age_out(store):
    kept(store, MASTERINGS, 1)
    (store.folder / "masterings" / f"{key(2)}.json").write_text("{}")
    assert prune(store.folder, Wish(to_bytes=0)).removed == 2


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("500 MB", 500_000_000),
        ("2.5GB", 2_500_000_000),
        ("1 gib", 2**30),
        (" 20 kB ", 20_000),
        ("7", 7),
        ("0", 0),
        ("1TB", 10**12),
    ],
)
def test_sizes_are_read(text, size_bytes):
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "much", "-1 GB", "1 PB", "1,5 GB", "GB", "1e9"])
def test_what_is_no_size_is_refused_with_what_is(text):
    with pytest.raises(ValueError, match="20 GB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"), (2_500_000_000, "2.5 GB")],
)
def test_sizes_are_shown(size_bytes, text):
    assert format_size(size_bytes) == text


def test_the_limit_is_what_the_variable_says(monkeypatch, store):
    assert cache_limit() == LIMIT_BYTES
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "1 GB")
    assert cache_limit() == 10**9
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "lots")
    with pytest.raises(OutputError, match=r"\$UNDERSONG_CACHE_LIMIT: `lots` is no size"):
        store.keep(TAKES, key(1), b"x")
