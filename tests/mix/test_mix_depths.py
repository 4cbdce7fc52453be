"""How even the depths of a track's passages are, and how sure."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mix_sources import S, phrases

from undersong.dsp.loudness import mean_square
from undersong.mix import depths
from undersong.mix.curves import F64, GainCurve
from undersong.mix.depths import MANNERS, READY, readiness, solve
from undersong.mix.power import BedPower
from undersong.mix.speech import Talk, talks
from undersong.mix.survey import HOP

LENGTH = 90 * S
ASKED_LU = 15.0

LONG, SHORT = (10, 18), ((24, 25), (31, 32), (38, 39), (45, 46))


def bed(*louder: tuple[float, float, float]) -> F64:
    """Return a bed at -29 LUFS, louder by so many LU from one second to another."""
    levels = np.full(LENGTH // HOP, -29.0)
    for start, end, by_lu in louder:
        levels[round(start * 10) : round(end * 10)] += by_lu
    return np.array([mean_square(level) for level in levels])


def passages(whole: F64, *spans: tuple[float, float]) -> tuple[Talk, ...]:
    none = np.zeros(len(whole))
    power = BedPower(whole=whole, band=none, cross=none, extra=0.0)
    return talks(phrases(*spans), power, ASKED_LU)


def solved(spoken: Sequence[Talk]) -> GainCurve:
    return GainCurve(solve(spoken, (), ASKED_LU, LENGTH))


def differences(spoken: Sequence[Talk], duck: GainCurve) -> list[float]:
    return [talk.difference_lu(duck) for talk in spoken]


def test_over_a_steady_bed_every_first_word_finds_the_usual_depth() -> None:
    spoken = passages(bed(), LONG, *SHORT)
    duck = solved(spoken)
    assert readiness(spoken, duck) == pytest.approx(1)
    assert differences(spoken, duck) == pytest.approx([ASKED_LU] * 5)


def test_a_bed_louder_under_the_long_phrase_is_evened_out_for_the_words_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoken = passages(bed((9, 20, 1.6)), LONG, *SHORT)
    even = solved(spoken)
    monkeypatch.setattr(depths, "MANNERS", MANNERS[:1])
    first = solved(spoken)
    assert readiness(spoken, first) < 0.98
    assert readiness(spoken, even) >= READY
    assert differences(spoken, even) == pytest.approx([ASKED_LU] * 5, abs=0.86)


def test_what_no_manner_makes_even_is_as_even_as_tolerance_lets_it_be() -> None:
    spoken = passages(bed((9, 20, 6)), LONG, *SHORT)
    duck = solved(spoken)
    assert 0.5 < readiness(spoken, duck) < READY
    assert differences(spoken, duck) == pytest.approx([ASKED_LU] * 5, abs=0.86)


def test_a_bed_that_hardly_moves_and_one_far_too_quiet_are_ready() -> None:
    low = passages(bed() * 10**-3, *SHORT)
    assert readiness(low, solved(low)) == 1
    near = passages(bed() * 10**-0.58, *SHORT)
    assert readiness(near, solved(near)) == 1
    assert readiness((), solved(())) == 1


@given(st.lists(st.floats(-2, 9), min_size=9, max_size=9))
def test_every_passage_stands_within_a_lu(louder: list[float]) -> None:
    whole = bed(*((10 * k, 10 * k + 10, by_lu) for k, by_lu in enumerate(louder)))
    spoken = passages(whole, (11, 18), (24, 27), (34, 38.03), (44.02, 49), (51, 51.5), (54, 57))
    assert differences(spoken, solved(spoken)) == pytest.approx([ASKED_LU] * 6, abs=0.95)


@pytest.mark.parametrize(
    ("event_s", "speech", "sure"),
    [
        (20.0, (20.04, 22.0), False),  # a call over the beginning of the first word
        (21.9, (20.0, 21.96), False),  # and over the end of the last
        (21.0, (20.04, 22.0), True),  # and in the midst of it
        (20.0, (20.0, 22.0), True),  # and where the hop is all speech
    ],
)
def test_a_sound_that_a_word_cuts_leaves_doubt(
    event_s: float, speech: tuple[float, float], *, sure: bool
) -> None:
    (talk,) = passages(bed((event_s, event_s + 0.1, 15)), speech)
    assert (talk.doubt_lu < 0.01) == sure
    if not sure:
        low, high = (talk.power.lufs + sign * talk.doubt_lu for sign in (-1, 1))
        quiet = -29 + 10 * math.log10(1)
        all_of_it = 10 * math.log10((19.6 * 10**-2.9 + 10**-1.4) / 19.6)
        assert low <= quiet + 1
        assert high >= all_of_it - 1


def test_silence_leaves_no_doubt() -> None:
    (talk,) = passages(bed() * 0, (20.04, 22.0))
    assert talk.doubt_lu == 0
