"""Other takes of a phrase: listed, made again, compared, chosen."""

from pathlib import Path

import fickle
import numpy as np
import pytest
import soundfile
from fickle import Fickle
from voices_kit import FAKE, make_library, make_recipe

from undersong import plugins
from undersong.errors import UnknownNameError, VoiceError
from undersong.recipes.library import Library
from undersong.voices.alternatives import (
    make_again,
    pick,
    remake_missing,
    take_rows,
    write_alternatives,
)
from undersong.voices.desk import MOST_TAKES, Desk, open_desk
from undersong.voices.narrate import narrate
from undersong.voices.pins import read_pins
from undersong.voices.takes import TakeStore

SCRIPT = 'Let yourself arrive. (Feel the air.)[voice:"plain"]\n\nRest here.\n\nRest here.'


@pytest.fixture(autouse=True)
def _fickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plugins._found("undersong.voices"), "fickle", fickle.POINT)
    monkeypatch.setenv(fickle.LOG, str(tmp_path / "said.txt"))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "library", tone=fickle.VOICE + "  - engine: fake\n", plain=FAKE)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "cache")


def desk_of(library: Library, store: TakeStore, engine: str | None = None) -> Desk:
    return open_desk([make_recipe(library, SCRIPT)], library, store, engine=engine)


def told(library: Library, store: TakeStore):  # type: ignore[no-untyped-def]
    return narrate(make_recipe(library, SCRIPT), library, store)


def test_before_anything_is_said_every_phrase_is_listed_with_its_first_engine(
    library: Library, store: TakeStore
) -> None:
    rows = take_rows(desk_of(library, store))
    assert [(row.number, row.line, row.voice, row.engine, row.text) for row in rows] == [
        (1, 6, "tone", "fickle", "Let yourself arrive."),
        (2, 6, "plain", "fake", "Feel the air."),
        (3, 8, "tone", "fickle", "Rest here."),
        (4, 10, "tone", "fickle", "Rest here."),
    ]
    assert {(row.take, row.takes, row.locked, row.cached) for row in rows} == {
        (1, (), False, False)
    }
    assert {(row.length_s, row.level_lufs) for row in rows} == {(None, None)}
    assert fickle.said() == []


def test_what_was_said_is_listed_as_the_track_has_it(library: Library, store: TakeStore) -> None:
    narration = told(library, store)
    rows = take_rows(desk_of(library, store))
    assert [(row.locked, row.cached, row.takes) for row in rows] == [
        (True, True, (1,)),
        (False, True, (1,)),
        (True, True, (1,)),
        (True, True, (1,)),
    ]
    for row, take in zip(rows, narration.takes, strict=True):
        assert row.length_s == pytest.approx(take.facts.speech / 48_000, abs=0.001)
        assert row.level_lufs == pytest.approx(take.facts.level_lufs, abs=0.5)


def test_the_engine_with_takes_is_listed_or_the_one_asked_for(
    library: Library, store: TakeStore
) -> None:
    narrate(make_recipe(library, SCRIPT), library, store, engine="fake")
    assert {row.engine for row in take_rows(desk_of(library, store))} == {"fake"}
    rows = take_rows(desk_of(library, store, engine="fickle"))
    assert {(row.engine, row.cached) for row in rows} == {("fickle", False)}


def test_another_take_stays_beside_the_first_and_locks_nothing(
    library: Library, store: TakeStore
) -> None:
    before = told(library, store)
    desk = desk_of(library, store)
    made = make_again(desk, desk.find("Rest here."))
    assert list(made.values()) == [2]
    assert fickle.said()[2:] == ["Rest here."]
    rows = take_rows(desk_of(library, store))
    assert [(row.take, row.takes) for row in rows] == [
        (1, (1,)),
        (1, (1,)),
        (1, (1, 2)),
        (1, (1, 2)),
    ]
    assert told(library, store).fingerprint == before.fingerprint
    make_again(desk, desk.find("Rest"), 2)
    assert len(fickle.said()) == 3
    assert list(make_again(desk, desk.find("Rest"), 7).values()) == [7]
    assert list(make_again(desk, desk.find("rest")).values()) == [8]


