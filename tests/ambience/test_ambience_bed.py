"""Bed files: all faults with their places, layers that add up, digests that tell changes."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from undersong.ambience.bed import Bed, Layer, bed_digest, load_bed, open_bed
from undersong.ambience.bed_file import BedFile
from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.ambience.registry import (
    cue_class,
    cue_names,
    generator_class,
    generator_names,
)
from undersong.ambience.waves import Waves, WavesOptions
from undersong.errors import AmbienceError, FaultsError, UnknownNameError
from undersong.recipes.library import Library, starter_folder

SECOND = 48_000

SHORE = """\
title: Shore
about: Waves and air.
licence: CC0-1.0
credit: by nobody
layers:
  - generator: waves
    swell: 0.2
    shore: pebble
  - generator: breeze
    level_db: -6
"""


def library_with(folder: Path, text: str) -> Library:
    (folder / "ambience").mkdir()
    (folder / "ambience" / "shore.yaml").write_text(text)
    return Library.find(folder)


def layer(generator: str, level_db: float = 0.0, seed: int = 0) -> Layer:
    options = generator_class(generator).Options()
    return Layer(generator=generator, options=options, level_db=level_db, seed=seed)


def bed(*layers: Layer, name: str = "shore") -> Bed:
    return Bed(name=name, title="Shore", layers=layers, about="", licence="", credit="")


def test_a_bed_file_becomes_a_bed(tmp_path: Path):
    found = load_bed("shore", library_with(tmp_path, SHORE))
    assert found == Bed(
        name="shore",
        title="Shore",
        about="Waves and air.",
        licence="CC0-1.0",
        credit="by nobody",
        layers=(
            Layer(
                generator="waves",
                options=WavesOptions(swell=0.2, shore="pebble"),
                level_db=0.0,
                seed=0,
            ),
            Layer(generator="breeze", options=BreezeOptions(), level_db=-6.0, seed=0),
        ),
    )


def test_all_faults_of_all_layers_are_found_with_their_places(tmp_path: Path):
    wrong = """\
titel: Shore
layers:
  - generator: waves
    swel: 0.2
    period_s: 100
    shore: gravel
  - generator: breez
  - generator: breeze
    level_db: loud
    gustt: 3
