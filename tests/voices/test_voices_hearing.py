import json

import pytest
from msgspec.structs import replace
from voices_kit import make_library, make_recipe

from undersong.errors import VoiceError
from undersong.voices import ear
from undersong.voices.hearing import Hearing, heard_well, judged, listen
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore

SCRIPT = """\
Soft light settles on the water. There is nowhere else to be.

Let the ground carry you.
"""

OTHER = """\
Seventeen brown horses galloped wildly. Please remember your umbrella tomorrow.

Breakfast begins at eleven.
"""

DRAFT = """\
title: Draft
language: en-US
engines:
  - {engine: espeak, voice: en-us+f5, rate_wpm: 112}
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hearing")
    return make_library(folder / "library", draft=DRAFT), TakeStore(folder / "cache")


def spoken(stage, text=SCRIPT, voice="draft"):
    library, store = stage
    recipe = make_recipe(library, text, voice)
    return recipe, narrate(recipe, library, store)


def test_what_was_said_is_heard(stage):
    recipe, told = spoken(stage)
    ticks: list[int] = []
    found = listen(recipe, stage[0], told, stage[1], ticks.append)
    assert len(found.phrases) == 3 == sum(ticks)
    assert found.share > 0.75
    assert not found.of("failed")
    assert found.as_json()["listener"] == ear.version() != ""


def test_a_voice_that_says_something_else_is_found_out(stage):
    recipe, told = spoken(stage)
    _, other = spoken(stage, OTHER)
    wrong = replace(told, takes=other.takes)
    found = listen(recipe, stage[0], wrong, stage[1])
    assert found.share < 0.4
    assert len(found.of("failed")) >= 2
    assert heard_well(recipe, stage[0], wrong, stage[1].folder).share == found.share
    with pytest.raises(VoiceError, match="did not say the script") as caught:
        heard_well(recipe, stage[0], replace(wrong, draft=False), stage[1].folder)
    assert "test.md:6: not heard: " in caught.value.message


def test_half_a_take_is_half_heard(stage):
    recipe, told = spoken(stage, "There is nowhere else to be, and nothing else to do.")
    _, cut = spoken(stage, "There is nowhere else to be.")
    short = replace(told, takes=(cut.takes[0],) * len(told.takes))
    whole, half = (listen(recipe, stage[0], each, stage[1]) for each in (told, short))
    assert half.share < whole.share - 0.2


@pytest.mark.parametrize(
    ("heard", "missed", "verdict"),
    [
        ("let the ground carry you", (), "clear"),
        ("let a round the ground carry you", (), "clear"),
        ("let the ground", ("carry", "you"), "clear"),
        ("ground you", ("let", "the", "carry"), "failed"),
        ("", ("let", "the", "ground", "carry", "you"), "failed"),
    ],
)
def test_words_are_compared_in_their_order(heard, missed, verdict):
    found = judged("a.md:1", "…", ["let", "the", "ground", "carry", "you"], heard.split())
    assert (found.missed, found.verdict) == (missed, verdict)


def test_half_of_the_words_is_doubtful_and_short_phrases_are_not_judged():
    assert judged("a.md:1", "…", list("abcd"), list("ab")).verdict == "doubtful"
    assert judged("a.md:1", "…", ["in"], []).verdict == "short"
    assert judged("a.md:1", "…", [], []).missed == ()
    assert Hearing(listener="", phrases=()).share == 1.0


def test_other_languages_and_missing_extras_are_said(stage, monkeypatch):
    recipe, told = spoken(stage, '(Guten Abend.)[lang:"de-DE"]')
    with pytest.raises(VoiceError, match="phrases in de-DE"):
        listen(recipe, stage[0], told, stage[1])
    recipe, told = spoken(stage)
    with pytest.raises(VoiceError, match="left the cache"):
        listen(recipe, stage[0], told, TakeStore(stage[1].folder / "empty"))
    monkeypatch.setattr(ear.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(VoiceError, match="nothing here can listen") as caught:
        listen(recipe, stage[0], told, stage[1])
    assert "undersong[listen]" in caught.value.hint


def test_the_command_line_listens_and_the_manifest_keeps_it(library, undersong):
    (library / "voices" / "draft.yaml").write_text(DRAFT)
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("voice: tone", "voice: draft"))
    outcome = undersong("check", "--listen", recipe)
    assert outcome.code == 0, outcome.err
    assert "rest (espeak, draft): " in outcome.out
    assert "of the words heard" in outcome.out
    report = json.loads(undersong("check", "--listen", "--json", recipe).out)["rest"]
    assert undersong("render", "rest").code == 0
    path = library / "build" / "rest" / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest["hearing"] is None
    assert manifest["timings"] == {"engine": 4}
    outcome = undersong("render", "rest", "--listen")
    assert "of the words heard" in outcome.out
    kept = json.loads(path.read_text())["hearing"]
    assert kept["heard_share"] == report["heard_share"]
    assert "nothing has changed" in undersong("render", "rest", "--listen").out
