"""Tags that change are written into files that are there: the bytes are those of a fresh render."""

import json

import pytest
from track_kit import change

FILES = ("rest.mp3", "rest.flac", "rest.opus", "rest.wav")


@pytest.fixture
def many(library):
    change(library, "[wav]", "[mp3, flac, opus, wav]")
    return library


def expect_fresh(library, undersong, tmp_path, *more):
    """Whatever was there before, all bytes are those of a render into an empty folder."""
    fresh = tmp_path / "fresh"
    assert undersong("render", "rest", "--force", "--out", fresh, *more).code == 0
    for path in sorted((fresh / "rest").rglob("*")):
        if path.is_file():
            name = path.relative_to(fresh / "rest")
            assert (library / "build/rest" / name).read_bytes() == path.read_bytes(), name


def test_a_changed_title_encodes_only_what_cannot_be_tagged_anew(
    many, undersong, encoded, tmp_path
):
    assert undersong("render", "rest").code == 0
    change(many, "title: A short rest", "title: A much longer title for the same short rest")
    settings = many / "undersong.yaml"
    settings.write_text(settings.read_text().replace("Somebody", "Somebody else"))
    assert undersong("render", "rest").code == 0
    assert encoded == [("mp3", "flac", "opus", "wav"), ("wav",)]
    expect_fresh(many, undersong, tmp_path)
    encoded.clear()
    assert undersong("render", "rest").code == 0
    assert encoded == []


def test_a_format_that_is_added_is_encoded_alone(many, undersong, encoded, tmp_path):
    change(many, "[mp3, flac, opus, wav]", "[flac]")
    assert undersong("render", "rest").code == 0
    change(many, "[flac]", "[mp3, flac]")
    assert undersong("render", "rest").code == 0
    assert encoded == [("flac",), ("mp3",)]
    expect_fresh(many, undersong, tmp_path)
    made = json.loads((many / "build/rest/manifest.json").read_text())
    assert [item["format"] for item in made["deliverables"]] == ["mp3", "flac"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("Rest here.", "Rest there."), ("meditation", "sleep"), ("out: 3s", "out: 2s")],
)
def test_another_sound_is_encoded(many, undersong, encoded, old, new):
    change(many, "[mp3, flac, opus, wav]", "[flac, mp3]")
    assert undersong("render", "rest").code == 0
    change(many, old, new)
    assert undersong("render", "rest").code == 0
    assert encoded == [("flac", "mp3")] * 2


@pytest.mark.parametrize("damage", [lambda p: p.write_bytes(b"mine"), lambda p: p.unlink()])
def test_a_file_that_somebody_changed_is_encoded(many, undersong, encoded, tmp_path, damage):
    change(many, "[mp3, flac, opus, wav]", "[flac, mp3]")
    assert undersong("render", "rest").code == 0
    change(many, "title: A short rest", "title: Another")
    damage(many / "build/rest/rest.mp3")
    assert undersong("render", "rest").code == 0
    assert encoded == [("flac", "mp3"), ("mp3",)]
    expect_fresh(many, undersong, tmp_path)


def test_what_is_forced_is_encoded(many, undersong, encoded):
    change(many, "[mp3, flac, opus, wav]", "[flac]")
    for _ in range(2):
        assert undersong("render", "rest", "--force").code == 0
    assert encoded == [("flac",)] * 2
