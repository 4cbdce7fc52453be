from fractions import Fraction

import pytest
from timeline_scripts import SOUNDS, Page, fades, takes

from undersong.errors import FaultsError
from undersong.recipes.model import Recipe
from undersong.timeline.arrange import arrange

S = 48_000
FADES = fades("6", "9", "8", "20")


def scenes(recipe: Recipe) -> list[tuple[str, float, float, float, float]]:
    timeline = arrange(recipe, takes(recipe), SOUNDS)
    assert all(0 <= s.start < s.end <= timeline.length for s in timeline.scenes)
    return [
        (s.ambience, s.start / S, s.end / S, s.fade_in / S, s.fade_out / S) for s in timeline.scenes
    ]


def faults(recipe: Recipe) -> FaultsError:
    with pytest.raises(FaultsError) as caught:
        scenes(recipe)
    return caught.value


def test_one_bed_from_end_to_end() -> None:
    assert scenes(Page().pause("32").recipe(fades=FADES)) == [("waves", 0, 60, 6, 9)]


def test_no_bed_at_all() -> None:
    assert scenes(Page().pause("32").scene(None, "3").recipe(ambience=None)) == []


def test_a_change_crossfades_from_its_mark_on() -> None:
    page = Page().pause("12").scene("forest", "5").pause("20")
    assert scenes(page.recipe(fades=FADES)) == [
        ("waves", 0, 25, 6, 5),
        ("forest", 20, 60, 5, 9),
    ]


def test_a_bed_may_fall_silent_and_come_back() -> None:
    page = Page().pause("12").scene(None, "5").pause("10").scene("waves", "4").pause("10")
    assert scenes(page.recipe(fades=FADES)) == [
        ("waves", 0, 25, 6, 5),
        ("waves", 30, 60, 4, 9),
    ]


def test_a_bed_may_begin_late_and_end_early() -> None:
    page = Page().pause("12").scene("waves", "5").pause("10").scene(None, "4").pause("10")
    assert scenes(page.recipe(fades=FADES, ambience=None)) == [("waves", 20, 34, 5, 4)]


def test_a_change_to_the_bed_that_sounds_is_none() -> None:
    page = Page().pause("12").scene("waves", "5").scene("waves", "1").pause("20")
    assert scenes(page.recipe(fades=FADES)) == [("waves", 0, 60, 6, 9)]


def test_a_change_before_anything_sounds_chooses_the_first_bed() -> None:
    page = Page().scene("forest", "5").pause("31")
    recipe = page.recipe(fades=fades("6", "9", "0", "29"))
    assert scenes(recipe) == [("forest", 0, 60, 6, 9)]


def test_no_fade_is_so_short_that_it_clicks() -> None:
    page = Page().pause("12").scene("forest", "0").pause("20")
    recipe = page.recipe(fades=fades("0", "0", "8", "20"))
    assert scenes(recipe) == [("waves", 0, 20.05, 0.05, 0.05), ("forest", 20, 60, 0.05, 0.05)]


def test_track_fades_longer_than_the_track_fill_it() -> None:
    recipe = Page().pause("2").recipe(fades=fades("60", "90", "8", "20"))
    assert scenes(recipe) == [("waves", 0, 30, 30, 30)]


def test_a_change_that_comes_before_the_last_one_is_over_is_refused() -> None:
    page = Page().pause("2").scene("forest", "8").pause("5").scene("waves", "3")
    (fault,) = faults(page.pause("20").recipe()).faults
    assert (fault.line, fault.seen) == (21, "over 0:08")
    assert "not over when the next change of ambience comes, 0:05 later" in fault.message
    assert str(fault.legal).startswith("over at most 0:05")


def test_a_change_that_the_end_cuts_short_is_refused() -> None:
    page = Page().pause("2").scene("forest", "20.5")
    (fault,) = faults(page.recipe()).faults
    assert "the end of the track comes, 0:20 later" in fault.message
    fitting = Page().pause("2").scene("forest", "20")
    assert scenes(fitting.recipe())[1] == ("forest", 10, 30, 20, 20)


def test_crossfades_may_touch() -> None:
    page = Page().pause("2").scene("forest", "5").pause("5").scene("waves", "3").pause("9")
    assert [start for _, start, *_ in scenes(page.recipe(length=Fraction(44)))] == [0, 10, 15]
