from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from voices_kit import FAKE, make_library

from undersong.errors import FaultsError, UnknownNameError, VoiceError
from undersong.voices import plugins
from undersong.voices.explain import EngineStatus, explain_engines, explain_voices
from undersong.voices.fake import Fake, FakeOptions
from undersong.voices.registry import engine_class, engine_names, load_voice
from undersong.voices.voice import EngineChoice, Voice

FULL = """\
title: Shore
language: en-us
about: A calm voice.
terms: Yours to use.
credit: Spoken by Shore
lexicon: {Qi: chee, Tai Chi: tie chee}
engines:
  - {engine: fake, pitch_hz: 200}
  - engine: recorded
    folder: takes/shore
"""


def faults_of(text: str, tmp_path: Path) -> list[str]:
    library = make_library(tmp_path, bad=text)
    with pytest.raises(FaultsError) as caught:
        load_voice("bad", library)
    return [
        str(fault).removeprefix(str(tmp_path / "voices" / "bad.yaml"))
        for fault in caught.value.faults
    ]


def test_a_voice_file_says_who_speaks_and_how(tmp_path: Path):
    found = load_voice("shore", make_library(tmp_path, shore=FULL))
    assert found == Voice(
        name="shore",
        title="Shore",
        language="en-US",
        engines=(
            EngineChoice(engine="fake", options=FakeOptions(pitch_hz=200.0)),
            EngineChoice(
                engine="recorded", options=engine_class("recorded").Options(folder="takes/shore")
            ),
        ),
        lexicon={"Qi": "chee", "Tai Chi": "tie chee"},
        about="A calm voice.",
        terms="Yours to use.",
        credit="Spoken by Shore",
    )


def test_every_fault_of_a_voice_file_is_told_at_once_with_its_place(tmp_path: Path):
    text = """\
titel: Shore
language: en_US
engines:
  - {engine: fake, pitch_hz: 20, picth_hz: 3}
  - engine: faek
  - {engine: recorded}
  - {voice: en-US-AvaNeural}
"""
    assert faults_of(text, tmp_path) == [
        ":1:1: `title` is missing",
        ":1:1: unknown key `titel`; legal: about, credit, engines, language, lexicon, terms, title; "
        "did you mean `title`?",
        ":2:11: this is not a language tag (seen: en_US); legal: a BCP 47 tag such as en-US, de or "
        "fr-CA",
        ":4:28: `pitch_hz` is out of range (seen: 20); legal: from 50.0 up to 1000.0",
        ":4:32: unknown key `picth_hz`; legal: break_on, fail_on, marks, pitch_hz, speed, why_not; "
        "did you mean `pitch_hz`?",
        ":5:13: no voice engine called `faek` (seen: faek); legal: edge, espeak, fake, recorded; did "
        "you mean `fake`?",
        ":6:5: `folder` is missing",
        ":7:5: `engine` is missing",
    ]


def test_a_voice_needs_an_engine(tmp_path: Path):
    assert any(
        "engines" in fault for fault in faults_of("title: A\nlanguage: de\nengines: []", tmp_path)
    )


def test_an_unknown_voice_is_named_with_the_nearest(tmp_path: Path):
    library = make_library(tmp_path)
    with pytest.raises(UnknownNameError, match="no voice called `tome`") as caught:
        load_voice("tome", library)
    assert "did you mean `tone`?" in (caught.value.hint or "")


def test_our_engines_come_in_through_the_common_door():
    assert {"edge", "espeak", "fake", "recorded"} <= set(engine_names())
    assert engine_class("fake") is Fake
    for name in engine_names():
        assert engine_class(name).name == name
    with pytest.raises(UnknownNameError, match="no voice engine called `sam`"):
        engine_class("sam")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch):
    """Install an engine whose module cannot be imported."""
    point = EntryPoint(name="broken", value="undersong.no_such_module:Voice", group=plugins.GROUP)
    found = {**plugins._found(), "broken": point}
    monkeypatch.setattr(plugins, "_found", lambda: found)


@pytest.mark.usefixtures("broken")
def test_an_engine_that_cannot_be_loaded_is_a_reason_not_a_crash(tmp_path: Path):
    with pytest.raises(VoiceError, match="`broken` is installed but cannot be loaded"):
        engine_class("broken")
    status = next(status for status in explain_engines() if status.engine == "broken")
    assert "no_such_module" in (status.why_not or "")
    text = FAKE.replace("engine: fake", "engine: broken")
    assert "cannot be loaded" in faults_of(text, tmp_path)[0]


def test_voices_are_listed_with_what_each_engine_can_do_here(tmp_path: Path):
    mute = FAKE + "    why_not: it has lost its voice\n"
    library = make_library(tmp_path, shore=FULL, mute=mute, bad="title: 7: 8")
    found = {status.name: status for status in explain_voices(library)}
    assert found["tone"].engines == (
        EngineStatus(engine="fake", draft=True, online=False, why_not=None),
    )
    assert found["mute"].engines[0].why_not == "it has lost its voice"
    shore = found["shore"]
    assert (shore.title, shore.language, shore.terms) == ("Shore", "en-US", "Yours to use.")
    assert [engine.engine for engine in shore.engines] == ["fake", "recorded"]
    assert "no folder of recorded takes" in (shore.engines[1].why_not or "")
    assert found["bad"].engines == ()
    assert "bad.yaml" in found["bad"].about


def test_installed_engines_are_listed_and_checked_as_far_as_they_can_be():
    found = {status.engine: status for status in explain_engines()}
    assert found["fake"].why_not is None
    assert found["recorded"].why_not is None
    assert found["edge"].online
