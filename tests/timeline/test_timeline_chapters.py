from timeline_scripts import SOUNDS, Page, fades, takes

from undersong.recipes.model import Recipe
from undersong.timeline.arrange import arrange
from undersong.timeline.model import Timeline

S = 48_000


def laid(recipe: Recipe) -> Timeline:
    return arrange(recipe, takes(recipe), SOUNDS)


def titles(timeline: Timeline) -> list[str]:
    return [chapter.title for chapter in timeline.chapters]


def test_without_headings_the_track_is_one_chapter() -> None:
    timeline = laid(Page().say("One.").recipe())
    (chapter,) = timeline.chapters
    assert (chapter.title, chapter.start, chapter.end) == ("Evening", 0, timeline.length)


def test_the_first_heading_takes_the_pre_roll_even_after_a_bell() -> None:
    timeline = laid(Page().sound("bell").head("Arriving").say("One.").recipe())
    assert titles(timeline) == ["Arriving"]
    assert timeline.chapters[0].start == 0


def test_what_is_said_before_the_first_heading_is_under_the_tracks_title() -> None:
    page = Page().say("Welcome.").rest("section").head("Arriving").say("One.")
    timeline = laid(page.recipe())
    assert titles(timeline) == ["Evening", "Arriving"]


def test_a_chapter_starts_half_a_second_before_its_first_word() -> None:
    page = Page().head("One").say("One.").head("Two").rest("section").say("Two.")
    timeline = laid(page.recipe())
    assert timeline.chapters[1].start == timeline.phrases[1].start - S // 2
    assert timeline.chapters[0].end == timeline.chapters[1].start
    assert timeline.chapters[1].end == timeline.length


def test_a_chapter_does_not_start_while_someone_speaks() -> None:
    page = Page().head("One").say("One.").pause("0.2").head("Two").say("Two.")
    timeline = laid(page.recipe())
    assert timeline.chapters[1].start == timeline.phrases[0].end


def test_a_bell_a_breath_or_a_silence_opens_a_chapter_too() -> None:
    page = Page().head("One").say("One.").rest("section").head("Bell").sound("bell").say("Two.")
    page.rest("section").head("Silence").pause("30").say("Three.")
    page.rest("section").head("Breath").breathe("4", "6", 2)
    timeline = laid(page.recipe())
    gaps = {gap.kind: gap.start for gap in timeline.gaps}
    assert [chapter.start for chapter in timeline.chapters[1:]] == [
        timeline.cues[0].start - S // 2,
        gaps["explicit"] - S // 2,
        timeline.phrases[3].start - S // 2,
    ]


def test_headings_that_start_together_share_a_chapter() -> None:
    page = Page().head("Part one").head("Feet").say("One.").rest("section")
    page.head("Part two").rest("paragraph").head("Hands").say("Two.")
    assert titles(laid(page.recipe())) == ["Part one: Feet", "Part two: Hands"]


def test_a_heading_at_the_end_is_the_bed_alone() -> None:
    page = Page().say("One.").rest("section").head("The sea alone")
    timeline = laid(page.recipe())
    assert titles(timeline) == ["Evening", "The sea alone"]
    assert timeline.chapters[1].start == timeline.phrases[0].end


def test_a_heading_with_nothing_after_it_is_no_chapter() -> None:
    page = Page().say("One.").sound("bell").head("Nothing")
    timeline = laid(page.recipe(fades=fades("0", "0", "0", "0")))
    assert titles(timeline)[0] == "Evening"
    assert timeline.chapters[-1].end == timeline.length
