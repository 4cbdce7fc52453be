"""Frames of an MP3 stream: read, and their stuffing turned without a change of the sound."""

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from deliver_sounds import RATE, narrated

from undersong.deliver.codecs import MP3
from undersong.deliver.mpeg import AHEAD, FRAME, FRAME_BYTES, frames_of, sounding, turned
from undersong.deliver.piped import Piped


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    """Speech, then the left side alone, then silence: ten seconds each."""
    path = tmp_path_factory.mktemp("mpeg") / "a.mp3"
    sound = narrated(30 * RATE).copy()
    sound[10 * RATE :, 1] = 0
    sound[20 * RATE :] = 0
    binary = imageio_ffmpeg.get_ffmpeg_exe()
    with Piped(path, MP3, channels=2, name=path, binary=binary) as encoder:
        encoder.write(sound)
    return frames_of(path.read_bytes())


def decoded(path, stream):
    path.write_bytes(stream.tobytes())
    return soundfile.read(path, dtype="float32")[0]


def test_frames_follow_one_another(stream):
    assert stream.shape == (stream.size // FRAME_BYTES, FRAME_BYTES)
    assert len(stream) == pytest.approx(30 * RATE / FRAME, abs=4)


@pytest.mark.parametrize("content", [b"", b"ID3", bytes(FRAME_BYTES - 1), bytes(5 * FRAME_BYTES)])
def test_of_something_else_there_are_no_frames(content):
    assert frames_of(content).shape == (0, FRAME_BYTES)


def test_one_foreign_frame_is_enough_to_leave_a_stream_alone(stream):
    changed = stream.copy()
    changed[100, 2] = 0xA4  # 160 kb/s
    assert len(frames_of(changed.tobytes())) == 0


def test_what_sounds_is_told_for_each_channel(stream):
    told = sounding(stream)
    second = RATE // FRAME
    assert told[second : 9 * second].all()
    assert told[11 * second : 19 * second].any()
    assert not told[22 * second : 29 * second].any()


def test_turned_stuffing_is_not_heard(stream, tmp_path):
    other = turned(stream)
    assert (other != stream).any(axis=1).mean() > 0.5
    assert np.array_equal(turned(other), stream)
    as_it_was = decoded(tmp_path / "a.mp3", stream)
    assert np.array_equal(decoded(tmp_path / "b.mp3", other), as_it_was)


@pytest.mark.parametrize("at_once", [1, 2, 97])
def test_frames_are_turned_in_pieces_as_in_one(stream, at_once):
    pieces = [
        turned(stream[first : first + at_once + AHEAD])[:at_once]
        for first in range(0, len(stream), at_once)
    ]
    assert np.array_equal(np.concatenate(pieces), turned(stream))
