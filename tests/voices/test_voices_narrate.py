import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from voices_kit import ONLINE, Online, make_library, make_recipe, put, speech, wav

from undersong import plugins
from undersong.errors import FaultsError, OutputError, UnknownNameError, VoiceError
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe, Script
from undersong.timeline.arrange import arrange
from undersong.units import SPEECH_LUFS, Samples, db_to_gain
from undersong.voices import measured, narration
from undersong.voices.align import Aligner
from undersong.voices.contract import Request
from undersong.voices.level import Survey, level_of
from undersong.voices.narrate import Narration, narrate
from undersong.voices.plugins import engine_class
from undersong.voices.takes import TakeStore

SCRIPT = """\
Let yourself arrive. [4s] There is nowhere else to be.

[breathe: in 4s, out 6s, times 5]

Notice your hands. And rest. [1.5s] Rest.
"""

BOTH = """\
title: Online, else a draft
language: en-US
credit: Spoken online
engines:
  - engine: online
  - engine: fake
"""


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Online]]:
    """Install the `online` engine, and see that none of it stays open."""
    monkeypatch.setitem(plugins._found("undersong.voices"), "online", ONLINE)
    engine_class.cache_clear()
    Online.said.clear()
    yield Online
    engine_class.cache_clear()
    assert Online.open == []
    assert [thread for thread in threading.enumerate() if thread.name.startswith("voice")] == []


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "library", both=BOTH)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "cache")


@pytest.fixture
def recipe(library: Library) -> Recipe:
    return make_recipe(library, SCRIPT)


def frozen(narration: Narration) -> Narration:
    """Compare narrations by what they say, not by where their samples lie."""
    return replace(narration, takes=tuple(replace(take, shelf=None) for take in narration.takes))  # type: ignore[arg-type]


