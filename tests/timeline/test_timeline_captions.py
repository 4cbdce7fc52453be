from itertools import pairwise

from timeline_scripts import SOUNDS, Page, take, takes

from undersong.recipes.model import Recipe
from undersong.timeline.arrange import arrange
from undersong.timeline.captions import captions, words
from undersong.timeline.model import Caption, CaptionWord, Phrase, TakeFacts, WordTime
from undersong.units import Lufs, Samples

S = 48_000


def laid(recipe: Recipe) -> tuple[Caption, ...]:
    return arrange(recipe, takes(recipe), SOUNDS).captions


def texts(page: Page) -> list[str]:
    return [caption.text for caption in laid(page.recipe())]


def said(text: str, each_s: float = 0.3, start_s: float = 1.0) -> list[CaptionWord]:
    starts = [start_s + k * each_s for k in range(len(text.split()))]
    return [
        CaptionWord(text=word, start=Samples(round(t * S)), end=Samples(round((t + each_s) * S)))
        for word, t in zip(text.split(), starts, strict=True)
    ]


def test_a_short_utterance_is_one_caption_held_for_a_second() -> None:
    (caption,) = laid(Page().say("Good.").recipe())
    assert caption.text == "Good."
    assert caption.end - caption.start == S
    assert caption.words[0].end < caption.end


def test_captions_break_at_pauses() -> None:
    assert texts(Page().say("Let go,").pause("0.8").say("now.")) == ["Let go,", "now."]


def test_clauses_close_together_share_a_caption() -> None:
    assert texts(Page().say("Let go,").pause("0.5").say("now.")) == ["Let go, now."]


def test_sentences_part_unless_the_caption_would_vanish_at_once() -> None:
    found = captions(said("Let yourself arrive now. There is nowhere else to be."), 60 * S)
    assert [c.text for c in found] == ["Let yourself arrive now.", "There is nowhere else to be."]
    found = captions(said("Yes. Let yourself arrive."), 60 * S)
    assert [c.text for c in found] == ["Yes. Let yourself arrive."]


def test_a_long_sentence_is_shared_out_at_its_clauses() -> None:
    text = (
        "You may sense the cool air at the tip of your nose, the warmth of the blanket on "
        "your hands, the quiet of the room around you."
    )
    found = captions(said(text, 0.25), 60 * S)
    assert [c.text for c in found] == [
        "You may sense the cool air at the tip of your nose,",
        "the warmth of the blanket on your hands, the quiet of the room around you.",
    ]


def test_no_caption_needs_a_third_line_or_lasts_longer_than_six_seconds() -> None:
    text = "slowly softly gently quietly " * 30
    found = captions(said(text, 0.4), 90 * S)
    assert " ".join(c.text for c in found) == text.strip()
    assert all(len(c.text) <= 84 for c in found)
    assert all(c.end - c.start <= 6 * S for c in found)
    assert all(b.start - a.end >= 0.04 * S for a, b in pairwise(found))


def test_a_word_of_its_own_length_still_gets_its_caption() -> None:
    found = captions(said("so " + "a" * 100 + " ends"), 60 * S)
    assert [len(c.text) for c in found] == [2, 100, 4]


def test_no_caption_outlasts_the_track() -> None:
    (caption,) = captions(said("Good."), round(1.5 * S))
    assert caption.end == 1.5 * S


def test_words_of_an_absurd_engine_stay_within_their_phrase_and_in_order() -> None:
    (utterance,) = Page().say("Once upon a time").recipe().script.utterances
    phrase = Phrase(
        utterance=0,
        text=utterance.text,
        start=Samples(1000),
        end=Samples(2000),
        fading=Samples(0),
        lead=Samples(0),
        tail=Samples(0),
        level_lufs=Lufs(-20),
        position=utterance.position,
    )
    times = ((500, 100), (200, 900), (-50, 10), (5000, 10))
    facts = TakeFacts(
        lead=Samples(0),
        speech=Samples(1000),
        fading=Samples(0),
        tail=Samples(0),
        level_lufs=Lufs(-20),
        words=tuple(WordTime(start=Samples(a), length=Samples(b)) for a, b in times),
    )
    spans = [(w.start, w.end) for w in words(phrase, utterance, facts)]
    assert spans == [(1500, 1600), (1600, 2000), (1999, 2000), (1999, 2000)]


def test_words_keep_their_own_times() -> None:
    recipe = Page().say("Let yourself arrive.").recipe()
    (caption,) = laid(recipe)
    facts = take(recipe.script.utterances[0])
    starts = [8 * S + word.start for word in facts.words]
    assert [word.start for word in caption.words] == starts
    assert [word.text for word in caption.words] == ["Let", "yourself", "arrive."]
