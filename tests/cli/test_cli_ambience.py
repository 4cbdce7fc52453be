"""`undersong ambience`: listing, seeing, hearing, rendering, and bringing recordings in."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.cli import ambience
from undersong.units import SAMPLE_RATE


@pytest.fixture
def recording(library: Path) -> Path:
    path = library / "My brook.wav"
    sound = Breeze(BreezeOptions(), 3).read(0, 12 * SAMPLE_RATE)
    soundfile.write(path, sound, int(SAMPLE_RATE), subtype="PCM_24")
    return path


def test_a_recording_becomes_a_bed_that_renders(undersong, library, recording):
    outcome = undersong("ambience", "add", recording, "--licence", "CC-BY-4.0", "--credit", "me")
    assert outcome.code == 0
    assert "Not to be published" not in outcome.err
    assert (library / "ambience" / "my-brook.yaml").is_file()
    assert undersong("ambience", "render", "my-brook", "--length", "3s", "--out", "a.wav").code == 0
    sound, rate = soundfile.read("a.wav", always_2d=True)
    assert (len(sound), rate) == (3 * SAMPLE_RATE, SAMPLE_RATE)
    assert 0.005 < np.sqrt(np.mean(sound**2)) < 0.2
    beds = {bed["name"]: bed for bed in json.loads(undersong("ambience", "--json").out)}
    assert beds["my-brook"]["kind"] == "recorded"
    assert beds["my-brook"]["layers"] == ["my-brook.flac"]
    assert beds["my-brook"]["licence"] == "CC-BY-4.0"
    assert "CC-BY-4.0" in undersong("ambience", "list").out


def test_a_track_can_play_it(undersong, library, recording):
    undersong("ambience", "add", recording, "--name", "brook")
    recipe = library / "recipes" / "rest.md"
    recipe.write_text(recipe.read_text().replace("ambience: breeze", "ambience: brook"))
    assert undersong("render", "rest", "--out", "out").code == 0
    assert list(Path("out").rglob("*.wav"))


def test_without_licence_and_credit_it_says_what_is_missing(undersong, recording):
    outcome = undersong("ambience", "add", recording)
    assert outcome.code == 0
    assert "no licence" in outcome.err
    assert "no credit" in outcome.err


def test_on_a_terminal_it_asks(undersong, recording, monkeypatch):
    answers = iter(["CC0-1.0", "somebody"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(ambience.typer, "prompt", lambda *_words, **_more: next(answers))
    outcome = undersong("ambience", "add", recording)
    assert "Not to be published" not in outcome.err
    assert "somebody" in undersong("ambience").out


def test_facts_come_as_json_too(undersong, recording):
    facts = json.loads(undersong("ambience", "add", recording, "--json").out)
    assert facts["length_s"] == pytest.approx(12.0)
    assert facts["hum_hz"] == []
    assert facts["loop_s"] is None


def test_a_name_is_taken_once(undersong, recording):
    undersong("ambience", "add", recording)
    again = undersong("ambience", "add", recording)
    assert again.code == 5
    assert "there is already" in again.err


def test_a_bed_is_drawn(undersong, library):
    assert undersong("ambience", "show", "waves", "--length", "5s").code == 0
    with Image.open(library / "build" / "ambience" / "waves.png") as picture:
        assert picture.size == (1200, 680)
        colours = picture.convert("RGB").getcolors(1 << 20)
    assert len(colours) > 100
    assert undersong("ambience", "show", "waves", "--length", "200ms", "--out", "x.png").code == 0


def test_a_bed_is_played_from_anywhere(undersong, library, monkeypatch):
    played = []
    monkeypatch.setattr("undersong.cli.playing.play_file", played.append)
    assert undersong("ambience", "play", "breeze", "--at", "2h", "--for", "1s").code == 0
    assert played == [library / "build" / "ambience" / "breeze.wav"]
    sound, _ = soundfile.read(played[0], always_2d=True)
    start = 7200 * SAMPLE_RATE
    assert len(sound) == SAMPLE_RATE
    assert undersong("ambience", "render", "breeze", "--length", "1s", "--out", "b.wav").code == 0
    assert not np.array_equal(soundfile.read("b.wav")[0], sound)
    assert start > 0


@pytest.mark.parametrize(
    "words",
    [
        ("render", "waves", "--length", "13h", "--out", "x.wav"),
        ("play", "waves", "--for", "2h"),
        ("show", "waves", "--length", "2h"),
    ],
)
def test_lengths_have_a_limit(undersong, words):
    outcome = undersong("ambience", *words)
    assert outcome.code == 2
    assert "too long; up to" in outcome.err or "longer than any" in outcome.err


def test_a_broken_bed_does_not_hide_the_others(undersong, library):
    (library / "ambience").mkdir(exist_ok=True)
    (library / "ambience" / "bad.yaml").write_text("title: x\nplace: waves\ntime: noon\n")
    (library / "ambience" / "odd.yaml").write_text("title: x\nplace: bad\n")
    outcome = undersong("ambience")
    assert outcome.code == 0
    assert "bad.yaml:3:7" in outcome.err
    assert "waves" in outcome.out
