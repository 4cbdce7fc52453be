import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.audio import Beside, BlockSource, Gridded, Pieced, shared_out, silence, spans


def ramp(block, channels=2):
    """A source whose samples are their own positions."""

    def render(k):
        positions = np.arange(k * block, (k + 1) * block, dtype=np.float32)
        return np.repeat(positions[:, None], channels, axis=1)

    return Gridded(render, channels=channels, block=block)


@given(
    start=st.integers(-50, 500),
    cuts=st.lists(st.integers(0, 60), min_size=1, max_size=8),
    block=st.integers(1, 40),
)
def test_any_cut_gives_the_same_samples(start, cuts, block):
    pieces, position = [], start
    source = ramp(block)
    for n in cuts:
        pieces.append(source.read(position, n))
        position += n
    whole = ramp(block).read(start, sum(cuts))
    assert np.array_equal(np.concatenate(pieces), whole)
    expected = np.maximum(np.arange(start, position, dtype=np.float32), 0)
    assert np.array_equal(whole[:, 0], expected)


def test_pieces_are_written_in_place_and_lie_in_one_block_each():
    written = []

    def write(out, start):
        written.append((start, len(out)))
        out[:] = np.arange(start, start + len(out), dtype=np.float32)[:, None]

    heard = Pieced(write, channels=2, block=10).read(-3, 26)
    assert written == [(0, 10), (10, 10), (20, 3)]
    np.testing.assert_array_equal(heard[:, 1], [0, 0, 0, *range(23)])


def test_a_block_is_rendered_once_while_it_is_kept():
    calls = []

    def render(k):
        calls.append(k)
        return silence(10, 2)

    source = Gridded(render, channels=2, block=10, keep=2)
    source.read(0, 20)
    source.read(5, 10)
    assert calls == [0, 1]
    source.read(20, 10)
    source.read(0, 1)
    assert calls == [0, 1, 2, 0]


def test_what_is_read_belongs_to_the_reader():
    source = ramp(10)
    source.read(0, 10)[:] = 99
    assert source.read(3, 1)[0, 0] == 3


def test_a_gridded_source_is_a_block_source():
    assert isinstance(ramp(10), BlockSource)
    assert ramp(10, channels=1).channels == 1


def test_spans_cover_the_length_without_overlap():
    assert list(spans(25, 10)) == [(0, 10), (10, 10), (20, 5)]
    assert list(spans(0, 10)) == []


def test_shared_work_comes_back_in_order_and_every_worker_has_its_turn():
    seen = [[], []]

    def worker(k):
        return lambda part: (seen[k].append(part), part * 10)[1]

    assert list(shared_out([worker(0), worker(1)], range(7))) == [k * 10 for k in range(7)]
    assert seen == [[0, 2, 4, 6], [1, 3, 5]]
    assert list(shared_out([worker(0)], [])) == []


def test_one_work_alone_is_done_by_the_caller():
    own = threading.get_ident()
    assert set(shared_out([lambda _: threading.get_ident()], range(3))) == {own}
    assert own not in set(shared_out([lambda _: threading.get_ident()] * 2, range(3)))


def test_no_more_is_made_ahead_than_a_part_for_each():
    begun = []
    made = shared_out([begun.append, begun.append], range(100))
    next(made)
    made.close()
    assert len(begun) <= 3


def test_what_goes_wrong_in_shared_work_is_seen_by_the_caller():
    def broken(part):
        raise OSError(f"no part {part}")

    with pytest.raises(OSError, match="no part 0"):
        list(shared_out([broken, broken], range(5)))


@pytest.mark.parametrize("alone", [False, True])
def test_work_beside_sees_every_part_in_order_and_ends_with_the_block(alone):
    one, other = [], []
    with Beside([one.append, other.append], alone=alone) as beside:
        for part in range(5):
            beside.push(part)
    assert one == other == list(range(5))


def pushed(work, parts):
    with Beside([work]) as beside:
        for part in parts:
            beside.push(part)


@pytest.mark.parametrize("parts", [1, 3])
def test_what_goes_wrong_beside_is_seen(parts):
    def broken(part):
        raise OSError(f"no room for {part}")

    with pytest.raises(OSError, match="no room for 0"):
        pushed(broken, range(parts))


def test_work_beside_ends_when_its_user_fails():
    seen = []
    with pytest.raises(ZeroDivisionError):
        pushed(seen.append, (6 // k for k in (2, 1, 0)))
    assert seen == [3, 6]
