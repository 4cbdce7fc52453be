"""Corrections, tried on models of a limiter and a codec."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from undersong.deliver.correct import MAX_ENCODES, Setting, Trial, holds, next_setting
from undersong.manifest import Levels
from undersong.recipes.profiles import PROFILES, goal_of
from undersong.units import Dbtp, Lu, Lufs

PODCAST = goal_of(PROFILES["podcast"], "programme")


def levels(lufs: float, dbtp: float) -> Levels:
    return Levels(
        integrated_lufs=Lufs(lufs),
        short_term_max_lufs=Lufs(lufs),
        momentary_max_lufs=Lufs(lufs),
        range_lu=Lu(0),
        true_peak_dbtp=Dbtp(dbtp),
        length_s=1.0,
    )


def trial(gain_db: float, ceiling_dbtp: float, lufs: float, dbtp: float) -> Trial:
    setting = Setting(gain_db=gain_db, ceiling_dbtp=ceiling_dbtp)
    return Trial(setting=setting, levels=levels(lufs, dbtp))


class Model(Struct, frozen=True):
    """Loudness and peak of a decoded file: gain is heard by a share, the ceiling by the rest."""

    share: float
    shift_lu: float
    rise_db: float

    def __call__(self, setting: Setting) -> Trial:
        ceiling_db = setting.ceiling_dbtp - PODCAST.ceiling_dbtp
        heard_lu = self.share * setting.gain_db + (1 - self.share) * ceiling_db
        lufs = PODCAST.target_lufs + heard_lu + self.shift_lu
        peak = setting.ceiling_dbtp + self.shift_lu + self.rise_db
        return Trial(setting=setting, levels=levels(lufs, peak))


@given(
    st.floats(0.3, 1.0),
    st.floats(-1.5, 0.6),
    st.floats(-0.5, 1.9),
)
def test_any_codec_of_our_measurements_converges(share, shift_lu, rise_db):
    model = Model(share, shift_lu, rise_db)
    trials = [model(Setting(gain_db=0.0, ceiling_dbtp=PODCAST.ceiling_dbtp))]
    while not holds(PODCAST, trials):
        assert len(trials) < MAX_ENCODES
        trials.append(model(next_setting(PODCAST, trials)))


def test_gain_and_ceiling_move_together_where_there_is_room():
    after = next_setting(PODCAST, [trial(2.0, -1.0, -16.4, -6.0)])
    assert after == Setting(gain_db=pytest.approx(2.4), ceiling_dbtp=pytest.approx(-0.6))


def test_a_peak_too_high_takes_its_excess_and_a_step_from_the_ceiling():
    after = next_setting(PODCAST, [trial(2.0, -1.0, -16.0, -0.7)])
    assert after.ceiling_dbtp == pytest.approx(-1.4)
    assert after.gain_db > 2.0  # what the limiter takes is given back


def test_trials_that_tell_nothing_of_the_limiter_are_taken_at_their_word():
    trials = [trial(2.0, -1.0, -17.0, -9.0), trial(3.0, 0.0, -16.2, -8.0)]
    assert next_setting(PODCAST, trials).gain_db == pytest.approx(3.2)


def test_the_last_encode_may_be_as_far_off_as_we_promise():
    misses = [trial(0, -1, -16.09, -2)] * (MAX_ENCODES - 1)
    assert not holds(PODCAST, misses)
    assert holds(PODCAST, [*misses, trial(0, -1, -16.09, -2)])
    assert not holds(PODCAST, [*misses, trial(0, -1, -16.11, -2)])
    assert not holds(PODCAST, [*misses, trial(0, -1, -16.0, -0.99)])
