"""Locked takes: what is written, read, kept, and never overwritten."""

import dataclasses
import errno
import threading
from pathlib import Path

import fickle
import numpy as np
import pytest
from fickle import Fickle
from msgspec.structs import replace
from voices_kit import make_library, make_recipe, put

from undersong import plugins
from undersong.errors import FaultsError, OutputError, VoiceError
from undersong.files import digest_json
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe
from undersong.testing.engines import sentence
from undersong.voices.accept import LockedTakeError, Said, accept
from undersong.voices.fake import FakeOptions
from undersong.voices.narrate import narrate
from undersong.voices.pins import Pin, merge_pins, phrase_digest, read_pins
from undersong.voices.takes import TakeStore
from undersong.voices.voice import EngineChoice

SCRIPT = "Let yourself arrive.\n\nFeel the air.\n\nRest here.\n\nRest here."
PHRASES = ["Let yourself arrive.", "Feel the air.", "Rest here."]
EITHER = fickle.VOICE + "  - engine: fake\n"
FAKE = EngineChoice(engine="fake", options=FakeOptions())


def pin(text: str, **changes: object) -> Pin:
    made = Pin(
        text=text,
        language="en-US",
        engine="fickle",
        fingerprint="fickle 1",
        take=1,
        phrase=digest_json(text),
        key=digest_json([text, 1]),
        audio_sha256=digest_json([text, 2]),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _fickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plugins._found("undersong.voices"), "fickle", fickle.POINT)
    monkeypatch.setenv(fickle.LOG, str(tmp_path / "said.txt"))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "library", tone=EITHER)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "cache")


@pytest.fixture
def recipe(library: Library) -> Recipe:
    return make_recipe(library, SCRIPT)


def lock_of(library: Library) -> Path:
    return library.root / "recipes" / "takes.lock"