def test_a_picked_take_is_what_the_track_is_made_of_and_the_old_one_can_be_picked_again(
    library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = told(library, store)
    desk = desk_of(library, store)
    make_again(desk, desk.find("Rest here."))
    pin = pick(desk, desk.find("Rest here.")[0], 2)
    assert (pin.take, pin.text) == (2, "Rest here.")
    second = told(library, store)
    changed = [a.key != b.key for a, b in zip(first.takes, second.takes, strict=True)]
    assert changed == [False, False, True, True]
    assert second.takes[3].key == pin.name
    monkeypatch.setattr(Fickle, "version", "2")
    desk = desk_of(library, store)
    assert pick(desk, desk.find("Rest here.")[0], 2) == pin
    make_again(desk, desk.find("Rest here."))
    pick(desk, desk.find("Rest here.")[0], 3)
    desk = desk_of(library, store)
    assert desk.find("Rest here.")[0].takes(store) == (2, 3)
    pick(desk, desk.find("Rest here.")[0], 2)
    third = told(library, store)
    np.testing.assert_array_equal(third.takes[3].frames(), second.takes[3].frames())
    assert len(fickle.said()) == 4


def test_a_take_of_an_engine_that_repeats_itself_can_be_locked_but_not_made_again(
    library: Library, store: TakeStore
) -> None:
    told(library, store)
    desk = desk_of(library, store)
    with pytest.raises(VoiceError, match=r"test\.md:6: fake says a phrase always the same way"):
        make_again(desk, desk.find("Feel the air."))
    pick(desk, desk.find("Feel the air.")[0], 1)
    pins = read_pins(desk.lock)
    assert sorted(pin.engine for pin in pins.values()) == ["fake", "fickle", "fickle"]
    assert told(library, store).takes[1].key in {pin.name for pin in pins.values()}


def test_a_take_that_is_not_there_cannot_be_picked(library: Library, store: TakeStore) -> None:
    desk = desk_of(library, store)
    with pytest.raises(VoiceError, match=r"no take 1 of “Rest here\.”") as caught:
        pick(desk, desk.find("Rest here.")[0], 1)
    assert "there are: none" in (caught.value.hint or "")
    told(library, store)
    desk = desk_of(library, store)
    with pytest.raises(VoiceError, match="no take 3") as caught:
        pick(desk, desk.find("Rest here.")[0], 3)
    assert "there are: 1;" in (caught.value.hint or "")


def test_missing_locked_takes_are_made_and_locked_when_asked(
    library: Library, store: TakeStore, tmp_path: Path
) -> None:
    first = told(library, store)
    empty = TakeStore(tmp_path / "empty")
    desk = desk_of(library, empty)
    assert [phrase.text for phrase in desk.missing()] == ["Let yourself arrive.", "Rest here."]
    states = [(row.locked, row.cached) for row in take_rows(desk)]
    assert states == [(True, False), (False, False), (True, False), (True, False)]
    pins = remake_missing(desk)
    assert [(pin.text, pin.take) for pin in pins] == [
        ("Let yourself arrive.", 1),
        ("Rest here.", 1),
    ]
    again = told(library, empty)
    assert again.fingerprint != first.fingerprint
    assert len(fickle.said()) == 4
    assert remake_missing(desk_of(library, empty)) == ()


def test_a_failing_engine_leaves_what_is_locked(
    library: Library, store: TakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(library, store)
    text = (library.root / "recipes" / "takes.lock").read_bytes()
    monkeypatch.setattr(Fickle, "why_not", "it is closed today")
    desk = desk_of(library, TakeStore(tmp_path / "empty"))
    with pytest.raises(VoiceError, match="closed today"):
        remake_missing(desk)
    with pytest.raises(VoiceError, match="closed today"):
        make_again(desk, desk.find("8"))
    assert desk.lock.read_bytes() == text


def test_an_engine_that_cannot_tell_what_it_is_lists_its_locked_takes(
    library: Library, store: TakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(library, store)

    def gone(_engine: Fickle) -> str:
        raise VoiceError("its model is not here")

    monkeypatch.setattr(Fickle, "fingerprint", property(gone))
    desk = desk_of(library, store)
    assert [row.cached for row in take_rows(desk)] == [True] * 4
    with pytest.raises(VoiceError, match="cannot run here"):
        make_again(desk, desk.find("Rest here."))


def test_phrases_are_found_by_line_by_text_and_by_a_part(
    library: Library, store: TakeStore
) -> None:
    desk = desk_of(library, store)
    texts = {which: [p.text for p in desk.find(which)] for which in ("6", "10", "REST  here.", "e")}
    assert texts == {
        "6": ["Let yourself arrive.", "Feel the air."],
        "10": ["Rest here."],
        "REST  here.": ["Rest here."],
        "e": ["Let yourself arrive.", "Feel the air.", "Rest here."],
    }
    with pytest.raises(UnknownNameError, match="no line with a phrase called `7`") as caught:
        desk.find("7")
    assert "known: 10, 6, 8" in (caught.value.hint or "")
    with pytest.raises(UnknownNameError) as caught:
        desk.find("Rest there.")
    assert "did you mean `Rest here.`?" in (caught.value.hint or "")


def test_there_is_an_end_to_takes(library: Library, store: TakeStore) -> None:
    desk = desk_of(library, store)
    make_again(desk, desk.find("10"), MOST_TAKES)
    with pytest.raises(VoiceError, match="there are 99 takes"):
        make_again(desk, desk.find("10"))


def test_takes_are_written_side_by_side_as_loud_as_each_other(
    library: Library, store: TakeStore, tmp_path: Path
) -> None:
    told(library, store)
    desk = desk_of(library, store)
    make_again(desk, desk.find("10"))
    paths = write_alternatives(desk, desk_of(library, store).find("10"), tmp_path / "takes")
    assert [path.name for path in paths] == ["004-rest-here-take1.wav", "004-rest-here-take2.wav"]
    sounds = [soundfile.read(path, always_2d=True) for path in paths]
    assert {(frames.shape[1], rate) for frames, rate in sounds} == {(1, 48_000)}
    peaks = [np.abs(frames).max() for frames, _ in sounds]
    assert 0.01 < peaks[0] < 1
    assert peaks[1] == pytest.approx(peaks[0], rel=0.05)
    assert not np.array_equal(sounds[0][0], sounds[1][0])
    unsaid = desk_of(library, TakeStore(tmp_path / "empty"))
    assert write_alternatives(unsaid, unsaid.find("6"), tmp_path) == ()
