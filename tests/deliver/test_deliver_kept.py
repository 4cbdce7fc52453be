"""Tracks that were made before come from the cache: nothing is mixed, the bytes are the same."""

import json
import os
import shutil
from pathlib import Path

import pytest
from track_kit import change, contents

from undersong.batch.state import read_state
from undersong.deliver import again, companions, kept
from undersong.mix.mixer import Mixer
from undersong.store.kinds import FILES

BLOCKS = ("_write_mix", "_lane_block", "_bed_block", "_ducked_block")


@pytest.fixture
def many(library):
    change(library, "[wav]", "[mp3, flac, opus, wav]")
    return library


@pytest.fixture
def nothing_is_made(monkeypatch):
    """Return a function that lets nothing be mixed, encoded or drawn from then on."""

    def never(*_args, **_named):
        raise AssertionError("this should have come from the cache")

    def forbid():
        for name in BLOCKS:
            monkeypatch.setattr(Mixer, name, never)
        monkeypatch.setattr(again, "deliver", never)
        monkeypatch.setattr(companions, "draw", never)

    return forbid


def render(undersong, *words):
    """Render, return what was said and whether the track came from the cache."""
    outcome = undersong("render", "rest", *words)
    assert outcome.code == 0, outcome.err
    return outcome.out.splitlines()[0].endswith(", from the cache")


def test_a_track_that_is_gone_comes_back_byte_for_byte(many, undersong, nothing_is_made):
    words = ("--stems", "--picture")
    assert not render(undersong, *words)
    before = contents(many / "build/rest")
    assert len(before) == 4 + 3 + 4 + 1 + 1
    shutil.rmtree(many / "build")
    nothing_is_made()
    assert render(undersong, *words)
    assert contents(many / "build/rest") == before
    assert "nothing has changed" in undersong("render", "rest", *words).out


def test_a_brought_track_is_what_a_cache_that_knows_nothing_would_make(
    many, undersong, monkeypatch, tmp_path
):
    render(undersong)
    assert render(undersong, "--out", tmp_path / "brought")
    monkeypatch.setenv("UNDERSONG_CACHE", str(tmp_path / "another cache"))
    assert not render(undersong, "--out", tmp_path / "made")
    assert contents(tmp_path / "brought/rest") == contents(tmp_path / "made/rest")


@pytest.mark.parametrize(
    ("old", "new"),
    [("Rest here.", "Rest there."), ("title: A short rest", "title: Long"), ("flac, ", "")],
)
def test_an_edit_that_is_taken_back_makes_nothing(many, undersong, nothing_is_made, old, new):
    render(undersong)
    before = contents(many / "build/rest")
    change(many, old, new)
    assert undersong("render", "rest").code == 0
    assert contents(many / "build/rest") != before
    change(many, *((new, old) if new else ("[mp3, ", "[mp3, flac, ")))
    nothing_is_made()
    assert render(undersong)
    assert contents(many / "build/rest") == before


def test_only_what_is_not_kept_is_made(many, undersong, encoded):
    render(undersong)
    before = contents(many / "build/rest")
    with (many / "build/rest/rest.flac").open("r+b") as file:  # as a tag editor might
        file.write(b"tags of another program")
    (many / "build/rest/rest.opus").unlink()
    assert not render(undersong)
    assert encoded == [("mp3", "flac", "opus", "wav"), ("flac",)]
    assert contents(many / "build/rest") == before


def test_companions_that_are_asked_for_later_are_made_alone(many, undersong, encoded):
    render(undersong)
    assert not render(undersong, "--picture")
    assert not render(undersong, "--stems")
    assert encoded == [("mp3", "flac", "opus", "wav")]
    assert render(undersong, "--stems", "--picture")


def test_force_makes_what_is_kept(many, undersong, encoded):
    render(undersong)
    assert not render(undersong, "--force")
    assert encoded == [("mp3", "flac", "opus", "wav")] * 2


