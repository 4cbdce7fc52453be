import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from undersong.errors import VoiceError
from undersong.testing.engines import check_engine, sentence
from undersong.voices.contract import RawTake
from undersong.voices.fake import Fake, FakeOptions
from undersong.voices.trim import survey

LINE = sentence("Let yourself arrive.")


def say(options: FakeOptions, rate: float = 1.0) -> RawTake:
    return Fake(options, Path()).say(sentence("Let yourself arrive.", rate=rate))


def length_s(take: RawTake) -> float:
    return float(soundfile.info(io.BytesIO(take.audio)).duration)


@pytest.mark.parametrize("options", [FakeOptions(), FakeOptions(marks=False, pitch_hz=90, speed=2)])
def test_it_keeps_the_contract(options: FakeOptions, tmp_path: Path) -> None:
    check_engine(Fake, options, tmp_path)


def test_it_sounds_while_its_marks_say_so_and_not_otherwise() -> None:
    take = say(FakeOptions())
    samples, rate = soundfile.read(io.BytesIO(take.audio))
    sounding = np.zeros(len(samples), bool)
    for mark in take.marks:
        start, length = round(mark.start_s * rate), round(mark.length_s * rate)
        assert np.abs(samples[start : start + length]).max() > 0.2
        sounding[start : start + length] = True
    assert not np.any(samples[~sounding])
    assert [mark.word for mark in take.marks] == [0, 1, 2]


def test_rate_and_speed_change_the_length() -> None:
    spoken_s = length_s(say(FakeOptions()))
    assert length_s(say(FakeOptions(), rate=0.5)) > spoken_s > length_s(say(FakeOptions(speed=2)))


def test_switches_show_how_engines_fail() -> None:
    assert Fake(FakeOptions(why_not="no"), Path()).check() == "no"
    with pytest.raises(VoiceError, match="told to fail on `arrive`"):
        say(FakeOptions(fail_on="arrive"))
    with pytest.raises(VoiceError, match="no sound"):
        survey(say(FakeOptions(break_on="arrive")))
    assert say(FakeOptions(marks=False)).marks == ()
