"""What holds for every script, generated at random."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from timeline_scripts import SLEEP, SOUNDS, Page, fades

from undersong.errors import FaultsError
from undersong.recipes.model import (
    BreathPhase,
    Elastic,
    ElasticPause,
    Pace,
    Pause,
    PauseKind,
    Recipe,
    SceneChange,
    SoundCue,
    Utterance,
)
from undersong.timeline.arrange import arrange
from undersong.timeline.captions import APART
from undersong.timeline.model import TakeFacts, Timeline, WordTime
from undersong.units import Lufs, Samples, to_samples

TEXTS = ("Rest.", "Let go,", "and now", "Let yourself arrive. There is nowhere else to be.")
KINDS: tuple[PauseKind, ...] = ("comma", "sentence", "paragraph", "section", "pause", "long")

seconds = st.fractions(min_value=0, max_value=30, max_denominator=70_000).map(str)
phase_seconds = st.fractions(min_value=2, max_value=9, max_denominator=70_000).map(str)
step = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(TEXTS)),
    st.tuples(st.just("pause"), seconds),
    st.tuples(st.just("rest"), st.sampled_from(KINDS), st.sampled_from(("1", "1/3", "5/2"))),
    st.tuples(
        st.just("phase"),
        st.sampled_from(("in", "hold", "out", "rest")),
        phase_seconds,
        st.sampled_from((None, "In")),
    ),
    st.tuples(st.just("head"), st.sampled_from(("One", "Two"))),
    st.tuples(st.just("scene"), st.sampled_from((None, "waves", "forest")), seconds),
    st.tuples(st.just("sound"), st.sampled_from(tuple(SOUNDS)), st.none() | seconds, st.just(0.0)),
)
edges = st.tuples(seconds, seconds, seconds, seconds).map(lambda four: fades(*four))


def written(steps: Sequence[tuple[str, ...]]) -> Page:
    page = Page()
    for name, *args in steps:
        getattr(page, name)(*args)
    return page


pages = st.lists(step, max_size=25).map(written)
recipes = st.builds(
    lambda page, own: page.recipe(fades=own),
    pages,
    edges,
)


@st.composite
def taken(draw: st.DrawFn, utterance: Utterance) -> TakeFacts:
    speech = draw(st.integers(1, 90_000))
    times = st.integers(-100, speech + 100)
    return TakeFacts(
        lead=Samples(draw(st.integers(0, 5000))),
        speech=Samples(speech),
        tail=Samples(draw(st.integers(0, 30_000))),
        level_lufs=Lufs(-20.0),
        words=tuple(
            WordTime(start=Samples(draw(times)), length=Samples(draw(times)))
            for _ in utterance.words
        ),
    )


@st.composite
def tracks(draw: st.DrawFn) -> tuple[Recipe, tuple[TakeFacts, ...]]:
    recipe = draw(recipes)
    return recipe, tuple(draw(taken(said)) for said in recipe.script.utterances)


def laid(recipe: Recipe, takes: Sequence[TakeFacts]) -> Timeline:
    return arrange(recipe, takes, SOUNDS)


def calm(recipe: Recipe) -> Recipe:
    """Return the recipe without its scene changes, which may be too close together."""
    cues = tuple(cue for cue in recipe.script.cues if not isinstance(cue, SceneChange))
    return replace(recipe, script=replace(recipe.script, cues=cues))


@settings(deadline=None)
@given(tracks())
def test_phrases_and_gaps_tile_the_track(track: tuple[Recipe, tuple[TakeFacts, ...]]) -> None:
    recipe, takes = track
    timeline = laid(calm(recipe), takes)
    spans = sorted(
        [(p.start, p.end) for p in timeline.phrases] + [(g.start, g.end) for g in timeline.gaps]
    )
    assert all(start < end for start, end in spans)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert [start for start, _ in spans[:1]] in ([], [0])
    assert timeline.length == (spans[-1][1] if spans else 0)
    assert [p.utterance for p in timeline.phrases] == list(range(len(takes)))
    assert all(p.end - p.start == takes[p.utterance].speech for p in timeline.phrases)


@settings(deadline=None)
@given(tracks())
def test_chapters_tile_the_track_and_captions_keep_apart(
    track: tuple[Recipe, tuple[TakeFacts, ...]],
) -> None:
    recipe, takes = track
    timeline = laid(calm(recipe), takes)
    chapters, captions = timeline.chapters, timeline.captions
    if timeline.length:
        assert (chapters[0].start, chapters[-1].end) == (0, timeline.length)
    assert all(a.end == b.start for a, b in pairwise(chapters))
    assert all(c.start < c.end for c in chapters)
    said = [word for u in recipe.script.utterances for word in u.text.split()]
    assert [w.text for c in captions for w in c.words] == said
    assert all(0 <= c.start < c.end <= timeline.length for c in captions)
    assert all(b.start - a.end >= APART for a, b in pairwise(captions))


@settings(deadline=None)
@given(tracks())
def test_every_explicit_pause_between_two_utterances_is_exact(
    track: tuple[Recipe, tuple[TakeFacts, ...]],
) -> None:
    recipe, takes = track
    timeline = laid(calm(recipe), takes)
    at = {phrase.utterance: phrase for phrase in timeline.phrases}
    before: Utterance | None = None
    exact: Fraction | None = None
    for cue in recipe.script.cues:
        match cue:
            case Utterance():
                if before is not None and exact is not None:
                    silence = at[cue.index].start - at[before.index].end
                    assert silence == to_samples(exact)
                before, exact = cue, None
            case Pause():
                exact = (exact or Fraction(0)) + cue.seconds
            case ElasticPause() | BreathPhase():
                before = None
            case SoundCue() if cue.hold != 0:
                before = None


@settings(deadline=None)
@given(tracks(), st.fractions(min_value=0, max_value=1))
def test_every_length_from_shortest_to_longest_is_met_exactly_and_no_other(
    track: tuple[Recipe, tuple[TakeFacts, ...]], where: Fraction
) -> None:
    recipe, takes = calm(track[0]), track[1]
    bounds = ("floor", "cap")
    shortest, longest = (laid(at_bound(recipe, bound), takes).length for bound in bounds)
    for asked in (shortest, shortest + int(where * (longest - shortest)), longest):
        timeline = laid(replace(recipe, length=Fraction(asked, 48_000)), takes)
        assert timeline.length == asked
    for asked in (shortest - 1, longest + 1):
        if asked >= 0:
            with pytest.raises(FaultsError, match=r"shortest|nothing can stretch"):
                laid(replace(recipe, length=Fraction(asked, 48_000)), takes)


def at_bound(recipe: Recipe, bound: str) -> Recipe:
    """Return the recipe with every elastic pause naturally at its floor or cap."""
    bounds = {kind: SLEEP.elastic(kind) for kind in KINDS}
    fixed: dict[str, Elastic] = {
        kind: replace(own, natural=getattr(own, bound)) for kind, own in bounds.items()
    }
    return replace(recipe, pace=Pace(name=bound, **fixed))


@settings(deadline=None)
@given(tracks(), st.fractions(min_value=0, max_value=1))
def test_elastic_pauses_stay_within_their_bounds(
    track: tuple[Recipe, tuple[TakeFacts, ...]], where: Fraction
) -> None:
    recipe, takes = calm(track[0]), track[1]
    shortest, longest = (laid(at_bound(recipe, b), takes).length for b in ("floor", "cap"))
    asked = shortest + int(where * (longest - shortest))
    timeline = laid(replace(recipe, length=Fraction(asked, 48_000)), takes)
    written = {c.position: c for c in recipe.script.cues if isinstance(c, ElasticPause)}
    for gap in timeline.gaps:
        if gap.elastic and gap.position is not None:
            cue = written[gap.position]
            own = SLEEP.elastic(cue.kind)
            assert gap.end - gap.start >= to_samples(own.floor * cue.weight)
            assert gap.end - gap.start <= to_samples(own.cap * cue.weight)


@settings(deadline=None)
@given(tracks())
def test_scenes_stay_in_the_track_or_are_refused(
    track: tuple[Recipe, tuple[TakeFacts, ...]],
) -> None:
    recipe, takes = track
    if refused(recipe, takes):
        return
    timeline = laid(recipe, takes)
    assert timeline == laid(recipe, takes)
    for scene in timeline.scenes:
        assert 0 <= scene.start < scene.end <= timeline.length
        assert max(scene.fade_in, scene.fade_out) <= scene.end - scene.start
    for a, b in pairwise(timeline.scenes):
        assert a.start < b.start
        if b.start < a.end:  # they crossfade
            assert a.end - b.start == a.fade_out == b.fade_in
            assert a.ambience != b.ambience


def refused(recipe: Recipe, takes: Sequence[TakeFacts]) -> bool:
    try:
        laid(recipe, takes)
    except FaultsError as error:
        return all("crossfade" in fault.message for fault in error.faults)
    return False
