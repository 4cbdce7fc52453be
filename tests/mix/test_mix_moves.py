from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_sources import S
from msgspec.structs import replace

from undersong.mix.curves import GainCurve
from undersong.mix.moves import BRIDGE_DB_S, WITHIN_DB_S, Step, moves, settled


def step(start: float, end: float, *depths_db: float, name: str = "the phrase") -> Step:
    """Return a step whose depths are wanted in the middles of equal parts of it."""
    parts = len(depths_db)
    middles = (start + (end - start) * (k + 0.5) / parts for k in range(parts))
    return Step(
        start=round(start * S),
        end=round(end * S),
        at=tuple(round(middle * S) for middle in middles),
        depths_db=depths_db,
        name=name,
    )


def numbered(*steps: Step) -> list[Step]:
    return [replace(step, name=f"phrase {k}") for k, step in enumerate(steps, start=1)]


def knots(*steps: Step, length: float = 60.0) -> list[tuple[float, float, str]]:
    found = moves(numbered(*steps), round(length * S))
    return [(m.at / S, m.gain_db, m.reason) for m in found]


def test_down_before_the_first_word_and_up_after_the_last() -> None:
    assert knots(step(10, 15, -8)) == [
        (9.05, 0, "makes room for phrase 1"),
        (9.85, -8, "under phrase 1"),
        (15.5, -8, "after phrase 1"),
        (18.0, 0, "bed alone"),
    ]


def test_nobody_speaks_and_nothing_moves() -> None:
    assert knots() == []
    assert knots(step(10, 15, 0), step(20, 25, 0)) == []


def test_a_long_pause_lets_the_bed_come_back() -> None:
    found = knots(step(10, 15, -8), step(25, 30, -6))
    assert found[2:6] == [
        (15.5, -8, "after phrase 1"),
        (18.0, 0, "pause of 10.0 s"),
        (24.05, 0, "makes room for phrase 2"),
        (24.85, -6, "under phrase 2"),
    ]


def test_a_pause_of_middle_length_lets_it_come_back_half() -> None:
    found = knots(step(10, 15, -8), step(18, 30, -8))
    assert found[2:6] == [
        (15.5, -8, "after phrase 1"),
        (17.05, -4, "makes room for phrase 2"),
        (17.85, -8, "under phrase 2"),
        (30.5, -8, "after phrase 2"),
    ]


def test_over_a_short_gap_the_bed_stays_down() -> None:
    assert [gain for _, gain, _ in knots(step(10, 15, -8), step(17, 20, -8))] == [0, -8, -8, 0]


def test_over_a_short_gap_it_moves_gently_from_depth_to_depth() -> None:
    assert knots(step(10, 15, -4), step(17, 20, -10))[2:4] == [
        (pytest.approx(16.85 - 6 * np.pi / 2 / 6, abs=0.01), -4, "from phrase 1 to phrase 2"),
        (16.85, -10, "under phrase 2"),
    ]
    assert knots(step(10, 15, -10), step(17, 20, -4))[2:4] == [
        (pytest.approx(15.28, abs=0.01), -10, "from phrase 1 to phrase 2"),
        (16.85, -4, "under phrase 2"),
    ]


def test_the_bed_follows_a_swell_while_someone_speaks() -> None:
    assert knots(step(10, 18, -5, -5, -9, -6)) == [
        (pytest.approx(9.05, abs=0.01), 0, "makes room for phrase 1"),
        (9.85, -5, "under phrase 1"),
        (13, -5, "under phrase 1"),
        (15, -9, "the bed swells under phrase 1"),
        (17, -6, "the swell passes under phrase 1"),
        (18.5, -6, "after phrase 1"),
        (21, 0, "bed alone"),
    ]


def test_a_first_word_at_once_finds_the_bed_down_already() -> None:
    assert knots(step(0.5, 15, -8))[:2] == [
        (0, -8, "down from the start for phrase 1"),
        (15.5, -8, "after phrase 1"),
    ]


def test_a_track_that_ends_too_soon_keeps_the_bed_down() -> None:
    assert [gain for _, gain, _ in knots(step(10, 15, -8), length=17)] == [0, -8]


def test_a_gap_too_short_for_the_difference_takes_the_deeper_side() -> None:
    steps = settled([step(10, 10.6, -1), step(10.72, 11.4, -20), step(11.52, 14, -1)])
    rooms = (10.72 - 0.15 - 10.3, 12.76 - 11.4)
    most = [BRIDGE_DB_S * 2 / np.pi * room for room in rooms]
    assert [s.depths_db[0] for s in steps] == pytest.approx(
        [-20 + most[0], -20, -20 + most[1]], abs=0.011
    )