"""
    with pytest.raises(FaultsError) as caught:
        load_bed("shore", library_with(tmp_path, wrong))
    faults = {(f.line, f.column): f for f in caught.value.faults}
    assert [place for place in sorted(faults) if place != (1, 1)] == [
        (4, 5),
        (5, 15),
        (6, 12),
        (7, 16),
        (9, 15),
        (10, 5),
    ]
    messages = [str(fault) for fault in caught.value.faults]
    assert any("unknown key `titel`" in m and "did you mean `title`" in m for m in messages)
    assert faults[4, 5].nearest == "swell"
    assert faults[5, 15].legal == "6.0 to 16.0"
    assert faults[5, 15].seen == "100"
    assert faults[6, 12].legal == "sand, pebble"
    assert faults[7, 16].nearest == "breeze"


def test_a_bed_needs_a_layer(tmp_path: Path):
    with pytest.raises(FaultsError, match="layers"):
        load_bed("shore", library_with(tmp_path, "title: Shore\nlayers: []\n"))


def test_an_unknown_bed_is_answered_with_the_nearest(tmp_path: Path):
    with pytest.raises(UnknownNameError) as caught:
        load_bed("shor", library_with(tmp_path, SHORE))
    assert "shore" in str(caught.value.hint)


def test_all_beds_of_the_starter_library_sound():
    library = Library.find(starter_folder())
    assert {"waves", "forest", "breeze"} <= set(library.bed_names())
    for name in library.bed_names():
        found = load_bed(name, library)
        sound = open_bed(found, 1).read(5 * SECOND, SECOND)
        assert sound.shape == (SECOND, 2)
        assert 1e-3 < np.sqrt(np.mean(sound**2)) < 0.2
        assert found.about


def test_layers_add_up_with_their_levels_to_the_loudness_of_one():
    waves, breeze = layer("waves"), layer("breeze", level_db=-6.0)
    sound = open_bed(bed(waves, breeze), 1).read(0, SECOND)
    together = np.sqrt(1.0 + 10.0**-0.6)
    first = open_bed(bed(waves), 1).read(0, SECOND)
    alone = open_bed(bed(waves, layer("breeze")), 1).read(0, SECOND) * np.sqrt(2.0) - first
    assert sound == pytest.approx((first + alone * 10.0**-0.3) / together, abs=1e-6)
    assert np.abs(alone).max() > 1e-3


def test_a_bed_is_the_same_however_it_is_cut():
    source = open_bed(bed(layer("waves"), layer("breeze")), 1)
    whole = source.read(1000, 100_000)
    fresh = open_bed(bed(layer("waves"), layer("breeze")), 1)
    assert source.channels == 2
    assert np.array_equal(fresh.read(60_000, 30_000), whole[59_000:89_000])


def test_each_layer_has_a_course_of_its_own():
    twice = bed(layer("breeze"), layer("breeze"))
    once = open_bed(bed(layer("breeze")), 1).read(0, SECOND)
    other = open_bed(twice, 1).read(0, SECOND) * np.sqrt(2.0) - once
    assert abs(np.corrcoef(once[:, 0], other[:, 0])[0, 1]) < 0.1
    for changed in (bed(layer("breeze", seed=1)), bed(layer("breeze"), name="cove")):
        assert not np.allclose(open_bed(changed, 1).read(0, SECOND), once)
    assert not np.allclose(open_bed(bed(layer("breeze")), 2).read(0, SECOND), once)


def test_a_digest_tells_what_can_be_heard(monkeypatch: pytest.MonkeyPatch):
    plain = bed(layer("waves"))
    digest = bed_digest(plain)
    assert bed_digest(replace(plain, title="Other", credit="someone")) == digest
    changed = [
        bed(layer("waves"), name="other"),
        bed(layer("waves", level_db=1.0)),
        bed(layer("waves", seed=1)),
        bed(layer("waves"), layer("waves")),
        bed(replace(layer("waves"), options=WavesOptions(swell=0.9))),
    ]
    assert digest not in {bed_digest(other) for other in changed}
    monkeypatch.setattr(Waves, "version", 99)
    assert bed_digest(plain) != digest


def test_ours_come_in_through_the_front_door():
    assert {"breeze", "forest", "waves"} <= set(generator_names())
    assert "bell" in cue_names()
    assert generator_class("breeze") is Breeze
    assert cue_class("bell").name == "bell"


def test_an_unknown_generator_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no ambience generator called `wave`") as caught:
        generator_class("wave")
    assert "did you mean `waves`" in str(caught.value.hint)


@pytest.mark.usefixtures("broken_plug_in")
def test_a_plug_in_that_cannot_be_loaded_says_so(tmp_path: Path):
    with pytest.raises(AmbienceError, match="`avalanche` is installed but cannot be loaded"):
        generator_class("avalanche")
    text = "title: Rain\nlayers:\n  - generator: avalanche\n"
    with pytest.raises(FaultsError, match=r"shore.yaml:3:16: .*cannot be loaded"):
        load_bed("shore", library_with(tmp_path, text))


def test_the_schema_describes_a_bed():
    schema = BedFile.model_json_schema()
    assert set(schema["required"]) == {"title"}


@pytest.fixture
def broken_plug_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    from undersong import plugins  # noqa: PLC0415 - its cache is emptied here

    folder = tmp_path_factory.mktemp("site")
    facts = folder / "raining-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: raining\nVersion: 1.0\n")
    points = "[undersong.ambience]\navalanche = no_such_module:Rain\n"
    (facts / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(folder))
    plugins._found.cache_clear()
    plugins._points.cache_clear()
    yield
    monkeypatch.undo()
    plugins._found.cache_clear()
    plugins._points.cache_clear()
