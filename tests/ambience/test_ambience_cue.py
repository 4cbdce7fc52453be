"""Cues: made by a maker or read from a file, always stereo at 48 kHz."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from undersong.ambience.cue import open_cue
from undersong.errors import AudioFileError, UnknownNameError
from undersong.recipes.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "sounds").mkdir()
    return Library.find(tmp_path)


def write(library: Library, name: str, sound: np.ndarray, rate: int) -> None:
    soundfile.write(library.root / "sounds" / name, sound, rate, subtype="FLOAT")


def tone(seconds: float, rate: int) -> np.ndarray:
    return 0.5 * np.sin(2.0 * np.pi * 1000.0 * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("sound", ["bell", "singing bowl"])
def test_a_sound_comes_from_its_maker(library: Library, sound: str):
    cue = open_cue(sound, library, 1)
    frames = cue.frames()
    assert frames.shape == (cue.length, 2)
    assert np.array_equal(frames, open_cue(sound, library, 1).frames())
    assert open_cue(sound, library, 1).digest == cue.digest
    assert open_cue(sound, library, 2).digest != cue.digest


def test_a_mono_file_is_heard_on_both_sides_at_our_rate(library: Library):
    write(library, "chime.wav", tone(0.5, 44_100), 44_100)
    cue = open_cue("chime", library, 1)
    frames = cue.frames()
    assert cue.length == 24_000
    assert frames.shape == (24_000, 2)
    assert frames.dtype == np.float32
    assert np.array_equal(frames[:, 0], frames[:, 1])
    assert frames[5_000:15_000].std() == pytest.approx(0.5 / np.sqrt(2.0), rel=0.01)


def test_a_stereo_file_stays_as_it_is(library: Library):
    stereo = np.stack([tone(0.1, 48_000), np.zeros(4_800)], axis=1)
    write(library, "left.wav", stereo, 48_000)
    cue = open_cue("left.wav", library, 1)
    assert cue.frames() == pytest.approx(stereo, abs=1e-6)


def test_many_channels_become_one_on_both_sides(library: Library):
    write(library, "surround.wav", np.tile(tone(0.1, 48_000)[:, None], (1, 6)), 48_000)
    frames = open_cue("surround", library, 1).frames()
    assert frames[:, 0] == pytest.approx(tone(0.1, 48_000), abs=1e-6)
    assert frames.shape == (4_800, 2)


def test_what_a_caller_writes_does_not_come_back(library: Library):
    write(library, "chime.wav", tone(0.1, 48_000), 48_000)
    cue = open_cue("chime", library, 1)
    cue.frames()[:] = 9.0
    assert np.abs(cue.frames()).max() < 1.0


def test_the_digest_is_of_the_file(library: Library):
    write(library, "chime.wav", tone(0.1, 48_000), 48_000)
    first = open_cue("chime", library, 1).digest
    assert open_cue("chime", library, 2).digest == first
    write(library, "chime.wav", tone(0.2, 48_000), 48_000)
    assert open_cue("chime", library, 1).digest != first


def test_an_unknown_sound_is_answered_with_the_nearest(library: Library):
    with pytest.raises(UnknownNameError, match="no sound called `bel`") as caught:
        open_cue("bel", library, 1)
    assert "did you mean `bell`" in str(caught.value.hint)


def test_a_damaged_file_is_named(library: Library):
    (library.root / "sounds" / "chime.wav").write_bytes(b"RIFF, but no sound at all")
    with pytest.raises(AudioFileError, match=r"chime\.wav"):
        open_cue("chime", library, 1)
