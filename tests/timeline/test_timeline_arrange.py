from fractions import Fraction
from itertools import pairwise

import pytest
from msgspec.structs import replace
from timeline_scripts import PLAIN, SOUNDS, Page, fades, take, takes

from undersong.errors import FaultsError
from undersong.recipes.model import Position, Recipe
from undersong.timeline.arrange import arrange
from undersong.timeline.model import Timeline
from undersong.units import parse_seconds, to_samples

S = 48_000


def laid(recipe: Recipe) -> Timeline:
    return arrange(recipe, takes(recipe), SOUNDS)


def faults(recipe: Recipe) -> FaultsError:
    with pytest.raises(FaultsError) as caught:
        laid(recipe)
    return caught.value


def kinds(timeline: Timeline) -> list[str]:
    return [gap.kind for gap in timeline.gaps]


def test_the_voice_enters_exactly_after_the_pre_roll() -> None:
    timeline = laid(Page().say("Welcome.").recipe(fades=fades("4", "9", "7.5", "12.25")))
    (phrase,) = timeline.phrases
    assert phrase.start == 7.5 * S
    assert timeline.length - phrase.end == 12.25 * S


def test_pre_roll_and_post_roll_leave_room_for_run_in_and_release() -> None:
    recipe = Page().say("Welcome.").recipe(fades=fades("0", "0", "0", "0"))
    timeline = laid(recipe)
    (facts,) = takes(recipe)
    assert timeline.phrases[0].start == facts.lead
    assert timeline.length == facts.lead + facts.speech + facts.tail


def test_an_explicit_pause_is_exact() -> None:
    timeline = laid(Page().say("Rest.").pause("4").say("Go on.").recipe())
    first, second = timeline.phrases
    assert second.start - first.end == 4 * S


def test_explicit_pauses_add_up_before_they_are_rounded() -> None:
    third = Fraction(1, 3 * S)  # a third of a sample, three times
    page = Page().say("Rest.")
    for _ in range(3):
        page.pause(str(Fraction(1, 2) + third))
    first, second = laid(page.say("Go on.").recipe()).phrases
    assert second.start - first.end == 1.5 * S + 1


def test_a_mark_between_explicit_pauses_does_not_part_them() -> None:
    pause = str(1 + Fraction(2, 5 * S))
    page = Page().say("Rest.").pause(pause).head("Here").sound("chime", "0").pause(pause)
    first, second = laid(page.say("Go on.").recipe()).phrases
    assert second.start - first.end == 2 * S + 1


