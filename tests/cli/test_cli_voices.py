import json

import numpy as np
import pytest
import soundfile
from onnx_kit import tiny_piper

LOW = "title: Low\nlanguage: de-DE\nterms: Ask first.\nengines:\n  - {engine: fake, pitch_hz: 90}\n"
NEURAL = "title: N\nlanguage: en-GB\nengines:\n  - {engine: piper, model: models/none.onnx}\n"


@pytest.fixture
def voices(library):
    (library / "voices" / "low.yaml").write_text(LOW)
    (library / "voices" / "neural.yaml").write_text(NEURAL)
    return library


@pytest.fixture
def played(monkeypatch):
    from undersong.preview.player import Player  # noqa: PLC0415 - only here

    paths = []
    player = Player(name="ear", found=lambda: True, play=paths.append)
    monkeypatch.setattr("undersong.preview.player.PLAYERS", (player,))
    return paths


def names(outcome):
    return {voice["name"] for voice in json.loads(outcome.out)}


@pytest.mark.parametrize("words", [["voices"], ["voices", "list"]])
def test_voices_are_listed_with_reasons_and_terms(voices, undersong, words):
    outcome = undersong(*words)
    assert outcome.code == 0
    assert "there is no none.onnx in" in outcome.out
    assert "ready" in outcome.out
    assert "Ask first." in outcome.out


@pytest.mark.parametrize("words", [["voices"], ["voices", "list"]])
def test_voices_are_filtered_by_language_and_not_by_letters(voices, undersong, words):
    assert names(undersong(*words, "--language", "de", "--json")) == {"low"}
    assert names(undersong(*words, "--language", "en-gb", "--json")) == {"neural"}
    assert names(undersong(*words, "--language", "d", "--json")) == set()


def test_a_missing_extra_is_shown_with_its_brackets(voices, undersong, monkeypatch):
    from undersong.voices import onnx_model  # noqa: PLC0415 - only here

    monkeypatch.setattr(onnx_model.importlib.util, "find_spec", lambda _name: None)
    assert "'undersong[neural]'" in undersong("voices").out


def test_a_line_is_said_and_played(voices, undersong, played):
    outcome = undersong("voices", "say", "Let go. [1s] Rest.", "--voice", "low")
    assert outcome.code == 0, outcome.err
    assert played == [voices / "build" / "voices" / "low.wav"]
    assert "low: fake, a draft voice" in outcome.err
    frames, rate = soundfile.read(played[0])
    assert (rate, frames.ndim) == (48_000, 1)
    assert np.abs(frames).max() > 0.05


def test_a_line_is_said_by_the_library_s_voice_into_a_file(voices, undersong, played):
    settings = voices / "undersong.yaml"
    settings.write_text(f"{settings.read_text()}defaults:\n  voice: tone\n")
    outcome = undersong("voices", "say", "Let go.", "--out", voices / "line.flac")
    assert outcome.code == 0, outcome.err
    assert soundfile.info(voices / "line.flac").subtype == "PCM_24"
    assert "tone: fake" in outcome.err
    assert played == []


def test_without_a_player_it_says_where_the_file_is(voices, undersong, monkeypatch):
    monkeypatch.setattr("undersong.preview.player.PLAYERS", ())
    assert "low.wav" in undersong("voices", "say", "Rest.", "--voice", "low").out


def test_a_player_that_fails_is_told(voices, undersong, monkeypatch):
    from undersong.preview.player import Player, PlayingError  # noqa: PLC0415 - only here

    def fail(_path):
        raise PlayingError("no device")

    player = Player(name="ear", found=lambda: True, play=fail)
    monkeypatch.setattr("undersong.preview.player.PLAYERS", (player,))
    assert "could not play it: no device" in (
        undersong("voices", "say", "Rest.", "--voice", "low").out
    )


def test_two_voices_say_one_line_at_one_level(voices, undersong, played, tmp_path):
    outcome = undersong("voices", "compare", "tone", "low", "Let yourself arrive.")
    assert outcome.code == 0, outcome.err
    assert [path.name for path in played] == ["tone.wav", "low.wav"]
    levels = [np.sqrt(np.mean(soundfile.read(path)[0] ** 2)) for path in played]
    assert max(levels) / min(levels) < 1.6
    folder = tmp_path / "both"
    outcome = undersong("voices", "compare", "tone", "low", "Rest.", "--out", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["low.wav", "tone.wav"]
    assert len(played) == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("say", "Rest.", "--voice", "lov"), 3, "did you mean `low`"),
        (("say", "Rest.", "--voice", "neural"), 4, "there is no none.onnx"),
        (("say", "Rest. [4x]", "--voice", "low"), 3, "4x"),
        (("say", "Rest.", "--engine", "espek"), 3, "did you mean `espeak`"),
        (("say", "Rest.", "--voice", "low", "--engine", "command"), 4, "says nothing about"),
        (("compare", "low", "tome", "Rest."), 3, "did you mean `tone`"),
        (("add", "nowhere.onnx"), 4, "there is no file nowhere.onnx"),
    ],
)
def test_wrong_words_are_answered(voices, undersong, words, code, said):
    outcome = undersong("voices", *words)
    assert (outcome.code, said in outcome.err) == (code, True), outcome.err


def test_a_voice_is_added_and_speaks(voices, undersong, tmp_path):
    path = tiny_piper(tmp_path / "calm.onnx", language={"code": "en_US"})
    (tmp_path / "MODEL_CARD").write_text("License: CC0\n")
    outcome = undersong("voices", "add", path, "--size", path.stat().st_size)
    assert outcome.code == 0, outcome.err
    assert "Licence of the voice: CC0" in outcome.out
    assert "--voice calm" in outcome.out
    said = undersong("voices", "say", "Let go.", "--voice", "calm", "--out", tmp_path / "x.wav")
    assert "calm: piper, " in said.err
    assert undersong("voices", "add", path).code == 7


def test_a_voice_that_is_not_what_it_should_be_is_refused(voices, undersong, tmp_path):
    path = tiny_piper(tmp_path / "calm.onnx")
    outcome = undersong("voices", "add", path, "--sha256", "0" * 64)
    assert (outcome.code, "has the sha256" in outcome.err) == (4, True)


def test_an_added_voice_that_lacks_the_extra_says_so(voices, undersong, tmp_path, monkeypatch):
    from undersong.voices import onnx_model  # noqa: PLC0415 - only here

    monkeypatch.setattr(onnx_model.importlib.util, "find_spec", lambda _name: None)
    path = tiny_piper(tmp_path / "calm.onnx")
    outcome = undersong("voices", "add", path)
    assert outcome.code == 0
    assert "pip install 'undersong[neural]'" in outcome.err