def test_every_utterance_has_a_take_in_order(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    told = narrate(recipe, library, store)
    said = recipe.script.utterances
    assert (told.voice, told.engine, told.engine_version, told.draft) == (
        "tone",
        "fake",
        "fake 1",
        True,
    )
    assert len(told.takes) == len(said) == 15
    for utterance, take in zip(said, told.takes, strict=True):
        facts, frames = take.facts, take.frames()
        assert frames.shape == (facts.lead + facts.speech + facts.tail, 1)
        assert len(facts.words) == len(utterance.words)
    assert told.notes == told.credits == ()


def together(told: Narration) -> float:
    said = [t.frames()[t.facts.lead :][: t.facts.speech, 0] for t in told.takes]
    return level_of(np.concatenate(said))


def spread_db(told: Narration) -> float:
    levels = [take.facts.level_lufs for take in told.takes]
    return max(levels) - min(levels)


def test_all_takes_of_a_voice_come_to_the_speech_level_and_nearer_to_each_other(
    library: Library, store: TakeStore
) -> None:
    text = "title: T\nlanguage: en\neven_db: 0\nengines: [{engine: fake}]\n"
    library = make_library(library.root, plain=text)
    plain = narrate(make_recipe(library, SCRIPT, "plain"), library, store)
    told = narrate(make_recipe(library, SCRIPT), library, store)
    assert together(plain) == pytest.approx(SPEECH_LUFS, abs=0.1)
    assert together(told) == pytest.approx(SPEECH_LUFS, abs=0.1)
    assert len({take.gain_db for take in plain.takes}) == 1
    assert spread_db(told) < 0.12 < spread_db(plain)
    assert plain.fingerprint != told.fingerprint
    assert [take.key for take in plain.takes] == [take.key for take in told.takes]


@pytest.mark.parametrize("gain_db", [0.0, 6.0])
def test_a_pause_of_4_s_is_4_s_between_speech(
    recipe: Recipe, library: Library, store: TakeStore, gain_db: float
) -> None:
    told = narrate(recipe, library, store)
    timeline = arrange(recipe, [take.facts for take in told.takes], {})
    track = np.zeros(timeline.length, np.float32)
    for phrase in timeline.phrases:
        frames = told.takes[phrase.utterance].frames()[:, 0]
        start = phrase.start - phrase.lead
        track[start : start + len(frames)] += frames * np.float32(db_to_gain(gain_db))
    loud = np.flatnonzero(np.abs(track) > db_to_gain(-60))
    gaps = np.diff(loud)
    for written in (gap for gap in timeline.gaps if gap.kind == "explicit"):
        middle = (written.start + written.end) // 2
        around = np.searchsorted(loud, middle) - 1
        assert gaps[around] == pytest.approx(written.end - written.start, abs=0.01 * 48_000)


def test_equal_requests_are_said_once(library: Library, store: TakeStore) -> None:
    recipe = make_recipe(library, SCRIPT, "both")
    told = narrate(recipe, library, store)
    assert sorted(Online.said) == sorted({utterance.text for utterance in recipe.script.utterances})
    assert len({take.key for take in told.takes}) == len(Online.said) == 9


def test_a_second_run_says_nothing_and_decodes_nothing(
    library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe(library, SCRIPT, "both")
    first = narrate(recipe, library, store)
    Online.said.clear()

    def never(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("undersong.voices.speak.survey", never)
    monkeypatch.setattr(measured, "cut", never)
    again = narrate(recipe, library, store, offline=True)
    assert frozen(again) == frozen(first)
    assert again.fingerprint == first.fingerprint
    assert Online.said == []


def test_takes_measured_by_another_version_are_measured_again(
    recipe: Recipe, library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = narrate(recipe, library, store)
    fingerprint = first.fingerprint
    monkeypatch.setattr(measured, "CODE", ("units",))
    monkeypatch.setattr(narration, "VERSION", 99)
    again = narrate(recipe, library, store)
    assert frozen(again) == frozen(first)
    assert again.fingerprint != fingerprint


def test_progress_counts_every_utterance_once(library: Library, store: TakeStore) -> None:
    mute = "    fail_on: hands\n"
    library = make_library(
        library.root, both=BOTH.replace("- engine: online\n", "- engine: online\n" + mute)
    )
    recipe = make_recipe(library, SCRIPT, "both")
    steps: list[int] = []
    narrate(recipe, library, store, tick=steps.append)
    assert sum(steps) == len(recipe.script.utterances)
    assert min(steps) > 0


def test_an_engine_that_cannot_run_is_passed_over_with_its_reason(
    library: Library, store: TakeStore
) -> None:
    recipe = make_recipe(library, SCRIPT, "both")
    told = narrate(recipe, library, store, offline=True)
    assert (told.engine, told.draft) == ("fake", True)
    why = "online: it needs the network, and this run is offline"
    assert told.notes == (f"voice `both` is spoken by fake, because {why}",)
    assert Online.said == []
    assert narrate(recipe, library, store).engine == "online"


def test_an_engine_that_fails_gives_the_whole_track_to_the_next(
    library: Library, store: TakeStore
) -> None:
    broken = BOTH.replace("- engine: online\n", "- engine: online\n    break_on: hands\n")
    recipe = make_recipe(make_library(library.root, both=broken), SCRIPT, "both")
    told = narrate(recipe, library, store)
    assert told.engine == "fake"
    assert {take.key for take in told.takes} == {
        take.key for take in narrate(recipe, library, store, engine="fake").takes
    }
    assert "test.md:10: the engine returned bytes that are no sound" in told.notes[0]
    assert "“Notice your hands.”" in told.notes[0]


def test_what_cannot_be_decoded_is_not_kept(library: Library, store: TakeStore) -> None:
    only = "title: Only\nlanguage: en\nengines: [{engine: online, break_on: rest}]\n"
    recipe = make_recipe(make_library(library.root, only=only), "Rest.", "only")
    with pytest.raises(VoiceError):
        narrate(recipe, library, store)
    assert not list(store.folder.rglob("*.take"))


def test_when_no_engine_is_left_every_reason_is_told(library: Library, store: TakeStore) -> None:
    text = BOTH.replace("- engine: online\n", "- engine: online\n    fail_on: rest\n")
    text = text.replace("- engine: fake\n", "- {engine: fake, why_not: it is hoarse}\n")
    recipe = make_recipe(make_library(library.root, both=text), SCRIPT, "both")
    with pytest.raises(VoiceError) as caught:
        narrate(recipe, library, store)
    lines = caught.value.message.split("\n")
    assert lines[0] == "the voice `both` cannot be spoken:"
    assert lines[1].startswith("online: ")
    assert "test.md:10: the fake voice was told to fail on `rest` (“" in lines[1]
    assert lines[2] == "fake: it is hoarse"


def test_missing_recordings_are_all_told_with_their_lines(
    library: Library, store: TakeStore
) -> None:
    text = "title: Anna\nlanguage: en\nengines: [{engine: recorded, folder: takes/anna}]\n"
    recipe = make_recipe(
        make_library(library.root, anna=text), "Let go.\n\nRest.\n\nBe here.", "anna"
    )
    put(library.root / "takes" / "anna" / "notes.txt", "")
    (library.root / "takes" / "anna" / "rest.wav").write_bytes(wav(speech(0.8)))
    with pytest.raises(VoiceError) as caught:
        narrate(recipe, library, store)
    assert "recorded: 2 phrases cannot be said:" in caught.value.message
    assert "test.md:6: no take `let-go.wav`" in caught.value.message
    assert "test.md:10: no take `be-here.wav`" in caught.value.message
    (library.root / "takes" / "anna" / "let-go.wav").write_bytes(wav(speech(0.8)))
    with pytest.raises(VoiceError, match="1 phrase cannot"):
        narrate(recipe, library, store)
    (library.root / "takes" / "anna" / "be-here.wav").write_bytes(wav(speech(0.8)))
    told = narrate(recipe, library, store)
    assert (told.engine, told.draft, len(told.takes)) == ("recorded", False, 3)


def test_phrases_that_sound_alike_and_are_written_apart_have_takes_of_their_own(
    library: Library, store: TakeStore
) -> None:
    text = "title: Anna\nlanguage: en-US\nengines:\n  - engine: recorded\n    folder: takes/anna\n"
    root = make_library(library.root, anna=text)
    recipe = make_recipe(root, "Take 10 breaths.\n\nTake ten breaths.", "anna")
    lengths_s = {"take-10-breaths": 0.8, "take-ten-breaths": 1.6}
    for name, length_s in lengths_s.items():
        put(library.root / "takes" / "anna" / f"{name}.txt", "")
        (library.root / "takes" / "anna" / f"{name}.wav").write_bytes(wav(speech(length_s)))
    first, second = (take.facts.speech / 48_000 for take in narrate(recipe, root, store).takes)
    assert (first, second) == (pytest.approx(0.8, abs=0.05), pytest.approx(1.6, abs=0.05))


def test_an_utterance_may_have_its_own_voice(library: Library, store: TakeStore) -> None:
    recipe = make_recipe(library, 'Let go. (And rest.)[voice:"both"] Be here.')
    told = narrate(recipe, library, store)
    plain = narrate(make_recipe(library, "Let go. And rest. Be here."), library, store)
    keys, others = [take.key for take in told.takes], [take.key for take in plain.takes]
    assert [a == b for a, b in zip(keys, others, strict=True)] == [True, False, True]
    assert Online.said == ["And rest."]
    assert told.engine == "fake"
    assert told.draft
    assert told.credits == ("Spoken online",)


def test_an_engine_can_be_chosen_by_name(library: Library, store: TakeStore) -> None:
    recipe = make_recipe(library, "Let go.", "both")
    assert narrate(recipe, library, store, engine="fake").engine == "fake"
    assert Online.said == []
    other = make_recipe(library, "Let go.", "tone")
    assert narrate(other, library, store, engine="online").engine == "online"
    with pytest.raises(UnknownNameError, match="no voice engine called `sam`"):
        narrate(recipe, library, store, engine="sam")
    with pytest.raises(VoiceError, match="says nothing about the engine `recorded`") as caught:
        narrate(recipe, library, store, engine="recorded")
    assert "`folder`" in (caught.value.hint or "")


def test_a_voice_of_another_language_is_noted(library: Library, store: TakeStore) -> None:
    text = "title: Ebba\nlanguage: sv-SE\nengines: [{engine: fake}]\n"
    recipe = make_recipe(make_library(library.root, ebba=text), "Let go.", "ebba")
    assert narrate(recipe, library, store).notes == (
        "voice `ebba` speaks sv-SE, the recipe is in en-US",
    )


def test_a_damaged_take_is_made_again_and_noted(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    first = narrate(recipe, library, store)
    entry = next(store.folder.rglob(f"{first.takes[0].key}.take"))
    entry.write_bytes(entry.read_bytes()[:-100])
    again = narrate(recipe, library, store)
    assert len(again.notes) == 1
    assert "a damaged take was made again" in again.notes[0]
    np.testing.assert_array_equal(again.takes[0].frames(), first.takes[0].frames())
    assert narrate(recipe, library, store).notes == ()


def test_an_utterance_without_words_is_an_error_with_its_line(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    utterance = recipe.script.utterances[0]
    dash = replace(utterance, words=(replace(utterance.words[0], text="–"),))
    with pytest.raises(
        FaultsError, match=r"test\.md:6:1: there is nothing to say here \(seen: –\)"
    ):
        narrate(replace(recipe, script=Script(cues=(dash,))), library, store)


def test_a_track_in_which_nothing_is_said_has_no_takes(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    told = narrate(replace(recipe, script=Script(cues=())), library, store)
    assert (told.takes, told.engine, told.draft, told.voice) == ((), "", False, "tone")


def test_ctrl_c_leaves_no_thread_and_a_whole_cache(library: Library, store: TakeStore) -> None:
    recipe = make_recipe(library, SCRIPT, "both")
    seen = 0

    def interrupt(_n: int) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        narrate(recipe, library, store, tick=interrupt)
    kept = [path.stem for path in store.folder.rglob("*.take")]
    assert len(kept) >= 2
    assert all(store.get(key) is not None for key in kept)
    assert not [path for path in store.folder.rglob(".*") if path.is_file()]
    Online.said.clear()
    assert narrate(recipe, library, store).engine == "online"
    assert len(Online.said) == 9 - len(kept)


def test_a_failure_ends_the_others_soon(library: Library, store: TakeStore) -> None:
    text = "title: T\nlanguage: en\nengines: [{engine: online, fail_on: first}]\n"
    script = "First.\n\n" + "\n\n".join(f"And {'more ' * k} rest." for k in range(1, 40))
    recipe = make_recipe(make_library(library.root, shy=text), script, "shy")
    with pytest.raises(VoiceError, match=r"test\.md:6: the fake voice was told to fail"):
        narrate(recipe, library, store)
    assert len(Online.said) < 40


def test_a_cache_that_cannot_be_written_is_an_error(
    recipe: Recipe, library: Library, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="cache"):
        narrate(recipe, library, TakeStore(put(tmp_path / "file", "") / "cache"))


def narrate_takes_again(store: TakeStore, key: str) -> None:
    measured.measure_take(
        store,
        key,
        Request(words=(), written="", language="en"),
        Survey(mean=1.0, sounding=1),
        finish=measured.Finish(gain_db=99.0),
        aligner=Aligner(),
    )


def test_a_take_that_left_the_cache_is_an_error(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    told = narrate(recipe, library, store)
    for entry in store.folder.rglob("*.take"):
        entry.unlink()
    with pytest.raises(VoiceError, match="left the cache, or changed"):
        told.takes[0].frames()
    with pytest.raises(VoiceError, match="left the cache"):
        narrate_takes_again(store, told.takes[0].key)


def test_a_take_that_changed_since_is_an_error(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    told = narrate(recipe, library, store)
    facts = replace(told.takes[0].facts, speech=Samples(1))
    with pytest.raises(VoiceError, match="left the cache, or changed"):
        replace(told.takes[0], facts=facts).frames()


def test_only_a_few_takes_stay_in_memory_and_none_can_be_spoilt(
    library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe(library, "\n\n".join(f"Breathe {'on ' * k} now." for k in range(1, 21)))
    told = narrate(recipe, library, store)
    for take in told.takes:
        take.frames()
    shelf = told.takes[0].shelf
    assert len(shelf._cuts) == narration.SHELF_TAKES
    with pytest.raises(ValueError, match="read-only"):
        told.takes[0].frames()[0] = 1
    before = told.takes[0].frames()
    monkeypatch.setattr(store, "get", lambda _key: pytest.fail("read again"))
    assert told.takes[0].frames() is before