@pytest.mark.parametrize("which", ["_tools", "_encoder"])
def test_other_tools_make_everything_that_they_reach_anew(
    many, undersong, encoded, monkeypatch, which
):
    render(undersong)
    shutil.rmtree(many / "build")
    monkeypatch.setattr(kept, which, lambda: "of another version")
    render(undersong)
    reached = {"_tools": ("mp3", "flac", "opus", "wav"), "_encoder": ("mp3", "opus")}
    assert encoded[1:] == [reached[which]]


def test_the_encoder_is_told_from_others_by_name_and_size(monkeypatch, tmp_path):
    binary = tmp_path / "ffmpeg"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    told = []
    for found in (str(binary), "ffmpeg", None):
        monkeypatch.setattr(kept, "ffmpeg", lambda found=found: found)
        told.append(kept._encoder.__wrapped__())
    assert told == ["ffmpeg 10", "ffmpeg 10", ""]


def test_files_that_a_track_no_longer_has_go_when_it_is_brought(many, undersong, nothing_is_made):
    change(many, "[mp3, flac, opus, wav]", "[mp3]")
    render(undersong)
    before = contents(many / "build/rest")
    change(many, "[mp3]", "[flac]")
    render(undersong, "--stems")
    change(many, "[flac]", "[mp3]")
    nothing_is_made()
    assert render(undersong)
    assert contents(many / "build/rest") == before


def test_a_hearing_that_is_asked_for_later_needs_no_render(library, undersong, monkeypatch):
    class Heard:
        def as_json(self):
            return {"heard_share": 1.0, "doubtful": [], "failed": []}

    monkeypatch.setattr("undersong.render.heard_well", lambda *_: Heard())
    render(undersong)
    assert render(undersong, "--listen")
    manifest = json.loads((library / "build/rest/manifest.json").read_text())
    assert manifest["hearing"] == Heard().as_json()


def test_destinations_that_ask_for_the_same_share_what_is_made(library, undersong):
    settings = library / "undersong.yaml"
    settings.write_text(
        settings.read_text()
        + "destinations:\n  shop: {formats: [wav]}\n  clinic: {formats: [wav, flac]}\n"
    )
    outcome = undersong("build")
    assert outcome.code == 0, outcome.err
    one, other = (library / "build" / name / "rest" for name in ("shop", "clinic"))
    assert contents(one)["rest.wav"] == contents(other)["rest.wav"]
    assert not (one / "rest.wav").samefile(other / "rest.wav")
    assert len(list((Path(os.environ["UNDERSONG_CACHE"]) / FILES.name).rglob("*.file"))) == 2


def test_a_track_that_comes_from_the_cache_is_told_as_such(library, undersong):
    assert undersong("build").out.startswith("1 made in ")
    shutil.rmtree(library / "build/rest")
    outcome = undersong("build")
    assert outcome.out.startswith("1 from the cache in ")
    assert "rest: 0:25.289, from the cache, in " in outcome.err
    (track,) = json.loads((library / "build/report.json").read_text())["tracks"]
    assert track["state"] == "from the cache"
    assert "from the cache" in (library / "build/report.html").read_text()
    shutil.rmtree(library / "build")
    events = [json.loads(line) for line in undersong("build", "--json").out.splitlines()]
    made, ended = events[-2:]
    assert (made["event"], made["rendered"], made["brought"]) == ("made", False, True)
    assert (ended["made"], ended["brought"], ended["up_to_date"]) == (0, 1, 0)
    assert "bringing from the cache" in {event.get("stage") for event in events}


def test_what_bringing_costs_is_never_taken_for_what_making_costs(library, undersong):
    def cost_s():
        assert undersong("build").code == 0
        return read_state(library / "build").tracks["rest"].cost_s

    made_s = cost_s()
    assert made_s > 0
    shutil.rmtree(library / "build/rest")
    assert cost_s() == made_s
    shutil.rmtree(library / "build")
    assert cost_s() == 0  # nobody knows
