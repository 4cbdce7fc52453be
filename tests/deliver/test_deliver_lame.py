"""The LAME tag tells what is in the file, as ffmpeg's own would have told."""

import imageio_ffmpeg
import numpy as np
import pytest
from deliver_sounds import RATE, narrated

from undersong.deliver.codecs import MP3
from undersong.deliver.lame import crc16, settle_frames, settle_length
from undersong.deliver.mpeg import FRAME
from undersong.deliver.piped import Piped
from undersong.errors import OutputError


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "no LAME tag"), (b"\0" * 36 + b"Info" + bytes(500), "do not hold")]
)
def test_a_length_is_not_written_where_it_does_not_belong(tmp_path, content, words):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(OutputError, match=words):
        settle_length(path, 48_000)
    assert path.read_bytes() == content


def test_the_checksum_is_the_published_one():
    assert crc16(b"123456789") == 0xBB3D  # CRC-16/ARC


def encoded(path, length):
    binary, frames = imageio_ffmpeg.get_ffmpeg_exe(), narrated(FRAME)
    with Piped(path, MP3, channels=2, name=path, binary=binary) as encoder:
        encoder.write(np.resize(frames, (length, 2)))
    return path.read_bytes()


@pytest.mark.parametrize("length", [1, RATE, *range(396 * FRAME, 402 * FRAME, FRAME), 61 * RATE])
def test_frames_are_told_of_as_ffmpeg_does(tmp_path, length):
    """Around 400 frames the table of contents becomes one of every second frame."""
    path = tmp_path / "a.mp3"
    content = encoded(path, length)
    at = content.index(b"Info")
    forgotten = bytearray(content)
    forgotten[at + 8 : at + 116] = bytes(108)  # frames, bytes, contents
    forgotten[at + 148 : at + 156] = bytes(8)  # bytes, both checksums
    path.write_bytes(forgotten)
    settle_frames(path)
    assert path.read_bytes() == content


def test_frames_of_something_else_are_not_told_of(tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(bytes(5000))
    with pytest.raises(OutputError, match="no LAME tag"):
        settle_frames(path)
    assert path.read_bytes() == bytes(5000)
