"""Bundles: takes carried to a machine without engine or network."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import fickle
import pytest
from fickle import Fickle
from voices_kit import FAKE, make_library, make_recipe

from undersong import plugins
from undersong.errors import AudioFileError, FaultsError, VoiceError
from undersong.recipes.library import Library
from undersong.voices.bundle import export_bundle, import_bundle
from undersong.voices.narrate import Narration, narrate
from undersong.voices.pins import read_pins
from undersong.voices.takes import TakeStore

SCRIPT = 'Let yourself arrive. (Feel the air.)[voice:"plain"]\n\nRest here.\n\nRest here.'


@pytest.fixture(autouse=True)
def _fickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plugins._found("undersong.voices"), "fickle", fickle.POINT)
    monkeypatch.setenv(fickle.LOG, str(tmp_path / "said.txt"))


def a_library(root: Path) -> Library:
    return make_library(root, tone=fickle.VOICE + "  - engine: fake\n", plain=FAKE)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "cache")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return a_library(tmp_path / "library")


@pytest.fixture
def spoken(library: Library, store: TakeStore) -> Narration:
    return narrate(make_recipe(library, SCRIPT), library, store)


@pytest.fixture
def bundle(spoken: Narration, library: Library, store: TakeStore, tmp_path: Path) -> Path:
    path = tmp_path / "takes.zip"
    recipe = make_recipe(library, SCRIPT)
    assert export_bundle([(recipe, spoken)], library, store, path) == 3
    return path


def test_an_empty_machine_without_the_engine_speaks_from_a_bundle(
    bundle: Path, spoken: Narration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, empty = a_library(tmp_path / "there"), TakeStore(tmp_path / "empty")
    recipe = make_recipe(there, SCRIPT)
    came = import_bundle(bundle, there, empty)
    lock = there.root / "recipes" / "takes.lock"
    assert (came.takes, came.new, dict(came.locks)) == (3, 3, {lock: 2})
    assert (came.others, came.homeless) == ((), ())
    monkeypatch.setattr(Fickle, "why_not", "it has gone")
    monkeypatch.setattr(Fickle, "version", "9")
    again = narrate(recipe, there, empty, offline=True)
    assert again.fingerprint == spoken.fingerprint
    assert (again.engine, again.engine_version) == ("fickle", "fickle 1")
    assert [take.facts for take in again.takes] == [take.facts for take in spoken.takes]
    assert import_bundle(bundle, there, empty).new == 0


def test_the_same_takes_give_the_same_bundle(
    bundle: Path, spoken: Narration, library: Library, store: TakeStore, tmp_path: Path
) -> None:
    other = tmp_path / "other.zip"
    export_bundle([(make_recipe(library, SCRIPT), spoken)], library, store, other)
    assert other.read_bytes() == bundle.read_bytes()


def test_what_is_locked_elsewhere_already_stays(bundle: Path, tmp_path: Path) -> None:
    there, theirs = a_library(tmp_path / "there"), TakeStore(tmp_path / "theirs")
    before = narrate(make_recipe(there, SCRIPT), there, theirs)
    came = import_bundle(bundle, there, theirs)
    assert sorted(pin.text for pin in came.others) == ["Let yourself arrive.", "Rest here."]
    assert list(came.locks.values()) == [0]
    assert narrate(make_recipe(there, SCRIPT), there, theirs).fingerprint == before.fingerprint


def test_without_the_recipes_folder_takes_come_and_nothing_is_locked(
    bundle: Path, tmp_path: Path
) -> None:
    there = a_library(tmp_path / "there")
    came = import_bundle(bundle, there, TakeStore(tmp_path / "empty"))
    assert (came.new, dict(came.locks), came.homeless) == (3, {}, ("recipes",))
    assert not (there.root / "recipes").exists()


def test_a_broken_lock_file_stops_the_import_before_it_begins(
    bundle: Path, library: Library, tmp_path: Path
) -> None:
    (library.root / "recipes" / "takes.lock").write_text("<<<<<<<")
    with pytest.raises(FaultsError):
        import_bundle(bundle, library, TakeStore(tmp_path / "empty"))
    assert not (tmp_path / "empty").exists()


def rewrite(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    """Return a damage done to the members of a bundle, the archive itself staying sound."""

    def damage(path: Path) -> None:
        with zipfile.ZipFile(path) as bundle:
            members = {name: bundle.read(name) for name in bundle.namelist()}
        change(members)
        with zipfile.ZipFile(path, "w") as bundle:
            for name, content in members.items():
                bundle.writestr(name, content)

    return damage


def reindex(change: Callable[[dict], None]) -> Callable[[Path], None]:  # type: ignore[type-arg]
    def edit(members: dict[str, bytes]) -> None:
        index = json.loads(members["bundle.json"])
        change(index)
        members["bundle.json"] = json.dumps(index).encode()

    return rewrite(edit)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)


def spoil(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.endswith(".take"))
    members[name] = members[name][:-1]


def lose(members: dict[str, bytes]) -> None:
    members.pop(next(name for name in members if name.endswith(".take")))


def no_take(members: dict[str, bytes]) -> None:
    index = json.loads(members["bundle.json"])
    name = next(iter(index["entries"]))
    members[f"takes/{name}.take"] = b"RIFF"
    index["entries"][name] = "a03f1d3f0f1f5e8d1f3bd2b5b3c0a2f0d31b6b8e46d7cf0f6ec5b4f7d8c2c1f3"
    members["bundle.json"] = json.dumps(index).encode()


def other_sound(index: dict) -> None:  # type: ignore[type-arg]
    index["locks"]["recipes"][0]["audio_sha256"] = "0" * 64


def outside(index: dict) -> None:  # type: ignore[type-arg]
    index["locks"]["../elsewhere"] = index["locks"].pop("recipes")


def twice(index: dict) -> None:  # type: ignore[type-arg]
    first = index["locks"]["recipes"][0]
    index["locks"]["recipes"].append(first | {"take": 2})


def later(index: dict) -> None:  # type: ignore[type-arg]
    index["schema"] = 2


@pytest.mark.parametrize(
    "damage",
    [
        flip,
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        lambda path: path.write_bytes(b"not a ZIP"),
        Path.unlink,
        rewrite(spoil),
        rewrite(lose),
        rewrite(no_take),
        rewrite(lambda members: members.pop("bundle.json")),
        reindex(other_sound),
        reindex(outside),
        reindex(twice),
        reindex(later),
    ],
    ids=[
        *("one bit", "cut", "no archive", "gone", "take cut", "take lost", "no take", "no index"),
        *("other sound", "outside", "twice", "later layout"),
    ],
)
def test_a_bundle_that_is_not_whole_brings_nothing(
    bundle: Path, library: Library, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(bundle)
    before = read_pins(library.root / "recipes" / "takes.lock")
    with pytest.raises(AudioFileError, match=r"takes\.zip"):
        import_bundle(bundle, library, TakeStore(tmp_path / "empty"))
    assert not (tmp_path / "empty").exists()
    assert read_pins(library.root / "recipes" / "takes.lock") == before


def test_a_huge_member_is_refused_unread(
    bundle: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("undersong.voices.bundle.LARGEST_ENTRY", 5000)
    with pytest.raises(AudioFileError, match="too large"):
        import_bundle(bundle, library, TakeStore(tmp_path / "empty"))


def test_a_bundle_that_is_a_folder_is_a_clear_error(library: Library, store: TakeStore) -> None:
    with pytest.raises(AudioFileError, match="cannot read"):
        import_bundle(library.root, library, store)


def test_a_take_that_left_the_cache_cannot_be_exported(
    spoken: Narration, library: Library, tmp_path: Path
) -> None:
    recipe, path = make_recipe(library, SCRIPT), tmp_path / "takes.zip"
    with pytest.raises(VoiceError, match="left the cache"):
        export_bundle([(recipe, spoken)], library, TakeStore(tmp_path / "empty"), path)
    assert not path.exists()
