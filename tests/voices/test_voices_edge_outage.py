"""Outages in the middle of a library: what was made is kept, and the rest continues later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_stand_in import StandIn, rendering, standing_in
from voices_kit import make_library, make_recipe

from undersong.errors import VoiceError
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe
from undersong.voices.contract import Blocked, Transient
from undersong.voices.narrate import Narration, narrate
from undersong.voices.takes import TakeStore

SCRIPTS = (
    "Let yourself arrive. There is nowhere else to be.",
    "Notice your hands. Let them be heavy. And let them rest.",
    "Breathe in with the wave. Breathe out with the wave.",
)
ONLINE = "title: Online\nlanguage: en-US\nengines:\n  - engine: edge\n"
DRAFT = "  - engine: fake\n"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(monkeypatch) as stand_in:
        yield stand_in


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "library", online=ONLINE, either=ONLINE + DRAFT)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "cache")


def kept(store: TakeStore) -> int:
    """Count the takes; one that is locked lies there twice."""
    return len({path.read_bytes() for path in store.folder.rglob("takes/*/*.take")})


def expect_complete(recipe: Recipe, told: Narration, store: TakeStore) -> None:
    assert (told.engine, told.draft) == ("edge", False)
    for utterance, take in zip(recipe.script.utterances, told.takes, strict=True):
        raw = store.get(take.key)
        assert raw is not None
        assert raw.audio == rendering(utterance.text).audio


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("forbidden", Blocked), ("down", Transient), ("resets midway", Transient)],
)
def test_an_outage_in_the_middle_loses_nothing_and_is_taken_up_again(
    service: StandIn, library: Library, store: TakeStore, fault: str, kind: type[VoiceError]
) -> None:
    recipes = [make_recipe(library, script, "online") for script in SCRIPTS]
    expect_complete(recipes[0], narrate(recipes[0], library, store), store)
    service.faults.extend(["", ""])
    service.lasting = fault
    with pytest.raises(VoiceError, match="the voice `online` cannot be spoken"):
        narrate(recipes[1], library, store)
    assert 2 <= kept(store) < 5
    with pytest.raises(VoiceError):
        narrate(recipes[2], library, store)
    there = kept(store)
    service.heal()
    asked = len(service.asked)
    for recipe in recipes:
        expect_complete(recipe, narrate(recipe, library, store), store)
    assert kept(store) == 7
    assert len(service.asked) - asked == 7 - there
    assert issubclass(kind, VoiceError)


def test_what_is_sick_with_one_phrase_is_told_with_its_line_and_the_rest_is_kept(
    service: StandIn, library: Library, store: TakeStore
) -> None:
    service.sick["heavy"] = "silent second half"
    recipe = make_recipe(library, SCRIPTS[1], "online")
    with pytest.raises(VoiceError, match=r"test\.md:6: nothing is heard where.*Let them be heavy"):
        narrate(recipe, library, store)
    service.heal()
    expect_complete(recipe, narrate(recipe, library, store), store)
    assert kept(store) == 3


def test_in_an_outage_the_next_engine_speaks_the_whole_track_and_says_why(
    service: StandIn, library: Library, store: TakeStore
) -> None:
    recipe = make_recipe(library, SCRIPTS[1], "either")
    service.faults.append("")
    service.lasting = "forbidden"
    told = narrate(recipe, library, store)
    assert (told.engine, told.draft) == ("fake", True)
    assert "upgrade edge-tts" in told.notes[0]
    asked = service.connections
    again = narrate(recipe, library, store)
    assert "upgrade edge-tts" in again.notes[0]
    assert service.connections == asked
    service.heal()
    expect_complete(recipe, narrate(recipe, library, store), store)


def test_a_run_through_one_off_faults_is_complete(
    service: StandIn, library: Library, store: TakeStore
) -> None:
    service.faults.extend(["throttled", "resets midway", "half the marks", "no audio", "damaged"])
    recipe = make_recipe(library, " ".join(SCRIPTS), "online")
    expect_complete(recipe, narrate(recipe, library, store), store)
    assert service.peak <= 3
