"""Stems and other sounds written as they are."""

import numpy as np
import pytest
import soundfile
from deliver_sounds import LENGTH, Held, narrated, room_for

from undersong.deliver.sound import write_sound, write_stem
from undersong.errors import OutputError


def test_a_stem_is_what_the_source_is(tmp_path):
    frames = narrated() * np.float32(3)  # beyond full scale, which floats can hold
    path, ticks = tmp_path / "stems" / "voice.wav", list[int]()
    write_stem(path, Held(frames), LENGTH, ticks.append)
    read, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 48_000
    assert soundfile.info(path).subtype == "FLOAT"
    np.testing.assert_array_equal(read, frames)
    assert sum(ticks) == LENGTH


def test_a_mono_stem_stays_mono(tmp_path):
    path = tmp_path / "voice.wav"
    write_stem(path, Held(narrated()[:, :1].copy()), 5000)
    assert soundfile.info(path).channels == 1
    assert soundfile.info(path).frames == 5000


def test_a_stem_on_a_full_disk_leaves_nothing(tmp_path):
    with room_for(10_000), pytest.raises(OutputError, match=r"voice\.wav"):
        write_stem(tmp_path / "voice.wav", Held(narrated()), LENGTH)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["bed.wav", "bed.flac"])
@pytest.mark.parametrize("missing", [1, 100, 3000])
def test_a_sound_cut_at_its_end_is_told(tmp_path, name, missing):
    path = tmp_path / name
    write_sound(path, Held(narrated()), LENGTH)
    size = path.stat().st_size
    path.unlink()
    with room_for(size - missing), pytest.raises(OutputError, match=name):
        write_sound(path, Held(narrated()), LENGTH)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["bed.wav", "bed.FLAC"])
def test_a_sound_is_lossless_by_its_suffix(tmp_path, name):
    write_sound(tmp_path / name, Held(narrated()), LENGTH)
    info = soundfile.info(tmp_path / name)
    assert (info.subtype, info.frames) == ("PCM_24", LENGTH)


def test_a_suffix_that_says_nothing_is_told(tmp_path):
    with pytest.raises(OutputError, match="unknown kind of file"):
        write_sound(tmp_path / "bed.xyz", Held(narrated()), LENGTH)
    assert list(tmp_path.iterdir()) == []
