"""Plans from numbers alone: no sound is made here."""

import json
import math
import os
from difflib import unified_diff
from pathlib import Path

import pytest
from mix_sources import S, phrases, scene, timeline
from msgspec.structs import replace

from undersong.dsp.loudness import mean_square
from undersong.mix.duck import plan_mix
from undersong.mix.model import MixPlan
from undersong.timeline.model import LevelMove, Phrase, Scene, Timeline
from undersong.units import SILENCE_DB, Samples

GOLDEN = Path(__file__).parent / "golden"


def flat(seconds: float, level_lufs: float = -30.0) -> tuple[float, ...]:
    return (mean_square(level_lufs),) * math.ceil(seconds * 10)


def waves(seconds: float) -> tuple[float, ...]:
    """A bed that rises and falls by 4 dB every 11 s."""
    levels = (-30 + 4 * math.sin(2 * math.pi * k / 110) for k in range(math.ceil(seconds * 10)))
    return tuple(mean_square(level) for level in levels)


def plan(track: Timeline, difference: float = 15.0, **surveys: tuple[float, ...]) -> MixPlan:
    return plan_mix(track, surveys, difference_lu=difference, pause_difference_lu=10.0)


def simple(*said: Phrase, scenes: tuple[Scene, ...] | None = None) -> Timeline:
    return timeline(60, said, scenes)


def test_the_bed_stands_where_pauses_ask_and_steps_back_by_the_rest() -> None:
    made = plan(simple(*phrases((20, 25))), noise=flat(60))
    (bed,) = made.beds
    assert (bed.bed_lufs, bed.gain_db) == (-30.0, 0.0)
    assert [move.gain_db for move in made.moves] == [0.0, -5.0, -5.0, 0.0]
    (said,) = made.phrases
    assert (said.depth_db, said.difference_lu, said.reason) == (-5.0, 15.0, "stands as asked")


def test_the_depth_follows_the_level_of_the_phrase() -> None:
    said = phrases((20, 25), (35, 40), levels=(-23.0, -17.5))
    made = plan(simple(*said), noise=flat(60))
    assert [p.depth_db for p in made.phrases] == [-7.4, -3.1]
    assert [p.difference_lu for p in made.phrases] == [14.4, 15.6]


def test_within_a_tolerance_the_bed_takes_the_same_step_for_all() -> None:
    said = phrases((20, 25), (35, 40), (50, 55), levels=(-20.3, -20, -19.5))
    made = plan(simple(*said), noise=flat(60))
    assert len({p.depth_db for p in made.phrases}) == 1
    assert all(p.reason == "stands as asked" for p in made.phrases)


def test_no_bed_rises_because_someone_speaks() -> None:
    bed = list(flat(60))
    bed[200:250] = [mean_square(-36.8)] * 50
    made = plan(simple(*phrases((20, 25), (35, 40))), noise=tuple(bed))
    lull, usual = made.phrases
    assert (lull.depth_db, lull.reason) == (0, "the bed is quiet here")
    assert lull.difference_lu == pytest.approx(16.5, abs=0.1)
    assert usual.depth_db < -5
    assert usual.difference_lu == pytest.approx(15, abs=0.05)


def test_a_bed_that_is_far_too_quiet_is_left_alone() -> None:
    bed = list(flat(60))
    bed[200:250] = [mean_square(-40)] * 50
    made = plan(simple(*phrases((20, 25))), noise=tuple(bed))
    assert made.moves == ()
    assert made.phrases[0].reason == "the bed is quiet here"
    assert made.phrases[0].difference_lu == pytest.approx(20, abs=0.5)


def test_a_bed_that_is_low_enough_everywhere_stays() -> None:
    made = plan(simple(*phrases((20, 25))), difference=10.0, noise=flat(60))
    assert made.moves == ()
    assert made.phrases[0].reason == "the bed is quiet enough by itself"


def test_there_is_a_limit_to_the_duck() -> None:
    made = plan(simple(*phrases((20, 25))), difference=50.0, noise=flat(60))
    assert made.phrases[0].depth_db == -24.0
    assert made.phrases[0].reason == "as deep as the duck goes"


def test_a_phrase_without_a_bed_says_so() -> None:
    scenes = (scene("noise", 30, 60),)
    made = plan(simple(*phrases((5, 10)), scenes=scenes), noise=flat(60))
    (said,) = made.phrases
    assert (said.bed_lufs, said.difference_lu) == (float(SILENCE_DB), None)
    assert said.reason == "no bed sounds here"
    assert made.moves == ()
    assert plan(simple(*phrases((5, 10)), scenes=())).beds == ()


def test_a_bed_of_silence_keeps_its_gain() -> None:
    (bed,) = plan(simple(), noise=(0.0,) * 600).beds
    assert (bed.bed_lufs, bed.gain_db) == (float(SILENCE_DB), 0.0)


def test_no_bed_is_moved_absurdly_far() -> None:
    assert plan(simple(), noise=flat(60, -69.5)).beds[0].gain_db == 39.5
    assert plan(simple(), noise=flat(60, 20)).beds[0].gain_db == -40.0


