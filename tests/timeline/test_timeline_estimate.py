from itertools import pairwise

import pytest
from msgspec.structs import replace
from timeline_scripts import SOUNDS, Page

from undersong.recipes.model import Utterance
from undersong.timeline.arrange import arrange
from undersong.timeline.estimate import estimate_takes
from undersong.timeline.model import TakeFacts


def estimate(text: str, rate: float = 1.0) -> TakeFacts:
    (facts,) = estimate_takes(Page().say(text, rate=rate).recipe())
    return facts


@pytest.mark.parametrize(
    ("text", "measured_s"),
    [  # espeak-ng 1.52, en-us+f2, as the starter library's voices set it
        ("Let yourself arrive.", 2.083),
        ("There is nowhere else to be.", 2.503),
        ("With each breath, you drift a little deeper into calm.", 4.784),
        ("Whatever comes, let it come, and let it pass like a cloud.", 6.531),
    ],
)
def test_an_estimate_is_near_what_the_offline_voice_takes(text: str, measured_s: float) -> None:
    assert estimate(text).speech / 48_000 == pytest.approx(measured_s, abs=0.7)


def test_half_the_rate_takes_twice_as_long() -> None:
    assert estimate("Let go.", rate=0.5).speech == pytest.approx(2 * estimate("Let go.").speech)


def test_digits_take_as_long_as_their_words() -> None:
    assert estimate("Count 20 breaths").speech > estimate("Count my breaths").speech


def test_what_is_said_instead_counts() -> None:
    (cue,) = Page().say("Qi").recipe().script.cues
    assert isinstance(cue, Utterance)
    (word,) = cue.words
    for sub, longer in (("a very long word", True), ("", False)):
        page = Page(cues=[replace(cue, words=(replace(word, sub=sub),))])
        (facts,) = estimate_takes(page.recipe())
        assert (facts.speech > estimate("Qi").speech) is longer


def test_words_follow_one_another_within_the_speech() -> None:
    facts = estimate("Slowly, softly, let it go.")
    assert len(facts.words) == 5
    assert all(a.start + a.length == b.start for a, b in pairwise(facts.words))
    assert facts.words[-1].start + facts.words[-1].length < facts.speech


def test_a_plan_can_be_made_of_estimates() -> None:
    recipe = Page().paragraph("Let go.", "Rest.").say("Come back.").recipe()
    assert len(arrange(recipe, estimate_takes(recipe), SOUNDS).phrases) == 3
