from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersong.units import (
    SILENCE_DB,
    db_to_gain,
    format_seconds,
    gain_to_db,
    parse_seconds,
    to_samples,
    to_seconds,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4s", 4),
        ("1.5s", Fraction(3, 2)),
        ("500ms", Fraction(1, 2)),
        ("2m30s", 150),
        ("2m 30s", 150),
        ("12m", 720),
        ("1h", 3600),
        ("1h2m3s4ms", Fraction(3723004, 1000)),
        ("3:00", 180),
        ("1:02:03.5", Fraction(7447, 2)),
        ("90", 90),
        ("0.25", Fraction(1, 4)),
    ],
)
def test_times_are_read_exactly(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "  ", "s", "-4s", "4 parsecs", "1:2:3:4", "3:75", "m", "4s4m"]
)
def test_what_is_no_time_is_refused_with_the_forms(text):
    with pytest.raises(ValueError, match=r"write 4s, 1\.5s, 500ms"):
        parse_seconds(text)


@given(st.integers(0, 10**12))
def test_samples_survive_seconds(samples):
    assert to_samples(to_seconds(samples)) == samples


def test_half_samples_round_up():
    assert to_samples(Fraction(1, 96_000)) == 1
    assert to_samples(Fraction(1, 96_001)) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (720, "12:00"),
        (3723, "1:02:03"),
        (4.5, "0:04.5"),
        (59.9996, "1:00"),
        (-4, "-0:04"),
    ],
)
def test_times_are_written_for_people(seconds, text):
    assert format_seconds(seconds) == text


@given(st.integers(0, 10**8))
def test_written_times_are_read_back(millis):
    seconds = Fraction(millis, 1000)
    assert parse_seconds(format_seconds(seconds)) == seconds


@given(st.floats(-120, 40))
def test_gains_survive_decibels(db):
    assert gain_to_db(db_to_gain(db)) == pytest.approx(db, abs=1e-9)


def test_no_gain_at_all_is_silence():
    assert gain_to_db(0.0) == SILENCE_DB
