import io

import pytest
import soundfile
from programs_kit import FLITE, program
from pydantic import ValidationError

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices.contract import Request, SpokenWord
from undersong.voices.flite import Flite, FliteOptions


@pytest.fixture
def path(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    monkeypatch.setenv("PATH", str(folder))
    program(folder / "flite", FLITE)
    return folder / "flite"


def made(root, **options):
    return Flite(FliteOptions(**options), root)


def length_s(take):
    return soundfile.info(io.BytesIO(take.audio)).duration


def test_it_keeps_the_contract(path, tmp_path):
    check_engine(Flite, FliteOptions(), tmp_path)


def test_it_is_a_draft_voice():
    assert (Flite.draft, Flite.online, Flite.repeatable) == (True, False, True)


def test_rate_and_stretch_reach_the_program(path, tmp_path):
    usual = length_s(made(tmp_path, stretch=1.0).say(sentence("Let go.")))
    assert usual == pytest.approx(0.05 * 7)
    assert length_s(made(tmp_path, stretch=1.5).say(sentence("Let go."))) == pytest.approx(
        1.5 * usual
    )
    assert length_s(
        made(tmp_path, stretch=1.0).say(sentence("Let go.", rate=0.5))
    ) == pytest.approx(2 * usual)


def test_a_program_that_is_not_there_is_told_with_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = made(tmp_path)
    assert "apt install flite" in str(engine.check())
    assert engine.fingerprint == "flite, not installed"
    with pytest.raises(VoiceError, match="not installed"):
        engine.say(sentence("Rest."))


def test_a_voice_that_it_lacks_is_named(path, tmp_path):
    assert "no voice `rsm`; it has kal," in str(made(tmp_path, voice="rsm").check())


def test_its_complaint_is_quoted(path, tmp_path):
    with pytest.raises(VoiceError, match=r"`flite` failed \(exit code 1\): .*my throat"):
        made(tmp_path).say(sentence("I am hoarse."))


def test_a_program_that_writes_nothing_is_an_error(path, tmp_path):
    with pytest.raises(VoiceError, match=r"flite wrote nothing for 'Be silent\.'"):
        made(tmp_path).say(sentence("Be silent."))


def test_a_program_that_is_no_flite_is_a_reason(path, tmp_path):
    path.write_bytes(b"\x7fELF, but not quite")
    assert "cannot be started" in str(made(tmp_path).check())


def test_nothing_to_say_is_an_error(path, tmp_path):
    words = (SpokenWord(text="…"),)
    with pytest.raises(VoiceError, match="nothing to say"):
        made(tmp_path).say(Request(words=words, written="…", language="en-US"))


def test_the_fingerprint_is_that_of_the_program(path, tmp_path):
    before = made(tmp_path).fingerprint
    program(path, FLITE + "# newer\n")
    assert made(tmp_path).fingerprint != before


@pytest.mark.parametrize("options", [{"voice": "slt;rm"}, {"voice": ""}, {"stretch": 9}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValidationError):
        FliteOptions(**options)