def test_breath_phases_do_not_drift() -> None:
    phase = Fraction(4) + Fraction(1, 3 * S)
    page = Page().say("Now.").rest("pause")
    for cycle in range(300):
        page.phase("in", str(phase), "In" if cycle % 7 == 0 else None)
    timeline = laid(page.recipe())
    start = timeline.gaps[1].end
    for cycle in range(0, 300, 7):
        said = timeline.phrases[1 + cycle // 7]
        assert said.start == start + to_samples(cycle * phase)
    assert timeline.gaps[-2].end == start + to_samples(300 * phase)


def test_words_that_do_not_fit_their_breath_are_refused_with_what_would_help() -> None:
    page = Page().say("Now.").phase("in", "1", "Breathe in through your nose")
    recipe = page.phase("hold", "1/2", "and hold it there").recipe(length=Fraction(2))
    found = faults(recipe).faults
    assert [fault.line for fault in found] == [21, 22, 5]
    assert "does not fit its `breath in` of 1 s" in found[0].message
    assert found[0].seen == "Breathe in through your nose"
    needed = Fraction(str(found[0].legal).removeprefix("a phase of at least ").partition(" s")[0])
    assert needed * S > takes(recipe)[1].speech


def test_a_phase_that_asks_for_what_the_message_says_is_enough() -> None:
    said = "Breathe in through your nose"
    recipe = Page().phase("in", "1", said).recipe()
    legal = str(faults(recipe).faults[0].legal)
    enough = legal.removeprefix("a phase of at least ").partition(" s")[0]
    assert laid(Page().phase("in", enough, said).recipe()).phrases


def test_without_length_elastic_pauses_last_their_natural_time_by_weight() -> None:
    page = Page().say("One.").rest("pause").say("Two.").rest("pause", "2.5").say("Three.")
    one, two, three = laid(page.recipe()).phrases
    assert two.start - one.end == 5 * S
    assert three.start - two.end == 12.5 * S


def test_a_length_is_met_exactly_and_shared_in_proportion() -> None:
    page = Page().say("One.").rest("sentence").say("Two.").rest("pause").say("Three.")
    natural = laid(page.recipe())
    asked = Fraction(natural.length + 3 * S + 1, S)
    timeline = laid(page.recipe(length=asked))
    one, two, three = timeline.phrases
    assert timeline.length == natural.length + 3 * S + 1
    assert (two.start - one.end) / (three.start - two.end) == pytest.approx(2 / 5, abs=1e-5)


def test_a_pause_at_its_cap_leaves_the_rest_to_the_others() -> None:
    page = Page().say("One.").rest("comma").say("Two.").rest("pause").say("Three.")
    natural = laid(page.recipe())
    timeline = laid(page.recipe(length=Fraction(natural.length + 8 * S, S)))
    one, two, three = timeline.phrases
    assert two.start - one.end == 1.2 * S
    assert three.start - two.end == (0.6 + 5 + 8 - 1.2) * S


@pytest.mark.parametrize("asked", ["20", "3000"])
def test_an_impossible_length_says_the_shortest_and_longest_which_both_work(asked: str) -> None:
    page = Page().say("One.").rest("sentence").say("Two.").pause("20").say("Three.")
    (fault,) = faults(page.recipe(length=Fraction(asked))).faults
    assert fault.place == "recipes/evening.md:5:9"
    assert fault.seen == {"20": "0:20", "3000": "50:00"}[asked]
    shortest, longest = (part.split(" ")[0] for part in str(fault.legal).split(" to "))
    for possible in (shortest, longest):
        seconds = parse_seconds(possible)
        assert laid(page.recipe(length=seconds)).length == to_samples(seconds)


def test_a_script_without_elastic_pauses_says_how_long_it_lasts() -> None:
    recipe = Page().say("One.").recipe(length=Fraction(600), lines={})
    (fault,) = faults(recipe).faults
    assert fault.line is None
    assert "nothing can stretch, so it lasts 0:28." in str(fault.legal)


def test_pauses_of_the_layout_at_both_ends_are_left_to_the_pre_roll_and_post_roll() -> None:
    page = Page().rest("section").head("One").rest("paragraph").say("One.").rest("paragraph")
    assert kinds(laid(page.recipe())) == ["before", "after"]


def test_pauses_that_were_asked_for_count_at_both_ends() -> None:
    page = Page().rest("section").rest("pause").say("One.").rest("paragraph").rest("long")
    assert kinds(laid(page.recipe())) == ["before", "pause", "paragraph", "long", "after"]


def test_utterances_that_nothing_parts_get_a_short_join() -> None:
    page = Page().say("Say").say("bonjour", "fr").head("Here").sound("chime", "0").say("now.")
    timeline = laid(page.phase("in", "3", "In").recipe())
    assert kinds(timeline) == ["before", "join", "join", "join", "breath in", "after"]
    assert timeline.gaps[1].end - timeline.gaps[1].start == 0.12 * S


def test_an_explicit_pause_of_nothing_keeps_utterances_together() -> None:
    one, two = laid(Page().say("Say").pause("0").say("it.").recipe()).phrases
    assert two.start == one.end


def test_a_cue_is_waited_for_as_long_as_it_says() -> None:
    page = Page().sound("bell").say("One.").sound("bell", "2.5", -6).say("Two.")
    timeline = laid(page.recipe())
    first, second = timeline.cues
    one, two = timeline.phrases
    assert (first.start, first.length, first.gain_db) == (8 * S, SOUNDS["bell"], 0)
    assert one.start == first.start + first.length
    assert (second.start, second.gain_db) == (one.end, -6)
    assert two.start == second.start + 2.5 * S
    assert kinds(timeline) == ["before", "cue", "cue", "after"]


def test_the_same_fault_in_every_cycle_is_told_once() -> None:
    page = Page().phase("in", "1", "Breathe in very slowly")
    phase = page.cues[0]
    page.cues += [phase, phase]
    assert len(faults(page.recipe()).faults) == 1


def test_a_track_without_any_word_is_pre_roll_and_post_roll() -> None:
    timeline = laid(Page().scene("forest", "3").recipe())
    assert timeline.length == 28 * S
    assert kinds(timeline) == ["before", "after"]
    assert laid(Page().rest("paragraph").recipe()).phrases == ()


def test_every_sound_outlasting_the_track_stays_as_it_is() -> None:
    page = Page().say("One.").sound("bell", "1")
    timeline = laid(page.recipe(fades=fades("1", "2", "1", "3")))
    assert timeline.length == timeline.cues[0].start + 4 * S
    assert timeline.cues[0].length == SOUNDS["bell"]


def test_phrases_carry_what_the_mixer_needs() -> None:
    recipe = Page().say("Look inside.").recipe()
    (phrase,) = laid(recipe).phrases
    facts = take(recipe.script.utterances[0])
    assert (phrase.lead, phrase.tail, phrase.level_lufs) == (
        facts.lead,
        facts.tail,
        facts.level_lufs,
    )
    assert phrase.end - phrase.start == facts.speech
    assert phrase.position == Position(line=20, column=1)


def test_a_plain_recipe_is_as_long_as_its_fades() -> None:
    assert laid(replace(PLAIN, seed=3)).seed == 3


def test_gaps_know_whether_they_could_stretch() -> None:
    page = Page().say("One.").rest("sentence").say("Two.").pause("3").say("Three.")
    timeline = laid(page.recipe())
    assert [gap.elastic for gap in timeline.gaps] == [False, True, False, False]
    assert all(a.start < b.start for a, b in pairwise(timeline.gaps))
