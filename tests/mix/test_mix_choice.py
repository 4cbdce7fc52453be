"""The steps of all passages: alike where that can be, else the best there are."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.mix.choice import Near, Reaches, median
from undersong.mix.curves import F64

PART = st.tuples(st.floats(-3, 4), st.integers(30, 400))
PASSAGE = st.tuples(st.floats(-11, -2), st.lists(PART, min_size=1, max_size=3))


def reaches(passages: list[tuple[float, list[tuple[float, int]]]], close_db: float) -> Reaches:
    """Return reaches around what passages need; parts swell so far from that, and last so long."""
    needs = np.array([need for need, _ in passages])
    counts = [len(parts) for _, parts in passages]
    return Reaches(
        wanted_db=needs,
        lows_db=needs - close_db,
        highs_db=np.minimum(needs + close_db, 0),
        most_db=np.array([need + off for need, parts in passages for off, _ in parts]),
        lasting=np.array([float(n) for _, parts in passages for _, n in parts]),
        firsts=np.cumsum([0, *counts[:-1]]),
    )


def shown(own: Reaches, steps: F64) -> tuple[float, float]:
    """Return the mean at first words, and the median over time."""
    counts = np.diff([*own.firsts, len(own.most_db)])
    gain = np.minimum(np.repeat(steps, counts), own.most_db)
    order = np.argsort(gain)[::-1]
    half = np.searchsorted(np.cumsum(own.lasting[order]), own.lasting.sum() / 2 - 1e-9)
    return float(gain[own.firsts].mean()), float(gain[order][half])


def best_of_all(own: Reaches) -> float:
    """Try every passage at its deepest and at each place a median could be."""
    best = -np.inf
    for usual in np.unique([*own.lows_db, *own.highs_db, *own.most_db]):
        for raised in product((False, True), repeat=len(own.lows_db)):
            steps = np.where(raised, np.maximum(usual, own.lows_db), own.lows_db)
            first, middle = shown(own, steps)
            if (steps <= own.highs_db + 1e-9).all() and middle < -1:
                best = max(best, first / middle)
    return best


@settings(deadline=None, max_examples=60)
@given(st.lists(PASSAGE, min_size=1, max_size=6), st.floats(0.1, 0.9))
def test_no_other_steps_find_first_words_readier(
    passages: list[tuple[float, list[tuple[float, int]]]], close_db: float
) -> None:
    own = reaches(passages, close_db)
    share, steps = own.readiest()
    first, middle = shown(own, steps)
    assert (steps >= own.lows_db).all()
    assert (steps <= own.highs_db + 1e-9).all()
    assert first / middle >= share - 1e-9
    assert share >= best_of_all(own) * 0.98


def test_steps_that_can_be_alike_are_and_others_come_as_near_as_they_may() -> None:
    near = reaches([(-5.0, [(1, 100)]), (-5.4, [(1, 100)]), (-5.2, [(1, 100)])], 0.6)
    assert near.alike().tolist() == pytest.approx([-5.2] * 3)
    far = reaches([(-5.0, [(1, 100)]), (-9.0, [(1, 100)])], 0.6)
    assert far.alike().tolist() == pytest.approx([-5.6, -8.4])


def test_where_nothing_is_deep_nothing_need_be_chosen() -> None:
    share, steps = reaches([(-0.2, [(1, 100)]), (-0.1, [(1, 50)])], 0.2).readiest()
    assert share == np.inf
    assert steps.tolist() == pytest.approx([-0.4, -0.3])


def test_the_time_of_passages_counts_and_not_their_number() -> None:
    parts = [(-8.0, 700), *((-4.0, 100) for _ in range(5))]
    own = reaches([(need, [(1, lasting)]) for need, lasting in parts], 0.8)
    share, steps = own.readiest()
    assert steps[0] == pytest.approx(-7.2, abs=0.011)  # raised as far as may be
    assert steps[1:].tolist() == pytest.approx([-4.8] * 5)
    assert share == pytest.approx((7.2 + 5 * 4.8) / 6 / 7.2, abs=0.002)


@pytest.mark.parametrize(
    ("excess_lu", "beyond_lu"),
    [(0, 0), (-0.3, 0), (0.7, 0), (-0.5, -0.2), (1, 0.3), (np.inf, 0)],
)
def test_a_difference_may_be_off_by_so_much(excess_lu: float, beyond_lu: float) -> None:
    near = Near(fainter_lu=0.3, clearer_lu=0.7)
    assert near.beyond_lu(excess_lu) == pytest.approx(beyond_lu)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=9))
def test_a_median_is_numpys(values: list[float]) -> None:
    assert median(np.array(values)) == pytest.approx(float(np.median(values)))
