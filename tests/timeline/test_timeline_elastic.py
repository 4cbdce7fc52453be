from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.timeline.elastic import Rest, share


def rests(*rows: tuple[int, int, int]) -> list[Rest]:
    return [Rest(floor=a, natural=Fraction(b), cap=c) for a, b, c in rows]


@pytest.mark.parametrize(
    ("rows", "total", "shares"),
    [
        ([], 0, ()),
        ([(1, 2, 3)], 2, (2,)),
        ([(0, 10, 100), (0, 30, 100)], 80, (20, 60)),
        ([(0, 10, 100), (0, 30, 45)], 80, (35, 45)),
        ([(8, 10, 100), (0, 30, 45)], 20, (8, 12)),
        ([(0, 1, 10), (0, 1, 10), (0, 1, 10)], 10, (3, 4, 3)),
        ([(0, 0, 10), (5, 5, 5)], 12, (7, 5)),
        ([(5, 5, 5), (7, 7, 7)], 12, (5, 7)),
    ],
)
def test_rests_share_in_proportion_within_bounds(
    rows: list[tuple[int, int, int]], total: int, shares: tuple[int, ...]
) -> None:
    assert share(rests(*rows), total) == shares


@pytest.mark.parametrize("total", [-1, 3, 11])
def test_what_cannot_be_shared_is_refused(total: int) -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        share(rests((2, 3, 5), (2, 3, 5)), total)


row = st.tuples(*(st.integers(0, 900_000) for _ in range(3))).map(sorted)


@settings(deadline=None)
@given(st.lists(row, min_size=1, max_size=40), st.fractions(0, 1))
def test_the_sum_is_exact_and_free_rests_keep_their_proportion(
    rows: list[list[int]], where: Fraction
) -> None:
    own = rests(*((a, b, c) for a, b, c in rows))
    low, high = sum(r.floor for r in own), sum(r.cap for r in own)
    total = low + int(where * (high - low))
    shares = share(own, total)
    assert sum(shares) == total
    assert all(r.floor <= s <= r.cap for r, s in zip(own, shares, strict=True))
    free = [
        (s, r.natural)
        for r, s in zip(own, shares, strict=True)
        if r.floor + 1 < s < r.cap - 1 and r.natural > 0
    ]
    for (a, m), (b, n) in pairwise(free):
        assert abs(a * n - b * m) <= m + n  # each is within a sample of its share
