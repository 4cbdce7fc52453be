"""Finished files: kept once, brought verified, never shared by two libraries, first to go."""

import errno
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from undersong.errors import OutputError
from undersong.files import digest_bytes, digest_file
from undersong.store import finished as finishing
from undersong.store import prune as pruning
from undersong.store.behind import backed
from undersong.store.entries import Entry, entries_of, guessed_bytes
from undersong.store.finished import Finished, Shelf
from undersong.store.kinds import FILES, FINISHED, SURVEYS, TAKES
from undersong.store.prune import Wish, chosen, hold_files, prune
from undersong.store.status import status
from undersong.store.store import Store
from undersong.store.verify import verify

KEY, OTHER = "ab" * 32, "cd" * 32
SOUND = b"sound of rest" * 200_000
FACTS = {"levels": {"integrated_lufs": -16.02, "range_lu": 0.1}}


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def track(tmp_path):
    """A file of a library."""
    path = tmp_path / "build/rest/rest.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(SOUND)
    return path


def told(path):
    return Finished(sha256=digest_file(path), size_bytes=path.stat().st_size, facts=FACTS)


def blob(cache):
    return Store(cache).path(FILES, digest_bytes(SOUND))


def brought(shelf, path, key=KEY, ticks=None):
    """Bring a file as a render does; tell whether it came."""
    found = shelf.find(key)
    tick = (ticks if ticks is not None else []).append
    with ExitStack() as naming:
        came = found is not None and shelf.bring(found, path, naming, tick)
    if came:
        shelf.keep(key, path, found)
    return came


def test_a_file_and_the_one_kept_are_one_until_the_library_lets_go(cache, track):
    Shelf(cache).keep(KEY, track, told(track))
    assert track.samefile(blob(cache))
    (held,) = entries_of(cache, FILES)
    assert (held.size_bytes, held.held_bytes) == (0, len(SOUND))
    track.unlink()
    (left,) = entries_of(cache, FILES)
    assert (left.size_bytes, left.held_bytes) == (len(SOUND), 0)


def test_a_file_is_brought_as_it_was_with_what_was_measured_on_it(cache, track):
    before, ticks = told(track), []
    Shelf(cache).keep(KEY, track, before)
    track.unlink()
    shelf = Shelf(cache)
    assert shelf.find(KEY) == before
    assert brought(shelf, track, ticks=ticks)
    assert track.read_bytes() == SOUND
    assert sum(ticks) == len(SOUND)
    assert len(ticks) > 1


def test_a_brought_file_is_a_new_one_with_the_mode_of_a_new_one(cache, track):
    """A library may be another group's, and a file's time tells when it came there."""
    Shelf(cache).keep(KEY, track)
    track.chmod(0o600)
    os.utime(track, (1, 1))
    before = track.stat()
    track.unlink()
    mask = os.umask(0o027)
    try:
        assert brought(Shelf(cache), track)
    finally:
        os.umask(mask)
    assert track.stat().st_mode & 0o777 == 0o640
    assert track.stat().st_mtime > before.st_mtime
    assert track.samefile(blob(cache))
    assert track.stat().st_nlink == 2


def test_two_libraries_never_hold_one_file(cache, track, tmp_path):
    """What a program changes in place in one of them stays as it was in the other."""
    Shelf(cache).keep(KEY, track)
    for name in "bcd":
        other = tmp_path / name / "rest.wav"
        assert brought(Shelf(cache), other)
        assert not other.samefile(track)
        assert other.stat().st_nlink + track.stat().st_nlink == 3
    with track.open("r+b") as file:
        file.write(b"tags of another program")
    assert other.read_bytes() == SOUND


def test_a_file_that_is_there_is_left_alone(cache, track):
    Shelf(cache).keep(KEY, track)
    before = track.stat()
    ticks = []
    assert brought(Shelf(cache), track, ticks=ticks)
    assert track.stat() == before
    assert ticks == [len(SOUND)]


def damage(path):
    with path.open("r+b") as file:
        file.write(b"tags of another program")


