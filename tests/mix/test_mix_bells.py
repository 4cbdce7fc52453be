"""Bells over a bed: heard, and no fright."""

import numpy as np
import pytest
from mix_sources import S, cue, loudness, mixer, noise, phrases, timeline, whole
from test_mix_plan import flat

from undersong.mix.bells import LARGEST_GAIN_DB, STANDS_LU, STEP_DB, momentary_lufs
from undersong.mix.duck import plan_mix
from undersong.mix.model import MixPlan
from undersong.timeline.model import PlacedCue
from undersong.units import db_to_gain


def plan(level_lufs: float, *cues: PlacedCue, bed_lufs: float = -30.0) -> MixPlan:
    track = timeline(60, phrases((10, 15), (40, 45)), cues=cues)
    return plan_mix(
        track,
        {"noise": flat(60, bed_lufs)},
        difference_lu=15,
        pause_difference_lu=10,
        cue_lufs={"bell": level_lufs},
    )


@pytest.mark.parametrize("start", [4.0, 15.6, 25.0, 41.0, 44.5, 50.0])
@pytest.mark.parametrize("level_lufs", [-35.0, -26.0, -20.0])
def test_every_bell_stands_as_far_above_the_bed(start: float, level_lufs: float) -> None:
    (made,) = plan(level_lufs, cue("bell", start, 9)).cues
    assert made.difference_lu == pytest.approx(STANDS_LU, abs=0.02)


def test_the_script_may_want_a_softer_bell() -> None:
    (made,) = plan(-26, cue("bell", 25, 9, -4.0)).cues
    assert made.difference_lu == pytest.approx(STANDS_LU - 4, abs=0.02)


def test_the_bed_makes_room_for_a_bell_and_no_more_than_a_little() -> None:
    made = plan(-26.5, cue("bell", 25, 9))
    knots = [(m.at / S, m.gain_db, m.reason) for m in made.moves if "bell" in m.reason]
    assert knots == [
        (pytest.approx(24.065, abs=0.001), 0, "makes room for the bell"),
        (24.85, -1, "under the bell"),
        (27.5, -1, "after the bell"),
    ]
    faint = plan(-40, cue("bell", 25, 9))
    assert min(m.gain_db for m in faint.moves if 20 * S < m.at < 30 * S) == STEP_DB


def test_a_bell_right_after_speech_finds_the_bed_half_way_up_and_is_softer() -> None:
    late, soon = (plan(-20, cue("bell", start, 9)).cues[0] for start in (25.0, 15.3))
    assert soon.gain_db < late.gain_db - 1
    assert soon.difference_lu == late.difference_lu


def test_a_bell_in_speech_moves_nothing() -> None:
    assert plan(-26, cue("bell", 12, 9)).moves == plan(-26).moves


def test_bells_that_ring_into_each_other_share_one_step() -> None:
    made = plan(-28, cue("bell", 25, 9), cue("bell", 26, 9))
    assert sum(m.reason == "under the bell" for m in made.moves) == 1
    assert all(c.difference_lu == pytest.approx(STANDS_LU, abs=0.05) for c in made.cues)


def test_without_a_bed_a_bell_is_as_loud_as_it_comes() -> None:
    track = timeline(60, phrases((10, 15)), scenes=(), cues=(cue("bell", 25, 9, -2.0),))
    made = plan_mix(
        track, {}, difference_lu=15, pause_difference_lu=10, cue_lufs={"bell": -26.0}
    ).cues[0]
    assert (made.gain_db, made.difference_lu) == (-2.0, None)


def test_a_bell_over_hardly_any_bed_is_not_lost() -> None:
    (made,) = plan(-26, cue("bell", 59.9, 9)).cues
    assert made.gain_db >= -35 + STANDS_LU + 26 - 0.01
    assert abs(plan(-90, cue("bell", 25, 9)).cues[0].gain_db) == LARGEST_GAIN_DB


def test_a_silent_sound_and_one_past_the_end_are_left_alone() -> None:
    assert plan(-np.inf, cue("bell", 25, 9)).cues[0].gain_db == 0
    assert plan(-26, cue("bell", 60, 9)).cues[0].difference_lu is None


def test_the_loudest_moment_is_that_of_the_sound() -> None:
    time = np.arange(3 * S) / S
    tone = np.sin(2 * np.pi * 997 * time) * db_to_gain(-23) * np.where(time < 1, 1, 0.1)
    frames = np.repeat(tone[:, None], 2, 1).astype(np.float32)
    assert momentary_lufs(frames) == pytest.approx(-23, abs=0.05)
    assert momentary_lufs(frames[: S // 5]) == pytest.approx(-26, abs=0.1)
    assert momentary_lufs(np.zeros((100, 2), np.float32)) == -np.inf


@pytest.mark.parametrize("start", [15.5, 25.0, 44.0])
def test_a_bell_is_heard_that_far_above_the_bed_on_stems(start: float) -> None:
    track = timeline(60, phrases((10, 15), (40, 45)), cues=(cue("bell", start, 6),))
    made = mixer(track, {"noise": noise(1)})
    bed, bells = (whole(made.stem(name), track) for name in ("bed-ducked", "cues"))
    loudest = momentary_lufs(bells.astype(np.float32))
    under = loudness(bed[round(start * S) : round((start + 1) * S)])
    assert loudest - under == pytest.approx(STANDS_LU, abs=0.7)
