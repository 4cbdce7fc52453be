"""The manifest file: stable bytes, JSON that any program reads."""

import json
import math

import pytest

from undersong.deliver.certificate import write_manifest
from undersong.errors import OutputError
from undersong.manifest import ChapterMark, Deliverable, Levels, Manifest, read_manifest
from undersong.units import Dbtp, Lu, Lufs

LEVELS = Levels(
    integrated_lufs=Lufs(-16.0),
    short_term_max_lufs=Lufs(-math.inf),
    momentary_max_lufs=Lufs(-12.25),
    range_lu=Lu(0),
    true_peak_dbtp=Dbtp(-1.5),
    length_s=2.0,
)
MANIFEST = Manifest(
    undersong="0.1.0",
    slug="shore",
    recipe="shore.md",
    title="Übung",
    author="A",
    album="B",
    language="de",
    digest="d" * 64,
    draft=False,
    voice="shore",
    engine="fake",
    engine_version="1",
    ambience=("waves",),
    style="directive",
    about={"time": "evening"},
    length_s=2.0,
    profile="podcast",
    target_lufs=-16.0,
    ceiling_dbtp=-1.0,
    programme=LEVELS,
    anchor="programme",
    aim_lufs=-16.0,
    speech_lufs=-17.5,
    limited_share=0.0,
    chapters=(ChapterMark(title="One", start_s=0, end_s=2),),
    deliverables=(
        Deliverable(
            format="wav",
            file="shore.wav",
            size_bytes=9,
            sha256="s" * 64,
            levels=LEVELS,
            gain_db=1.0,
            ceiling_dbtp=-1.0,
            encodes=1,
        ),
    ),
)


def no_constants(name: str) -> None:
    raise AssertionError(name)


def test_a_manifest_is_plain_json_with_a_last_newline(tmp_path):
    path = tmp_path / "manifest.json"
    write_manifest(path, MANIFEST)
    text = path.read_text(encoding="utf-8")
    value = json.loads(text, parse_constant=no_constants)
    assert text.endswith("}\n")
    assert "Übung" in text
    assert value["chapters"] == [{"title": "One", "start_s": 0, "end_s": 2}]
    assert value["programme"]["short_term_max_lufs"] is None
    assert value["deliverables"][0]["levels"]["momentary_max_lufs"] == -12.25
    assert list(value) == sorted(value)


def test_the_same_manifest_gives_the_same_bytes_and_is_read_back(tmp_path):
    write_manifest(tmp_path / "a.json", MANIFEST)
    write_manifest(tmp_path / "b.json", MANIFEST)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    value = read_manifest(tmp_path / "a.json")
    assert value is not None
    assert value["slug"] == "shore"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'"text"'])
def test_what_is_not_whole_is_no_manifest(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    assert read_manifest(path) is None


def test_no_file_is_no_manifest(tmp_path):
    assert read_manifest(tmp_path / "manifest.json") is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError):
        write_manifest(tmp_path / "out" / "manifest.json", MANIFEST)