@pytest.mark.parametrize(
    "harm",
    [
        damage,
        lambda path: os.truncate(path, 1000),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["changed in place", "cut", "empty", "gone", "a folder"],
)
def test_what_is_damaged_or_gone_counts_as_absent(cache, track, tmp_path, harm):
    Shelf(cache).keep(KEY, track)
    harm(blob(cache))
    target = tmp_path / "another/rest.wav"
    assert not brought(Shelf(cache), target)
    assert not target.exists()
    assert not blob(cache).is_file()
    assert not list(tmp_path.rglob(".undersong-*"))


def test_a_damaged_file_is_kept_anew_once_it_is_made_again(cache, track, tmp_path):
    Shelf(cache).keep(KEY, track)
    damage(track)
    assert not brought(Shelf(cache), tmp_path / "another/rest.wav")
    track.write_bytes(SOUND)
    Shelf(cache).keep(KEY, track)
    assert brought(Shelf(cache), tmp_path / "another/rest.wav")


def test_a_damaged_note_counts_as_none(cache, track):
    Shelf(cache).keep(KEY, track)
    note = Store(cache).path(FINISHED, KEY)
    note.write_bytes(note.read_bytes()[:-1])
    assert Shelf(cache).find(KEY) is None


def test_nothing_has_its_name_before_all_is_there(cache, track, tmp_path):
    shelf, target = Shelf(cache), tmp_path / "another/rest.wav"
    shelf.keep(KEY, track)
    found = shelf.find(KEY)

    def fail():
        with ExitStack() as naming:
            assert shelf.bring(found, target, naming, [].append)
            assert not target.exists()
            raise OutputError("the next file of the track could not be made")

    with pytest.raises(OutputError, match="could not be made"):
        fail()
    assert list(target.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_clear_error(cache, track, tmp_path):
    Shelf(cache).keep(KEY, track)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        brought(Shelf(cache), tmp_path / "file/rest.wav")


def test_equal_files_are_kept_once_and_a_note_for_each(cache, track, tmp_path):
    other = tmp_path / "build/safe/stem.wav"
    other.parent.mkdir()
    shutil.copyfile(track, other)
    shelf = Shelf(cache)
    shelf.keep(KEY, track)
    shelf.keep(OTHER, other)
    found = status(cache).kinds
    assert (found["finished"].entries, found["files"].entries) == (2, 1)
    assert found["files"].held_bytes == status(cache).kinds["files"].held_bytes == len(SOUND)


def test_other_bytes_of_the_same_key_take_the_place_of_those_before(cache, track):
    Shelf(cache).keep(KEY, track)
    track.unlink()
    track.write_bytes(b"made again by force")
    Shelf(cache).keep(KEY, track)
    assert Shelf(cache).find(KEY).sha256 == digest_bytes(b"made again by force")


def test_who_does_not_ask_finds_nothing_and_keeps_all_the_same(cache, track):
    shelf = Shelf(cache, asked=False)
    shelf.keep(KEY, track)
    assert shelf.find(KEY) is None
    assert Shelf(cache).find(KEY) is not None


def test_a_worker_of_a_farm_keeps_nothing_for_itself(cache, track):
    with backed(cache, None):
        shelf = Shelf(cache)
        shelf.make_room()
        shelf.keep(KEY, track)
        assert shelf.find(KEY) is None
    assert not cache.exists()


def test_a_cache_that_may_not_grow_keeps_nothing(cache, track, monkeypatch):
    monkeypatch.setenv("UNDERSONG_CACHE_LIMIT", "0")
    Shelf(cache).keep(KEY, track)
    assert not cache.exists()


def no_links(monkeypatch, code):
    def refuse(source, target):
        raise OSError(code, os.strerror(code), source, None, target)

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EMLINK])
def test_where_there_are_no_links_a_copy_is_kept(cache, track, monkeypatch, code):
    no_links(monkeypatch, code)
    Shelf(cache).keep(KEY, track)
    assert not track.samefile(blob(cache))
    track.unlink()
    assert brought(Shelf(cache), track)
    assert track.read_bytes() == blob(cache).read_bytes() == SOUND


def test_a_cache_on_another_disk_keeps_one_copy(track, monkeypatch):
    shared = Path("/dev/shm")  # noqa: S108 - another file system, where there is one
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as elsewhere:
        cache = Path(elsewhere) / "cache"
        if cache.parent.stat().st_dev == track.stat().st_dev:
            no_links(monkeypatch, errno.EXDEV)
        Shelf(cache).keep(KEY, track)
        (kept,) = entries_of(cache, FILES)
        before = kept.path.stat()
        assert kept.size_bytes == len(SOUND)
        track.unlink()
        assert brought(Shelf(cache), track)
        assert track.read_bytes() == SOUND
        assert track.stat().st_nlink == 1
        if shared.is_dir():
            assert blob(cache).stat().st_ino == before.st_ino


