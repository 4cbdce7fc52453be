import gc
import os
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from undersong.audio import GRID
from undersong.mix.spool import Spool, spooled_beds, spooled_takes


class Once:
    """A take that counts how often it was made."""

    def __init__(self, value: float, n: int) -> None:
        self.value, self.n, self.made = value, n, 0

    def frames(self):
        self.made += 1
        return np.full((self.n, 1), self.value, np.float32)


class Ramp:
    """A bed whose samples tell where they are, and which counts the seconds it makes."""

    channels = 2

    def __init__(self) -> None:
        self.made: list[int] = []

    def read(self, start, n):
        self.made.append(start // GRID)
        at = np.arange(start, start + n, dtype=np.float32)[:, None]
        return np.where(at < 0, 0, np.hstack([at, -at])).astype(np.float32)


def test_a_take_is_made_once_and_always_the_same(tmp_path):
    takes = [Once(0.25, 1_000), Once(-0.5, 77), Once(0.1, 3)]
    kept = spooled_takes(takes, Spool(tmp_path))
    for k in (1, 0, 1, 2, 0, 1):
        np.testing.assert_array_equal(
            kept[k].frames(), np.full((takes[k].n, 1), takes[k].value, "f4")
        )
    assert [take.made for take in takes] == [1, 1, 1]


def test_nothing_is_left_behind(tmp_path):
    kept = spooled_takes([Once(0.25, 1_000)], Spool(tmp_path))
    kept[0].frames()
    assert list(tmp_path.iterdir()) == []
    del kept
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_without_room_a_take_is_made_each_time(tmp_path):
    take = Once(0.5, 10)
    (kept,) = spooled_takes([take], Spool(tmp_path / "missing"))
    assert kept.frames().tolist() == kept.frames().tolist() == [[0.5]] * 10
    assert take.made == 2


def test_what_was_never_kept_is_not_there(tmp_path):
    assert Spool(tmp_path).read(0) is None


def test_copies_of_a_bed_share_what_one_of_them_made(tmp_path):
    opened = []

    def opens():
        opened.append(Ramp())
        return opened[-1]

    one, other = (copy["sea"] for copy in spooled_beds({"sea": opens}, Spool(tmp_path), 2))
    assert len(opened) == 1, "the second copy is opened when it is needed"
    whole = one.read(-300, 3 * GRID)
    np.testing.assert_array_equal(whole, Ramp().read(-300, 3 * GRID))
    np.testing.assert_array_equal(other.read(-300, 3 * GRID), whole)
    assert len(opened) == 1
    assert opened[0].made == [0, 1, 2]
    np.testing.assert_array_equal(other.read(5 * GRID - 7, 20), Ramp().read(5 * GRID - 7, 20))
    assert opened[1].made == [4, 5]
    heard = one.read(4 * GRID, GRID)
    heard[:] = 0
    assert one.read(4 * GRID, GRID).any(), "what was read belongs to the reader"


def test_a_spool_takes_no_more_room_than_it_may(tmp_path):
    spool = Spool(tmp_path, room_bytes=100)
    spool.keep("a", np.ones((20, 1), np.float32))
    spool.keep("b", np.ones((20, 1), np.float32))
    spool.keep("c", np.ones((5, 1), np.float32))
    assert spool.read("a").shape == (20, 1)
    assert spool.read("b") is None
    assert spool.read("c").tolist() == [[1.0]] * 5


def test_a_spool_leaves_a_disk_twice_what_it_takes(tmp_path, monkeypatch: pytest.MonkeyPatch):
    free = [109]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    spool = Spool(tmp_path)
    spool.keep("more than a third", np.ones((10, 1), np.float32))
    spool.keep("less", np.ones((9, 1), np.float32))
    free[0] = 75
    spool.keep("others took their part meanwhile", np.ones((1, 1), np.float32))
    free[0] = 84
    spool.keep("there is room again", np.ones((1, 1), np.float32))
    kept = [key for key in ("more than a third", "less", "there is room again") if _has(spool, key)]
    assert kept == ["less", "there is room again"]
    assert not _has(spool, "others took their part meanwhile")


def _has(spool: Spool, key: str) -> bool:
    return spool.read(key) is not None


def test_what_was_let_go_is_made_anew(tmp_path):
    spool, take = Spool(tmp_path), Once(0.5, 10)
    (kept,) = spooled_takes([take], spool)
    kept.frames()
    before = len(os.listdir("/proc/self/fd"))
    spool.let_go()
    for thread in threading.enumerate():
        if thread.name == "letting go":
            thread.join()
    assert len(os.listdir("/proc/self/fd")) == before - 1
    assert kept.frames().tolist() == [[0.5]] * 10
    assert take.made == 2
    assert spool.read(0) is None
    spool.let_go()
