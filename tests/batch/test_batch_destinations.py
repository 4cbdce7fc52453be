"""A library for several destinations: every track for each, from the same takes."""

import json
import os
from pathlib import Path

import pytest
from batch_kit import SLUGS, make_files, pretend, reasons
from msgspec.structs import replace

from undersong.batch.destinations import orders, places
from undersong.batch.freshness import plan_build
from undersong.errors import FaultsError, UnknownNameError, UsageError
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe

DESTINATIONS = """\
destinations:
  podcast: {formats: [mp3]}
  clinic: {loudness: broadcast, formats: [flac], anchor: speech, folder: for the clinic}
"""


@pytest.fixture
def order(tmp_path):
    order = make_files(tmp_path / "library")
    with (order.root / "undersong.yaml").open("a") as file:
        file.write(DESTINATIONS)
    return order


def test_what_a_destination_says_holds_for_all_recipes_but_not_over_variants(order):
    library = Library.find(order.root)
    recipe = order.root / "recipes/calm.md"
    (mine,) = load_recipe(recipe, library)
    (theirs,) = load_recipe(recipe, library.bound_for("clinic"))
    assert (mine.loudness, mine.formats, mine.anchor) == ("podcast", ("mp3",), "programme")
    assert (theirs.loudness, theirs.formats, theirs.anchor) == ("broadcast", ("flac",), "speech")
    assert replace(theirs, loudness="podcast", formats=("mp3",), anchor="programme") == mine
    both = load_recipe(order.root / "recipes/long.md", library.bound_for("clinic"))
    assert [each.loudness for each in both] == ["podcast", "sleep"]
    assert {each.formats for each in both} == {("flac",)}


def test_each_destination_has_a_folder_of_its_own(order):
    root = order.root
    folders = {"podcast": root / "build/podcast", "clinic": root / "for the clinic"}
    assert places(root, None, ()) == folders
    assert places(root, None, ["clinic"]) == {"clinic": root / "for the clinic"}
    elsewhere = {name: Path("/x") / name for name in folders}
    assert places(root, Path("/x"), ()) == elsewhere
    with pytest.raises(UnknownNameError, match="clinik") as caught:
        places(root, None, ["clinik"])
    assert "clinic" in str(caught.value.hint)


def test_a_library_without_destinations_has_one_folder(tmp_path):
    order = make_files(tmp_path)
    assert places(tmp_path, None, ()) == {None: tmp_path / "build"}
    assert places(tmp_path, tmp_path / "x/../y", ()) == {None: tmp_path / "y"}
    assert orders(order, None, ()) == (order,)


def test_two_destinations_of_one_folder_are_refused(order):
    settings = order.root / "undersong.yaml"
    settings.write_text(settings.read_text().replace("for the clinic", "build/podcast/"))
    with pytest.raises(UsageError, match="podcast and clinic have one folder"):
        places(order.root, None, ["podcast"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("  Clinic A: {}\n", "such as `clinic`"),
        ("  a: {loudness: quiet}\n", "quiet"),
        ("  a: {voice: tone}\n", "voice"),
        ("  {}\n", "destinations"),
    ],
)
def test_faults_of_destinations_are_told_with_their_place(tmp_path, wrong, said):
    (tmp_path / "undersong.yaml").write_text(f"title: T\ndestinations:\n{wrong}")
    with pytest.raises(FaultsError) as caught:
        places(tmp_path, None, ())
    assert said in str(caught.value)
    assert "undersong.yaml:" in str(caught.value)


def test_a_change_reaches_the_destinations_it_concerns(order):
    podcast, clinic = orders(order, None, ())
    for each in (podcast, clinic):
        assert reasons(each).keys() == set(SLUGS)
        pretend(each)
        assert reasons(each) == {}
        assert not plan_build(each).known
    settings = order.root / "undersong.yaml"
    settings.write_text(settings.read_text().replace("broadcast", "sleep"))
    changed = ("loudness profile sleep changed", "loudness profile broadcast changed")
    assert reasons(podcast) == {}
    assert reasons(clinic) == {"calm": changed, "told": changed}
    recipe = order.root / "recipes/calm.md"
    recipe.write_text(recipe.read_text().replace("Rest here", "Rest there"))
    assert reasons(podcast) == {"calm": ("the words changed",)}
    assert reasons(clinic)["calm"] == ("the words changed", *changed)


def test_a_library_is_built_checked_and_tidied_for_all_its_destinations(library, undersong):
    with (library / "undersong.yaml").open("a") as file:
        file.write(DESTINATIONS)
    first = undersong("build")
    assert first.code == 0, first.err
    said = first.out.splitlines()
    assert said[0].startswith("podcast: 1 made in ")
    assert said[1].startswith("clinic: 1 made in ")
    made = {
        name: json.loads((library / name / "rest/manifest.json").read_text())
        for name in ("build/podcast", "for the clinic")
    }
    levels = {n: m["deliverables"][0]["levels"]["integrated_lufs"] for n, m in made.items()}
    assert levels["build/podcast"] == pytest.approx(-18.0, abs=0.3)
    assert made["for the clinic"]["speech_lufs"] == pytest.approx(-23.0, abs=0.3)
    assert {n: m["deliverables"][0]["format"] for n, m in made.items()} == {
        "build/podcast": "mp3",
        "for the clinic": "flac",
    }
    cache = Path(os.environ["UNDERSONG_CACHE"])
    assert len(list(cache.rglob("takes/*/*.take"))) == 4
    again = undersong("build", "--json")
    ended = [json.loads(line) for line in again.out.splitlines()]
    assert [(e["destination"], e["up_to_date"]) for e in ended] == [("podcast", 1), ("clinic", 1)]
    assert undersong("fsck").out.strip() == "2 tracks: all as they were made"
    assert undersong("build", "--to", "clinic", "--dry-run").out.splitlines() == [
        f"for clinic, in {library / 'for the clinic'}:",
        "0 of 1 tracks to make",
    ]
    assert undersong("build", "--to", "clinik").code == 3
    (library / "recipes/rest.md").rename(library / "recipes/other.md")
    assert undersong("prune", "--yes", "--to", "clinic").out.splitlines()[-1] == "1 removed"
    assert not (library / "for the clinic/rest").exists()
    assert undersong("prune", "--yes").out.splitlines()[-1] == "1 removed"
    assert not (library / "build/podcast/rest").exists()