def test_a_disk_that_is_full_keeps_nothing_and_harms_nothing(cache, track, monkeypatch):
    def full(source, target):
        Path(target).write_bytes(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device", target)

    no_links(monkeypatch, errno.EXDEV)
    monkeypatch.setattr(finishing.shutil, "copyfile", full)
    Shelf(cache).keep(KEY, track)
    assert Shelf(cache).find(KEY) is None
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert track.read_bytes() == SOUND


def test_a_cache_that_cannot_be_written_keeps_nothing_and_is_no_error(cache, track):
    cache.write_text("in the way")
    shelf = Shelf(cache)
    shelf.make_room()
    shelf.keep(KEY, track)
    assert shelf.find(KEY) is None


# ---- what it costs, and what goes


def entry(name, age_s, size=10, kind=TAKES):
    held = 10 - size
    return Entry(
        kind=kind, path=Path(name), size_bytes=size, used_s=10_000 - age_s, held_bytes=held
    )


FOUND = [
    *(entry("old take", 900), entry("numbers", 800, kind=SURVEYS), entry("take", 1)),
    *(entry("old file", 700, kind=FILES), entry("file", 2, kind=FILES)),
    entry("held", 999, size=0, kind=FILES),
]


@pytest.mark.parametrize(
    ("wish", "gone"),
    [
        (Wish(to_bytes=50), []),
        (Wish(to_bytes=49), ["old file"]),
        (Wish(to_bytes=30, spare_s=500), ["old file", "file"]),
        (Wish(to_bytes=1, spare_s=500), ["old file", "file", "old take", "numbers"]),
        (Wish(to_bytes=50, unused_s=750), ["old take", "numbers"]),
        (Wish(to_bytes=0), ["held", "old file", "file", "old take", "numbers", "take"]),
    ],
)
def test_files_go_first_even_lately_used_ones_and_those_that_cost_nothing_stay(wish, gone):
    assert [each.path.name for each in chosen(FOUND, wish, 10_000)] == gone


def kept(cache, track, number, size):
    """Keep a file of which the library lets go."""
    track.write_bytes(bytes([number]) * size)
    Shelf(cache).keep(f"{number:02x}" * 32, track)
    track.unlink()


def left(cache):
    return sorted(each.path.read_bytes()[0] for each in entries_of(cache, FILES))


@pytest.mark.parametrize(
    ("limit_and_free", "count"),
    [
        ((10**9, 10**9), 5),
        ((10_000, 10**9), 5),
        ((9_998, 10**9), 4),
        ((4_000, 10**9), 1),
        ((10**9, 15_000), 5),
        ((10**9, 0), 1),
        ((0, 10**9), 0),
    ],
)
def test_files_cost_no_more_than_their_share_of_limit_and_disk(
    cache, track, monkeypatch, limit_and_free, count
):
    for number in range(5):
        kept(cache, track, number, 1000)
    limit_bytes, free_bytes = limit_and_free
    free = shutil.disk_usage(cache)._replace(free=free_bytes)
    monkeypatch.setattr(pruning.shutil, "disk_usage", lambda _: free)
    hold_files(cache, limit_bytes)
    assert len(left(cache)) == count


def test_files_are_not_looked_through_again_and_again(cache, track):
    kept(cache, track, 1, 1000)
    hold_files(cache, 10_000)
    hold_files(cache, 0)
    assert left(cache) == [1]


def test_a_file_that_a_library_took_up_again_while_others_are_chosen_stays(
    cache, track, monkeypatch
):
    kept(cache, track, 1, 1000)

    def choose(found, wish, now_s):
        gone = chosen(found, wish, now_s)
        os.link(gone[0].path, track)
        return gone

    monkeypatch.setattr(pruning, "chosen", choose)
    hold_files(cache, 100)
    assert left(cache) == [1]


def test_pruning_a_cache_takes_nothing_from_a_library(cache, track):
    Shelf(cache).keep(KEY, track)
    assert prune(cache, Wish(to_bytes=10**6, unused_s=0)).removed == 1  # the note
    assert prune(cache, Wish(to_bytes=0)).left == 0
    assert track.read_bytes() == SOUND
    assert track.stat().st_nlink == 1


def test_the_command_lets_go_of_what_no_library_holds_and_of_nothing_else(
    track, undersong, tmp_path
):
    cache = Path(os.environ["UNDERSONG_CACHE"])
    Store(cache).keep(TAKES, KEY, b"sound")
    kept(cache, track, 1, 1000)
    kept(cache, track, 2, 3000)
    track.write_bytes(SOUND)
    Shelf(cache).keep(KEY, track)
    status_of = undersong("cache", "status").out
    assert "2.6 MB of finished files cost nothing: libraries hold them" in status_of
    some = undersong("cache", "prune", "--finished", "--to", "3 kB").out
    assert some.startswith("removed 1 entries of 1.0 kB; 2 of 3.0 kB left")
    assert undersong("cache", "prune", "--finished", "--unused", "9").out.startswith("removed 0")
    rest = undersong("cache", "prune", "--finished").out
    assert rest.startswith("removed 1 entries of 3.0 kB; 1 of 0 B left")
    assert Store(cache).has(TAKES, KEY)
    assert track.samefile(blob(cache))


def test_a_large_file_in_a_shard_does_not_count_256_times(cache, track):
    kept(cache, track, 1, 100_000)
    (file,) = entries_of(cache, FILES)
    assert guessed_bytes(cache, file.path.name[:2]) == 0


def test_the_cache_tells_how_its_files_stand_and_finds_damaged_ones(cache, track):
    kept(cache, track, 1, 1000)
    track.write_bytes(SOUND)
    Shelf(cache).keep(KEY, track)
    found = status(cache).kinds["files"]
    assert (found.entries, found.size_bytes, found.held_bytes) == (2, 1000, len(SOUND))
    assert verify(Store(cache)).damaged == ()
    damage(track)
    verdict = verify(Store(cache))
    assert (verdict.damaged, verdict.lost) == ((blob(cache),), ())
    assert (verdict.whole, track.exists(), blob(cache).exists()) == (3, True, False)
