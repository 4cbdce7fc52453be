"""RIFF and RF64 chunks, checked with soundfile and by hand."""

import io
import struct

import numpy as np
import pytest
import soundfile

from undersong.deliver.riff import append_chunk, chunks, forget_peak_time

FRAMES = np.linspace(-1, 1, 999, dtype=np.float32).reshape(333, 3)


def wave_file(path, container, subtype):
    soundfile.write(path, FRAMES, 48_000, subtype=subtype, format=container)
    return path


def names(path):
    with path.open("rb") as file:
        return [chunk.name for chunk in chunks(file)]


@pytest.mark.parametrize("container", ["WAV", "RF64"])
@pytest.mark.parametrize("content", [b"even", b"odd"])
def test_a_chunk_is_added_and_the_sound_stays(tmp_path, container, content):
    path = wave_file(tmp_path / "a.wav", container, "PCM_24")  # 2997 bytes of sound: odd
    before, names_before = soundfile.read(path)[0], names(path)
    append_chunk(path, b"id3 ", content)
    append_chunk(path, b"more", b"x")
    assert names(path) == [*names_before, b"id3 ", b"more"]
    with path.open("rb") as file:
        last = {chunk.name: chunk for chunk in chunks(file)}[b"id3 "]
        file.seek(last.start)
        assert file.read(last.size) == content
    assert path.stat().st_size % 2 == 0
    np.testing.assert_array_equal(soundfile.read(path)[0], before)


def test_the_length_of_a_riff_file_is_right(tmp_path):
    path = wave_file(tmp_path / "a.wav", "WAV", "PCM_24")
    append_chunk(path, b"id3 ", b"tag")
    assert struct.unpack_from("<I", path.read_bytes(), 4)[0] == path.stat().st_size - 8


def test_the_length_of_an_rf64_file_is_right(tmp_path):
    path = wave_file(tmp_path / "a.wav", "RF64", "PCM_24")
    append_chunk(path, b"id3 ", b"tag")
    content = path.read_bytes()
    assert content[:8] == b"RF64\xff\xff\xff\xff"
    assert struct.unpack_from("<Q", content, 20)[0] == path.stat().st_size - 8


@pytest.mark.parametrize("container", ["WAV", "RF64"])
def test_the_peak_stamp_is_forgotten_and_nothing_else(tmp_path, container):
    path = wave_file(tmp_path / "a.wav", container, "FLOAT")
    before = path.read_bytes()
    forget_peak_time(path)
    after = path.read_bytes()
    stamp = before.index(b"PEAK") + 12 if b"PEAK" in before else len(before)
    assert after == before[:stamp] + bytes(len(before[stamp : stamp + 4])) + before[stamp + 4 :]


def test_wide_lengths_are_read_from_ds64():
    sound = bytes(6)
    content = b"RF64\xff\xff\xff\xffWAVE"
    content += b"ds64" + struct.pack("<IQQQI", 28, 0, len(sound), 0, 0)
    content += b"data\xff\xff\xff\xff" + sound + b"tail" + struct.pack("<I", 2) + b"ok"
    found = [(chunk.name, chunk.size) for chunk in chunks(io.BytesIO(content))]
    assert found == [(b"ds64", 28), (b"data", 6), (b"tail", 2)]
