import gc

import numpy as np

from undersong.mix.spool import Spool, spooled


class Once:
    """A take that counts how often it was made."""

    def __init__(self, value: float, n: int) -> None:
        self.value, self.n, self.made = value, n, 0

    def frames(self):
        self.made += 1
        return np.full((self.n, 1), self.value, np.float32)


def test_a_take_is_made_once_and_always_the_same(tmp_path):
    takes = [Once(0.25, 1_000), Once(-0.5, 77), Once(0.1, 3)]
    kept = spooled(takes, tmp_path)
    for k in (1, 0, 1, 2, 0, 1):
        np.testing.assert_array_equal(
            kept[k].frames(), np.full((takes[k].n, 1), takes[k].value, "f4")
        )
    assert [take.made for take in takes] == [1, 1, 1]


def test_nothing_is_left_behind(tmp_path):
    kept = spooled([Once(0.25, 1_000)], tmp_path)
    kept[0].frames()
    assert list(tmp_path.iterdir()) == []
    del kept
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_without_room_a_take_is_made_each_time(tmp_path):
    take = Once(0.5, 10)
    (kept,) = spooled([take], tmp_path / "missing")
    assert kept.frames().tolist() == kept.frames().tolist() == [[0.5]] * 10
    assert take.made == 2


def test_what_was_never_kept_is_not_there(tmp_path):
    assert Spool(tmp_path).read(0) is None