def test_a_first_narration_locks_every_different_phrase_once(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    told = narrate(recipe, library, store)
    pins = read_pins(lock_of(library))
    assert sorted(each.text for each in pins.values()) == sorted(PHRASES)
    assert {(each.engine, each.fingerprint, each.take) for each in pins.values()} == {
        ("fickle", "fickle 1", 1)
    }
    assert (told.engine, told.draft, told.locked, told.notes) == ("fickle", False, 3, ())
    assert told.casting == (
        "voice `tone` is spoken by fickle",
        "3 takes are now locked in takes.lock beside the recipe",
    )
    assert {take.key for take in told.takes} == {each.name for each in pins.values()}


def test_a_second_narration_says_nothing_and_is_the_same(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    first = narrate(recipe, library, store)
    text, count = lock_of(library).read_bytes(), len(fickle.said())
    again = narrate(recipe, library, store)
    assert (again.fingerprint, again.locked) == (first.fingerprint, 0)
    assert [take.facts for take in again.takes] == [take.facts for take in first.takes]
    assert (lock_of(library).read_bytes(), len(fickle.said())) == (text, count)


def test_an_edited_sentence_makes_one_take_and_an_edit_taken_back_none(
    library: Library, store: TakeStore
) -> None:
    first = narrate(make_recipe(library, SCRIPT), library, store)
    edited = narrate(
        make_recipe(library, SCRIPT.replace("the air", "the warm air")), library, store
    )
    assert fickle.said()[3:] == ["Feel the warm air."]
    assert edited.locked == 1
    assert edited.casting[1] == "1 take is now locked in takes.lock beside the recipe"
    back = narrate(make_recipe(library, SCRIPT), library, store)
    assert len(fickle.said()) == 4
    assert back.fingerprint == first.fingerprint


def test_a_locked_take_outlives_its_engine(
    recipe: Recipe, library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = narrate(recipe, library, store)
    monkeypatch.setattr(Fickle, "version", "2")
    monkeypatch.setattr(Fickle, "why_not", "it was withdrawn")
    again = narrate(recipe, library, store, offline=True)
    assert (again.fingerprint, again.engine_version) == (first.fingerprint, "fickle 1")
    assert again.takes[0].frames() is not None
    np.testing.assert_array_equal(again.takes[0].frames(), first.takes[0].frames())


def test_a_track_of_old_and_new_takes_tells_both_versions(
    library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrate(make_recipe(library, SCRIPT), library, store)
    monkeypatch.setattr(Fickle, "version", "2")
    told = narrate(make_recipe(library, SCRIPT + " And breathe."), library, store)
    assert told.engine_version == "fickle 1, fickle 2"
    assert fickle.said()[3:] == ["And breathe."]


def test_an_engine_that_cannot_tell_what_it_is_speaks_its_locked_takes(
    recipe: Recipe, library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = narrate(recipe, library, store)

    def gone(_engine: Fickle) -> str:
        raise VoiceError("its model is not here")

    monkeypatch.setattr(Fickle, "fingerprint", property(gone))
    assert narrate(recipe, library, store).fingerprint == first.fingerprint


def test_locked_takes_that_are_missing_are_all_told_and_no_other_engine_steps_in(
    recipe: Recipe, library: Library, store: TakeStore, tmp_path: Path
) -> None:
    narrate(recipe, library, store)
    count, text = len(fickle.said()), lock_of(library).read_bytes()
    for phrase in read_pins(lock_of(library)).values():
        if phrase.text != "Feel the air.":
            for name in (phrase.name, phrase.key):
                next(store.folder.rglob(f"{name}.take")).unlink()
    with pytest.raises(LockedTakeError) as caught:
        narrate(recipe, library, store)
    lines = caught.value.message.split("\n")
    assert lines[0] == "2 locked takes are not in the cache:"
    assert lines[1].endswith("test.md:6: take 1 by fickle, “Let yourself arrive.”")
    assert lines[2].endswith("test.md:10: take 1 by fickle, “Rest here.”")
    assert len(lines) == 3
    hint = caught.value.hint or ""
    assert all(way in hint for way in ("takes import", "takes again RECIPE --missing", "--engine"))
    assert (len(fickle.said()), lock_of(library).read_bytes()) == (count, text)
    assert narrate(recipe, library, store, engine="fake").engine == "fake"
    assert lock_of(library).read_bytes() == text


def test_an_offline_run_without_the_locked_takes_is_a_draft_that_says_why(
    recipe: Recipe, library: Library, store: TakeStore, tmp_path: Path
) -> None:
    narrate(recipe, library, store)
    text = lock_of(library).read_bytes()
    told = narrate(recipe, library, TakeStore(tmp_path / "empty"), offline=True)
    assert (told.engine, told.draft) == ("fake", True)
    assert "because fickle: 3 locked takes are not in the cache:" in told.notes[0]
    assert lock_of(library).read_bytes() == text


def test_a_long_list_of_missing_takes_is_cut(library: Library, store: TakeStore) -> None:
    script = "\n\n".join(f"Rest {'now ' * k}here." for k in range(20))
    narrate(make_recipe(library, script), library, store)
    with pytest.raises(LockedTakeError, match="and 8 more"):
        narrate(make_recipe(library, script), library, TakeStore(store.folder / "other"))


def test_another_sound_under_a_take_s_key_is_not_the_locked_take(
    recipe: Recipe, library: Library, store: TakeStore, tmp_path: Path
) -> None:
    first = narrate(recipe, library, store)
    lock = lock_of(library).read_bytes()
    lock_of(library).unlink()
    theirs = TakeStore(tmp_path / "theirs")
    narrate(recipe, library, theirs)
    lock_of(library).write_bytes(lock)
    with pytest.raises(LockedTakeError, match="3 locked takes are not in the cache"):
        narrate(recipe, library, theirs)
    assert narrate(recipe, library, store).fingerprint == first.fingerprint


def test_a_damaged_locked_take_is_mended_from_its_first_copy(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    first = narrate(recipe, library, store)
    entry = next(store.folder.rglob(f"{first.takes[0].key}.take"))
    whole = entry.read_bytes()
    entry.write_bytes(whole[:-9])
    again = narrate(recipe, library, store)
    assert again.fingerprint == first.fingerprint
    assert entry.read_bytes() == whole
    assert len(store.damaged) == 1
    assert len(fickle.said()) == 3


def test_a_damaged_take_that_is_not_locked_is_set_aside_and_said_again(
    recipe: Recipe, library: Library, store: TakeStore
) -> None:
    narrate(recipe, library, store)
    lock_of(library).unlink()
    for entry in store.folder.rglob("*.take"):
        entry.write_bytes(entry.read_bytes()[:-9])
    told = narrate(recipe, library, store)
    assert len(store.damaged) == 3
    assert len(fickle.said()) == 6
    assert told.takes[0].frames().shape[1] == 1
    assert len(told.notes) == 3


def test_a_locked_take_that_vanishes_while_speaking_is_not_said_again(
    recipe: Recipe, library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = narrate(recipe, library, store)
    get, name = store.get, first.takes[0].key
    asked: list[str] = []

    def vanishing(key: str):  # type: ignore[no-untyped-def]
        asked.append(key)
        return None if key == name and asked.count(name) > 2 else get(key)

    monkeypatch.setattr(store, "get", vanishing)
    with pytest.raises(VoiceError, match="its locked take left the cache"):
        narrate(recipe, library, store, engine="fickle")
    assert len(fickle.said()) == 3


def test_a_folder_that_cannot_be_written_is_noted_and_the_track_is_whole(
    recipe: Recipe, library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("undersong.voices.pins.locked", full)
    told = narrate(recipe, library, store)
    assert len(told.takes) == 4
    assert told.locked == 0
    assert "could not be locked" in told.notes[0]
    assert "Read-only file system" in told.notes[0]


def test_a_run_that_finds_another_take_locked_meanwhile_leaves_it_and_says_so(
    recipe: Recipe, library: Library, store: TakeStore, tmp_path: Path
) -> None:
    narrate(recipe, library, store)
    theirs = read_pins(lock_of(library))
    lock_of(library).unlink()
    last = 3

    def lock_theirs(_n: int) -> None:
        nonlocal last
        last -= 1
        if last == 0:
            merge_pins(lock_of(library), theirs.values())

    told = narrate(recipe, library, TakeStore(tmp_path / "ours"), tick=lock_theirs)
    assert read_pins(lock_of(library)) == theirs
    assert (told.locked, len(told.notes)) == (0, 3)
    assert "another run locked another take of" in told.notes[0]


def test_what_is_locked_is_found_by_words_options_language_and_rate_not_by_version() -> None:
    said = sentence("Let go.")
    digest = phrase_digest(FAKE, said)
    others = [
        phrase_digest(EngineChoice(engine="fake", options=FakeOptions(speed=2.0)), said),
        phrase_digest(EngineChoice(engine="faux", options=FakeOptions()), said),
        phrase_digest(FAKE, sentence("Let it go.")),
        phrase_digest(FAKE, sentence("Let go.", rate=0.9)),
        phrase_digest(FAKE, sentence("Let go.", language="de-DE")),
    ]
    assert len({digest, *others}) == 6
    assert phrase_digest(FAKE, replace(said, written="LET GO!")) == digest
    explicit = EngineChoice(engine="fake", options=FakeOptions(speed=1.0))
    assert phrase_digest(explicit, said) == digest
    assert digest == "bcd81428643432444082c7dccd8e7eaaa90ff3358e4166b9d1b27cac6384727d"


def test_the_file_is_sorted_text_with_one_line_per_fact(tmp_path: Path) -> None:
    path = tmp_path / "takes.lock"
    merge_pins(path, [pin("Übung."), pin("rest."), pin("Arrive.")])
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [line.strip() for line in lines if '"text"' in line]
    assert texts == ['"text": "Arrive.",', '"text": "rest.",', '"text": "Übung.",']
    assert len(lines) == 3 * 10 + 5
    assert set(read_pins(path).values()) == {pin("Übung."), pin("rest."), pin("Arrive.")}
    before = path.stat().st_mtime_ns
    assert merge_pins(path, [pin("rest.")]) == ()
    assert path.stat().st_mtime_ns == before


def test_what_is_locked_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "takes.lock"
    second = pin("Rest.", take=2)
    merge_pins(path, [pin("Rest."), pin("Go.")])
    assert merge_pins(path, [second, pin("Stay.")]) == (second,)
    assert set(read_pins(path).values()) == {pin("Rest."), pin("Go."), pin("Stay.")}
    assert merge_pins(path, [second], replace=True) == ()
    assert set(read_pins(path).values()) == {second, pin("Go."), pin("Stay.")}


def test_runs_that_lock_at_once_lose_nothing_and_leave_nothing_behind(tmp_path: Path) -> None:
    path = put(tmp_path / "recipes" / "x.md", "").with_name("takes.lock")
    put(path.with_name(".undersong-abc.lock"), "of a killed run")
    barrier = threading.Barrier(8)

    def lock(number: int) -> None:
        barrier.wait()
        merge_pins(path, [pin(f"Phrase {number}, {k}.") for k in range(5)])

    threads = [threading.Thread(target=lock, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_pins(path)) == 40
    assert sorted(each.name for each in path.parent.iterdir()) == ["takes.lock", "x.md"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<<<<<<< ours\n", "takes.lock:1:1: this is no JSON"),
        ('{"schema": 1,\n "takes": [}', "takes.lock:2:12: this is no JSON"),
        ('{"schema": 2, "takes": []}', "layout 2"),
        ("[]", "takes.lock"),
        ('{"schema": 1, "takes": [{"text": "a"}]}', "takes.0."),
        ("\xff\xfe", "takes.lock"),
    ],
)
def test_a_file_that_is_not_ours_is_told_with_its_place_and_left_alone(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "takes.lock"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(FaultsError) as caught:
        merge_pins(path, [pin("Rest.")])
    assert words in caught.value.message
    assert "version control" in (caught.value.hint or "")
    assert path.read_bytes() == content.encode("latin-1")


def test_two_takes_for_one_phrase_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "takes.lock"
    merge_pins(path, [pin("Rest.")])
    entry = path.read_text().split("[\n")[1].rsplit("\n  ]")[0]
    double = entry + ",\n" + entry.replace('"take": 1', '"take": 2')
    path.write_text('{"schema": 1, "takes": [' + double + "]}")
    with pytest.raises(FaultsError, match=r"two takes are locked for “Rest\.”"):
        read_pins(path)


def test_a_lock_file_that_cannot_be_read_or_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "takes.lock").mkdir()
    with pytest.raises(FaultsError, match="cannot be read"):
        read_pins(tmp_path / "takes.lock")
    with pytest.raises(OutputError, match="cannot write"):
        merge_pins(put(tmp_path / "file", "") / "takes.lock", [pin("Rest.")])


def test_a_take_that_is_not_there_cannot_be_locked(store: TakeStore) -> None:
    said = Said(choice=FAKE, request=sentence("Rest."), key="0" * 64, fingerprint="fake 1")
    with pytest.raises(VoiceError, match="left the cache"):
        accept(store, said)
