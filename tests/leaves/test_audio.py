import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.audio import GRID, STRETCH, Ahead, BlockSource, Gridded, silence, spans


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


def seconds(channels=2):
    """A source of which every sample tells its second."""
    return Gridded(lambda k: np.full((GRID, channels), k, np.float32), channels=channels)


@given(reads=st.lists(st.tuples(st.integers(-1, 45), st.integers(0, 12)), min_size=1, max_size=6))
def test_copies_side_by_side_are_one_sound(reads):
    with Ahead([seconds(), seconds()], 40 * GRID) as side_by_side:
        assert isinstance(side_by_side, BlockSource)
        assert side_by_side.channels == 2
        for start, n in reads:
            span = side_by_side.read(start * GRID + 5, n * 9_000)
            np.testing.assert_array_equal(span, seconds().read(start * GRID + 5, n * 9_000))


def test_copies_take_turns_and_make_nothing_early_past_the_end():
    made = [set(), set()]

    def copy(turn):
        def render(k):
            made[turn].add(k)
            return silence(GRID, 1)

        return Gridded(render, channels=1)

    length = 3 * STRETCH * GRID + 5
    with Ahead([copy(0), copy(1)], length) as side_by_side:
        for start, n in spans(length):
            side_by_side.read(start, n)
    assert made[0] == {*range(STRETCH), *range(2 * STRETCH, 3 * STRETCH)}
    assert made[1] == {*range(STRETCH, 2 * STRETCH), 3 * STRETCH}


def test_what_goes_wrong_in_a_copy_is_seen_by_the_reader():
    def broken(k):
        raise OSError(f"no block {k}")

    with (
        Ahead([Gridded(broken, channels=1)], 5 * GRID) as side_by_side,
        pytest.raises(OSError, match="no block 0"),
    ):
        side_by_side.read(0, 10)