def test_a_take_too_short_to_be_measured_is_taken_for_speech() -> None:
    said = phrases((20, 20.3), levels=(-math.inf,))
    made = plan(simple(*said), noise=flat(60))
    assert (made.phrases[0].level_lufs, made.phrases[0].depth_db) == (-20.0, -5.0)


def test_a_deeper_neighbour_too_near_is_named() -> None:
    bed = list(flat(60))
    bed[202:210] = [mean_square(-10)] * 8
    said = phrases((19.8, 20.2), (20.25, 21.0))
    made = plan(simple(*said), noise=tuple(bed))
    assert made.phrases[0].reason == "a deeper neighbour is too near"


def test_scenes_cross_at_equal_power_and_fade_elsewhere() -> None:
    scenes = (scene("one", 0, 20), scene("two", 14, 40), scene("one", 45, 60))
    made = plan(simple(scenes=scenes), one=flat(60, -28), two=flat(60, -35))
    shapes = [(bed.rise_shape, bed.fall_shape) for bed in made.beds]
    assert shapes == [("fade", "crossfade"), ("crossfade", "fade"), ("fade", "fade")]
    assert [bed.gain_db for bed in made.beds] == [-2.0, 5.0, -2.0]


def test_a_phrase_over_a_crossfade_is_solved_from_both_beds() -> None:
    scenes = (scene("one", 0, 26, fall=6), scene("two", 20, 60, rise=6))
    made = plan(simple(*phrases((18, 28)), scenes=scenes), one=flat(60), two=flat(60))
    (said,) = made.phrases
    assert said.bed_lufs == pytest.approx(-30, abs=0.01)
    assert said.depth_db == -5.0


def test_a_survey_may_lack_the_incomplete_last_hop() -> None:
    track = timeline(30.05, phrases((15, 20)))
    made = plan(track, noise=flat(30))
    assert made.phrases[0].depth_db == -5.0


def leveled(*moves: tuple[float, float, float]) -> MixPlan:
    asked = tuple(
        LevelMove(start=Samples(round(a * S)), end=Samples(round(b * S)), gain_db=gain)
        for a, b, gain in moves
    )
    track = replace(simple(*phrases((10, 15), (40, 45))), levels=asked)
    return plan(track, noise=flat(60))


def test_the_script_may_move_the_bed_and_speech_stands_above_it_all_the_same() -> None:
    made = leveled((20, 25, 4.0))
    assert [(m.at / S, m.gain_db) for m in made.levels] == [(20, 0), (25, 4)]
    assert [p.depth_db for p in made.phrases] == pytest.approx([-5.6, -8.4], abs=0.01)
    assert all(p.difference_lu == pytest.approx(15, abs=0.65) for p in made.phrases)


def test_a_bed_that_the_script_has_low_is_not_brought_back_by_the_duck() -> None:
    made = leveled((20, 25, -5.0), (50, 55, 0.0))
    assert [p.depth_db for p in made.phrases] == [-4.4, -0.6]
    low = leveled((20, 25, -60.0))
    assert low.phrases[1].difference_lu == pytest.approx(70)
    assert low.phrases[1].reason == "the bed is quiet here"


def test_levels_that_touch_share_a_knot() -> None:
    made = leveled((20, 25, -6.0), (25, 30, 0.0))
    assert [(m.at / S, m.gain_db) for m in made.levels] == [(20, 0), (25, -6), (30, 0)]


def test_phrases_close_together_under_a_moving_bed_all_stand_high_enough() -> None:
    spans = [(10 + 2.4 * k, 12 + 2.4 * k) for k in range(18)]
    made = plan(simple(*phrases(*spans)), noise=waves(60))
    differences = [p.difference_lu for p in made.phrases if p.depth_db < 0]
    assert len(differences) > 12
    assert all(d is not None and d >= 13.8 for d in differences)


def golden() -> dict[str, MixPlan]:
    said = phrases(
        (10, 13),
        (13.12, 15),
        (17, 21),
        (24, 24.4),
        (29, 40),
        (44, 47),
        levels=(-20, -21, -19, -20, -20.5, -22),
    )
    scenes = (scene("one", 0, 34), scene("two", 28, 60, rise=6))
    return {
        "waves": plan(simple(*said), noise=waves(60)),
        "scenes": plan(simple(*said, scenes=scenes), one=waves(60), two=flat(60, -41)),
        "clear-voice": plan(simple(*said), difference=20.0, noise=flat(60)),
    }


@pytest.mark.parametrize("name", ["waves", "scenes", "clear-voice"])
def test_a_plan_is_what_it_was(name: str) -> None:
    made = json.dumps(golden()[name].as_json(), indent=1) + "\n"
    file = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_text(made, encoding="utf-8")
    kept = file.read_text(encoding="utf-8")
    diff = unified_diff(kept.splitlines(), made.splitlines(), "kept", "made", lineterm="", n=2)
    assert json.loads(made) == json.loads(kept), "\n".join(diff)


def test_positions_of_the_plan_are_whole_samples_of_the_track() -> None:
    for made in golden().values():
        assert all(type(m.at) is int and 0 <= m.at <= 60 * S for m in made.moves)
