"""The starter library keeps what docs/safety.md and docs/writing-recipes.md ask of makers."""

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from undersong.recipes.library import Library
from undersong.recipes.load import load_all
from undersong.recipes.model import BreathPhase, Heading, Recipe
from undersong.recipes.sentences import ends_sentence
from undersong.timeline.arrange import arrange
from undersong.timeline.estimate import estimate_takes
from undersong.timeline.model import Timeline
from undersong.units import SAMPLE_RATE, to_seconds
from undersong.voices.registry import load_voice

ROOT = Path(__file__).parents[2]
LIBRARY = Library.find(ROOT)
RECIPES = {recipe.slug: recipe for recipe in load_all(LIBRARY)}
LONG = ("evening-body-scan", "progressive-relaxation", "safe-place")
BELL_SAMPLES = 12 * SAMPLE_RATE


def timeline(recipe: Recipe) -> Timeline:
    """Arrange a recipe with estimated takes and a bell of about the real one's length."""
    bells = dict.fromkeys(recipe.script.sounds, BELL_SAMPLES)
    return arrange(recipe, estimate_takes(recipe), bells)


def said(recipe: Recipe) -> str:
    breaths = {
        cue.utterance.index
        for cue in recipe.script.cues
        if isinstance(cue, BreathPhase) and cue.utterance
    }
    return " ".join(u.text for u in recipe.script.utterances if u.index not in breaths)


def sentences(text: str) -> list[list[str]]:
    """Words of each sentence."""
    words = text.split()
    ends = [k for k, (a, b) in enumerate(pairwise(words), 1) if ends_sentence(a, b, "en-US")]
    return [words[start:end] for start, end in pairwise((0, *ends, len(words)))]


def test_it_holds_three_complete_recipes_and_a_small_one() -> None:
    assert set(RECIPES) == {*LONG, "three-breaths"}


@pytest.mark.parametrize("slug", LONG)
def test_complete_recipes_last_ten_minutes_with_pauses_near_their_natural_length(slug: str) -> None:
    recipe = RECIPES[slug]
    track = timeline(recipe)
    assert to_seconds(track.length) == recipe.length == 600
    elastic = {
        kind: [g.end - g.start for g in track.gaps if g.elastic and g.kind == kind]
        for kind in ("sentence", "paragraph")
    }
    for kind, bounds in (("sentence", recipe.pace.sentence), ("paragraph", recipe.pace.paragraph)):
        for length in elastic[kind]:
            assert 0.8 < to_seconds(length) / bounds.natural < 1.25


@pytest.mark.parametrize("slug", LONG)
def test_scripts_hold_as_many_words_as_ten_calm_minutes_can(slug: str) -> None:
    assert 480 <= len(said(RECIPES[slug]).split()) <= 650


@pytest.mark.parametrize("slug", RECIPES)
def test_sentences_are_short(slug: str) -> None:
    assert [s for s in sentences(said(RECIPES[slug])) if len(s) > 20] == []


@pytest.mark.parametrize("slug", RECIPES)
def test_breath_is_slow_and_never_held(slug: str) -> None:
    phases = [cue for cue in RECIPES[slug].script.cues if isinstance(cue, BreathPhase)]
    assert {f"{cue.name} {cue.seconds}" for cue in phases} == {"in 4", "out 6"}


@pytest.mark.parametrize("slug", RECIPES)
def test_the_voice_never_rushes_from_one_thing_to_the_next(slug: str) -> None:
    inner = [gap for gap in timeline(RECIPES[slug]).gaps if gap.kind not in {"before", "after"}]
    assert [gap for gap in inner if to_seconds(gap.end - gap.start) < Fraction(2, 5)] == []


@pytest.mark.parametrize("slug", LONG)
def test_listeners_hear_early_where_to_listen_and_that_they_decide(slug: str) -> None:
    recipe = RECIPES[slug]
    opening = re.split("breath|wind|sea", said(recipe))[0].lower()
    assert re.search("driving|fall asleep", opening)
    assert re.search("does not replace|never in its place|takes the place of no", opening)
    assert re.search("you are in charge|you decide|leave out whatever", opening)
    assert "eyes" in opening
    assert "open" in opening
    assert "driving" in recipe.about["care"]


@pytest.mark.parametrize("slug", LONG)
def test_images_need_not_be_seen(slug: str) -> None:
    assert "simply know" in said(RECIPES[slug])


def test_only_sleep_ends_without_a_return() -> None:
    titles = {
        slug: [cue.title for cue in RECIPES[slug].script.cues if isinstance(cue, Heading)]
        for slug in LONG
    }
    assert [slug for slug in LONG if "Returning" not in titles[slug]] == ["evening-body-scan"]


def test_sleep_has_no_bell_slows_down_and_fades_for_a_minute() -> None:
    recipe = RECIPES["evening-body-scan"]
    rates = [utterance.rate for utterance in recipe.script.utterances]
    assert recipe.script.sounds == ()
    assert recipe.pace.name == recipe.loudness == "sleep"
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1
    assert recipe.fades.fade_out >= 60


def test_the_bell_does_not_meet_anxious_listeners() -> None:
    assert RECIPES["safe-place"].script.sounds == ()
    assert RECIPES["progressive-relaxation"].script.sounds == ("bell",)


def test_three_breaths_take_about_a_minute_and_a_half() -> None:
    assert RECIPES["three-breaths"].length is None
    assert 80 < to_seconds(timeline(RECIPES["three-breaths"]).length) < 100


@pytest.mark.parametrize("name", ["meadow", "shore"])
def test_online_voices_fall_back_to_the_draft_and_state_their_terms(name: str) -> None:
    voice = load_voice(name, LIBRARY)
    assert [choice.engine for choice in voice.engines] == ["edge", "espeak"]
    assert "not for commercial use" in voice.terms


def test_the_offline_voice_needs_nothing_else() -> None:
    assert [choice.engine for choice in load_voice("offline", LIBRARY).engines] == ["espeak"]


def test_artwork_is_what_directories_accept() -> None:
    file = ROOT / "artwork.jpg"
    assert LIBRARY.artwork is not None
    assert file.stat().st_size <= 250_000
    with Image.open(file) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1400, 1400))
        assert "progressive" not in picture.info
