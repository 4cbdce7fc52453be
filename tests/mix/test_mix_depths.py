"""How even the depths of a track's passages are, and how near to what is asked."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mix_sources import S, phrases
from msgspec.structs import replace

from undersong.dsp.loudness import mean_square
from undersong.mix import depths
from undersong.mix.curves import F64, GainCurve
from undersong.mix.depths import EVEN, FURTHEST_LU, READY, readiness, solve
from undersong.mix.power import BedPower
from undersong.mix.speech import DEEPER_LU, GUST_LU, Talk, talks
from undersong.mix.survey import HOP
from undersong.units import Samples

LENGTH = 90 * S
ASKED_LU = 15.0

LONG, SHORT = (10, 18), ((24, 25), (31, 32), (38, 39), (45, 46))


def bed(*louder: tuple[float, float, float]) -> F64:
    """Return a bed at -29 LUFS, louder by so many LU from one second to another."""
    levels = np.full(LENGTH // HOP, -29.0)
    for start, end, by_lu in louder:
        levels[round(start * 100) : round(end * 100)] += by_lu
    return np.array([mean_square(level) for level in levels])


def power(whole: F64) -> BedPower:
    none = np.zeros(len(whole))
    return BedPower(whole=whole, band=none, cross=none, extra=0.0)


def passages(whole: F64, *spans: tuple[float, float]) -> tuple[Talk, ...]:
    return talks(phrases(*spans), power(whole), ASKED_LU)


def solved(spoken: Sequence[Talk]) -> GainCurve:
    return GainCurve(solve(spoken, (), ASKED_LU, LENGTH))


def differences(spoken: Sequence[Talk], duck: GainCurve) -> list[float]:
    return [talk.difference_lu(duck) for talk in spoken]


def test_over_a_steady_bed_every_first_word_finds_the_usual_depth() -> None:
    spoken = passages(bed(), LONG, *SHORT)
    duck = solved(spoken)
    assert readiness(spoken, duck) == pytest.approx(1)
    assert differences(spoken, duck) == pytest.approx([ASKED_LU] * 5)


def test_within_a_tolerance_rather_too_clear_than_too_faint_all_take_one_step() -> None:
    spoken = passages(bed((30, 33, 0.7), (37, 40, -0.2)), LONG, *SHORT)
    duck = solved(spoken)
    steps = {round(float(duck.at_db(talk.frames).mean()), 2) for talk in spoken}
    assert len(steps) == 1
    faintest, clearest = min(differences(spoken, duck)), max(differences(spoken, duck))
    assert ASKED_LU - EVEN.fainter_lu - 1e-9 <= faintest < clearest
    assert clearest <= ASKED_LU + EVEN.clearer_lu + 1e-9


def test_a_bed_louder_under_the_long_phrase_is_evened_out_for_the_words_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoken = passages(bed((9, 20, 1.6)), LONG, *SHORT)
    own = solved(spoken)
    assert readiness(spoken, own) >= READY
    assert differences(spoken, own) == pytest.approx([ASKED_LU] * 5, abs=FURTHEST_LU)
    monkeypatch.setattr(depths, "READY", 0.0)
    assert readiness(spoken, solved(spoken)) < 0.98


def test_no_more_of_the_tolerance_is_spent_than_it_takes() -> None:
    spoken = passages(bed((9, 20, 1.2)), LONG, *SHORT)
    found = [abs(each - ASKED_LU) for each in differences(spoken, solved(spoken))]
    assert 0.4 < max(found) < 0.7


def test_a_long_phrase_stands_high_where_its_bed_is_calm_for_the_words_after_it() -> None:
    spoken = passages(bed((16, 20, 9)), LONG, *SHORT)
    duck = solved(spoken)
    assert readiness(spoken, duck) >= READY
    assert differences(spoken, duck) == pytest.approx([ASKED_LU] * 5, abs=FURTHEST_LU + 0.01)
    gain = duck.at_db(spoken[0].frames)
    assert gain[:400].min() > gain[-100:].max() + 4


def test_what_no_choice_makes_even_is_as_even_as_tolerance_lets_it_be() -> None:
    spoken = passages(bed((9, 20, 6)), LONG, *SHORT)
    duck = solved(spoken)
    assert 0.5 < readiness(spoken, duck) < READY
    assert differences(spoken, duck) == pytest.approx([ASKED_LU] * 5, abs=FURTHEST_LU + 0.01)


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


@pytest.mark.parametrize("speech", [(20.04, 21.0), (19.0, 19.96), (19.5, 20.5)])
def test_a_sound_beside_a_word_is_told_from_one_in_it(speech: tuple[float, float]) -> None:
    (talk,) = passages(bed((20.0, 20.02, 20)), speech)
    heard = talk.power.lufs > -28
    assert heard == (speech == (19.5, 20.5))


def test_what_sounds_as_the_last_word_fades_does_not_count() -> None:
    whole = power(bed((21.9, 22.0, 15)))
    (said,) = phrases((20.0, 22.0))
    faded = replace(said, fading=Samples(S // 10))
    (over,), (before,) = (talks([phrase], whole, ASKED_LU) for phrase in (said, faded))
    assert over.needs_db < before.needs_db - 3
    assert before.needs_db == pytest.approx(-6)
    assert (before.start, before.end) == (over.start, over.end)
    assert [cell.needs_db for cell in before.cells] == pytest.approx([-6])


def test_a_short_passage_goes_deeper_for_a_gust_but_not_much() -> None:
    calm, breath, gust = (
        passages(bed((20, 20.4, by_lu)), (20.0, 21.8))[0].cells[0] for by_lu in (0, 7.6, 20)
    )
    assert calm.most_db == pytest.approx(calm.needs_db + 0.8)
    assert breath.needs_db - DEEPER_LU < breath.most_db < breath.needs_db + 0.8
    assert breath.most_db == pytest.approx(-6 - 7.6 + GUST_LU, abs=0.01)
    assert gust.most_db == pytest.approx(gust.needs_db - DEEPER_LU)
