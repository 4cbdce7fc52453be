"""Levels that a script asks for: where they begin and end."""

import pytest
from timeline_scripts import SOUNDS, Page, fades, takes

from undersong.errors import FaultsError
from undersong.recipes.model import Recipe
from undersong.timeline.arrange import arrange

S = 48_000
FADES = fades("6", "9", "8", "20")


def levels(recipe: Recipe) -> list[tuple[float, float, float]]:
    timeline = arrange(recipe, takes(recipe), SOUNDS)
    return [(move.start / S, move.end / S, move.gain_db) for move in timeline.levels]


def test_a_level_moves_from_its_mark_on_and_takes_no_time() -> None:
    page = Page().pause("12").bed(-6, "5").pause("20")
    assert levels(page.recipe(fades=FADES)) == [(20, 25, -6)]
    assert levels(Page().pause("32").recipe(fades=FADES)) == []


def test_levels_follow_one_another_and_may_touch() -> None:
    page = Page().pause("12").bed(-60, "5").pause("5").bed(0, "0").pause("10")
    assert levels(page.recipe(fades=FADES)) == [(20, 25, -60), (25, 25.05, 0)]


def test_a_level_that_is_not_there_when_the_next_comes_is_refused() -> None:
    page = Page().pause("12").bed(-6, "5").pause("4").bed(0, "2").pause("10")
    with pytest.raises(FaultsError) as caught:
        levels(page.recipe(fades=FADES))
    (fault,) = caught.value.faults
    assert "not there yet when its next change comes, 0:04 later" in fault.message
    assert (fault.seen, fault.line) == ("over 0:05", 21)
