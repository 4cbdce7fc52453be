from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from voices_kit import FAKE, make_library

from undersong import plugins
from undersong.errors import FaultsError, UnknownNameError, VoiceError
from undersong.voices.explain import EngineStatus, explain_engines, explain_voices
from undersong.voices.fake import Fake, FakeOptions
from undersong.voices.recorded import RecordedOptions
from undersong.voices.registry import engine_class, engine_names, load_voice
from undersong.voices.voice import EngineChoice, Voice, VoiceFile

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


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "undersong.voices.edge.engine.why_unreachable", lambda *_: "no network in tests"
    )


def faults_of(text: str, tmp_path: Path) -> list[str]:
    library = make_library(tmp_path, bad=text)
    with pytest.raises(FaultsError) as caught:
        load_voice("bad", library)
    return [
        str(fault).removeprefix(str(tmp_path / "voices" / "bad.yaml"))
        for fault in caught.value.faults
    ]


def test_a_voice_file_says_who_speaks_and_how(tmp_path: Path) -> None:
    found = load_voice("shore", make_library(tmp_path, shore=FULL))
    assert found == Voice(
        name="shore",
        title="Shore",
        language="en-US",
        engines=(
            EngineChoice(engine="fake", options=FakeOptions(pitch_hz=200.0)),
            EngineChoice(engine="recorded", options=RecordedOptions(folder="takes/shore")),
        ),
        lexicon={"Qi": "chee", "Tai Chi": "tie chee"},
        about="A calm voice.",
        terms="Yours to use.",
        credit="Spoken by Shore",
    )


def test_every_fault_of_a_voice_file_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    text = """\
titel: Shore
language: en_US
engines:
  - {engine: fake, pitch_hz: 20, picth_hz: 3}
  - engine: faek
  - {engine: recorded}
  - {voice: en-US-AvaNeural}
"""
    known = "about, credit, engines, even_db, language, lexicon, terms, title, tone"
    options = "break_on, engine, fail_on, marks, pitch_hz, speed, tone, why_not"
    engines, near = ", ".join(engine_names()), "did you mean `fake`?"
    tags = "a BCP 47 tag such as en-US, de or fr-CA"
    assert faults_of(text, tmp_path) == [
        ":1:1: `title` is missing",
        f":1:1: unknown key `titel`; legal: {known}; did you mean `title`?",
        f":2:11: this is not a language tag (seen: en_US); legal: {tags}",
        ":4:30: `pitch_hz` is out of range (seen: 20); legal: 50.0 to 1000.0",
        f":4:34: unknown key `picth_hz`; legal: {options}; did you mean `pitch_hz`?",
        f":5:13: no voice engine called `faek` (seen: faek); legal: {engines}; {near}",
        ":6:5: `folder` is missing",
        ":7:5: `engine` is missing",
    ]


def test_a_voice_needs_an_engine(tmp_path: Path) -> None:
    assert any(
        "engines" in fault for fault in faults_of("title: A\nlanguage: de\nengines: []", tmp_path)
    )


def test_an_unknown_voice_is_named_with_the_nearest(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    with pytest.raises(UnknownNameError, match="no voice called `tome`") as caught:
        load_voice("tome", library)
    assert "did you mean `tone`?" in (caught.value.hint or "")


def test_our_engines_come_in_through_the_common_door() -> None:
    assert {"edge", "espeak", "fake", "recorded"} <= set(engine_names())
    assert engine_class("fake") is Fake
    for name in engine_names():
        assert engine_class(name).name == name
    with pytest.raises(UnknownNameError, match="no voice engine called `sam`"):
        engine_class("sam")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install an engine whose module cannot be imported."""
    point = EntryPoint(
        name="broken", value="undersong.no_such_module:Voice", group="undersong.voices"
    )
    monkeypatch.setitem(plugins._found("undersong.voices"), "broken", point)


@pytest.mark.usefixtures("broken")
def test_an_engine_that_cannot_be_loaded_is_a_reason_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="`broken` is installed but cannot be loaded"):
        engine_class("broken")
    status = next(status for status in explain_engines() if status.engine == "broken")
    assert "no_such_module" in (status.why_not or "")
    text = FAKE.replace("engine: fake", "engine: broken")
    assert "cannot be loaded" in faults_of(text, tmp_path)[0]


def test_the_schema_knows_every_engine_and_its_options() -> None:
    schema = VoiceFile.model_json_schema()
    good = {"title": "T", "language": "de", "engines": [{"engine": "recorded", "folder": "takes"}]}
    jsonschema.validate(good, schema)
    for entry in ({"engine": "recorded"}, {"engine": "sam"}, {"engine": "fake", "folder": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(good | {"engines": [entry]}, schema)
    assert set(schema["$defs"]["Edge"]["properties"]) == {
        "engine",
        "tone",
        "voice",
        "rate_percent",
        "pitch_hz",
        "proxy",
    }


@pytest.mark.usefixtures("broken")
def test_the_schema_names_an_engine_that_cannot_be_loaded() -> None:
    part = VoiceFile.model_json_schema()["$defs"]["Broken"]
    assert "cannot be loaded" in part["description"]


def test_voices_are_listed_with_what_each_engine_can_do_here(tmp_path: Path) -> None:
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
    assert "bad.yaml:1:" in (found["bad"].engines[0].why_not or "")


def test_terms_of_an_engine_are_told_where_the_voice_file_is_silent(tmp_path: Path) -> None:
    silent = "title: Silent\nlanguage: en\nengines: [{engine: edge}, {engine: fake}]\n"
    told = silent + "terms: Ask me first.\n"
    library = make_library(tmp_path, silent=silent, told=told)
    terms = {status.name: status.terms for status in explain_voices(library)}
    assert "not for commercial use" in terms["silent"]
    assert terms["told"] == "Ask me first."
    assert terms["tone"] == ""


def test_installed_engines_are_listed_and_checked_as_far_as_they_can_be() -> None:
    found = {status.engine: status for status in explain_engines()}
    assert found["fake"].why_not is None
    assert found["recorded"].why_not is None
    assert found["edge"].online
    assert "no network in tests" in (found["edge"].why_not or "")