def test_a_sudden_swell_is_foreseen() -> None:
    (found,) = settled([step(10, 16, -2, -14, -2)])
    most = WITHIN_DB_S * 2 / np.pi * 2
    assert found.depths_db == pytest.approx((-14 + most, -14, -14 + most), abs=0.011)


spans = st.lists(
    st.tuples(
        st.integers(1, 8 * S),
        st.integers(1, 6 * S),
        st.lists(st.floats(-24, 2), min_size=1, max_size=3),
    ),
    max_size=12,
)


def talk(rows: list[tuple[int, int, list[float]]]) -> tuple[tuple[Step, ...], list[Step], int]:
    """Lay out random gaps, speech and wanted depths."""
    at, wanted = 0, []
    for gap, speech, depths in rows:
        wanted.append(step((at + gap) / S, (at + gap + speech) / S, *depths))
        at += gap + speech
    return settled(wanted), wanted, at


@settings(deadline=None)
@given(spans, st.integers(0, 8 * S))
def test_moves_are_gentle_and_never_late(
    rows: list[tuple[int, int, list[float]]], after: int
) -> None:
    steps, wanted, end = talk(rows)
    found = moves(steps, end + after)
    curve = GainCurve(found)
    assert all(a.at < b.at for a, b in pairwise(found))
    for a, b in pairwise(found):
        steepest = abs(b.gain_db - a.gain_db) * np.pi / 2 / (b.at - a.at) * S
        assert steepest <= 25
    ends = (0, *(step.end for step in steps))
    for made, asked, free in zip(steps, wanted, ends, strict=False):
        pairs = zip(made.depths_db, asked.depths_db, strict=True)
        assert all(depth <= want + 0.01 for depth, want in pairs)
        first = max(made.start - S // 10, free)
        under = curve.at_db(np.linspace(first, made.end, 50))
        assert under.max() <= max(made.depths_db) + 1e-6
        at = curve.at_db(np.array(made.at, float))
        assert (at <= np.array(made.depths_db) + 1e-6).all()


@settings(deadline=None)
@given(spans)
def test_pauses_of_four_seconds_recover_and_short_ones_stay_down(
    rows: list[tuple[int, int, list[float]]],
) -> None:
    steps, _, end = talk(rows)
    curve = GainCurve(moves(steps, end + 9 * S))
    for a, b in pairwise(steps):
        inside = curve.at_db(np.linspace(a.end, b.start, 200))
        gap = (b.start - a.end) / S
        if gap >= 4:
            assert inside.max() >= -0.1
            assert inside.max() <= max(*a.depths_db, *b.depths_db, 0) + 1e-6
        if gap < 2.2:
            assert inside.max() <= max(*a.depths_db, *b.depths_db) + 1e-6
    assert curve.at_db(np.array([end + 9.0 * S]))[0] == 0


@settings(deadline=None)
@given(spans)
def test_the_gain_turns_at_most_three_times_per_phrase(
    rows: list[tuple[int, int, list[float]]],
) -> None:
    steps, _, end = talk(rows)
    found = moves(steps, end + 9 * S)
    ways = [np.sign(b.gain_db - a.gain_db) for a, b in pairwise(found)]
    turning = [way for way in ways if way]
    places = sum(len(step.at) for step in steps)
    assert sum(a != b for a, b in pairwise(turning)) <= 3 * places


@settings(deadline=None)
@given(spans, st.integers(0, 100 * S), st.integers(1, 3000))
def test_a_span_told_as_steady_is(
    rows: list[tuple[int, int, list[float]]], start: int, n: int
) -> None:
    steps, _, end = talk(rows)
    curve = GainCurve(moves(steps, end + 9 * S))
    gains = curve.at_db(np.arange(start, start + n, dtype=np.float64))
    steady = curve.steady_db(start, start + n)
    assert steady is None or np.allclose(gains, steady)


@pytest.mark.parametrize(
    ("start", "end", "steady_db"),
    [
        (0, 9, 0),
        (9, 10, None),
        (9.3, 9.4, None),
        (9.9, 15.4, -8),
        (9.85, 15.5, -8),
        (15, 19, None),
        (18, 99, 0),
        (0, 99, None),
    ],
)
def test_the_curve_knows_where_it_rests(start: float, end: float, steady_db: float | None) -> None:
    curve = GainCurve(moves([step(10, 15, -8)], 60 * S))
    assert curve.steady_db(round(start * S), round(end * S)) == steady_db


def test_without_moves_the_curve_rests_at_zero() -> None:
    curve = GainCurve(())
    assert curve.steady_db(0, 99) == 0
    assert curve.at_db(np.array([0.0, 1e9])).tolist() == [0, 0]
