"""Two encoders that hear the same sound come to the same frames; where they have not, no joint."""

import io

import imageio_ffmpeg
import numpy as np
import pytest
from deliver_sounds import RATE, narrated

from undersong.deliver.codecs import MP3
from undersong.deliver.joints import PROOF, join, turns
from undersong.deliver.mpeg import AHEAD, FRAME, FRAME_BYTES, frames_of, turned
from undersong.deliver.piped import Loose, Piped

BINARY = imageio_ffmpeg.get_ffmpeg_exe()
LENGTH = 30 * RATE
END = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("joints")


def loose(folder, sound):
    with (folder / "loose").open("w+b") as file:
        with Loose(file, MP3, channels=2, name=folder / "loose", binary=BINARY) as encoder:
            encoder.write(sound)
        file.seek(0)
        return file.read()


@pytest.fixture(scope="module")
def whole(folder):
    return frames_of(loose(folder, narrated(LENGTH)))


def later(folder, first, frames=600):
    """Frames of an encoder that starts with frame `first`."""
    sound = narrated(LENGTH)[first * FRAME : (first + frames) * FRAME]
    return frames_of(loose(folder, sound))[:-END]


def test_encoders_meet_with_stuffing_either_way_round(folder, whole):
    found = set()
    for first in range(50, 450, 50):
        after = later(folder, first)
        found |= {turns(whole[first:][: len(after) - AHEAD], after)}
    assert found == {(False,), (True,)}


def test_a_stream_turned_needs_the_other_answer(folder, whole):
    after = later(folder, 100)
    before = whole[100:][: len(after) - AHEAD]
    (answer,) = turns(before, after)
    assert turns(before, turned(after)) == (not answer,)


@pytest.mark.parametrize("shift", [-1, 1, 40])
def test_streams_of_other_sound_never_meet(folder, whole, shift):
    after = later(folder, 100)
    assert turns(whole[100 + shift :][: len(after) - AHEAD], after) == ()


def test_one_other_byte_in_the_proof_is_too_much(folder, whole):
    after = later(folder, 100)
    before = whole[100:][: len(after) - AHEAD].copy()
    before[-PROOF, 200] ^= 1
    assert turns(before, after) == ()
    before[-PROOF, 200] ^= 1
    before[-PROOF - 1, 200] ^= 1
    assert len(turns(before, after)) == 1


def test_too_short_an_overlap_proves_nothing(folder, whole):
    after = later(folder, 100)
    assert turns(whole[100:][: PROOF - 1], after) == ()
    assert turns(whole[100:][: len(after) - AHEAD + 1], after) == ()


def test_without_stuffing_nobody_can_tell(whole):
    """Frames of one kind of main data throughout: nothing between them."""
    silent = np.tile(np.zeros(FRAME_BYTES, np.uint8), (PROOF + AHEAD, 1))
    silent[:, :3] = whole[0, :3]
    silent[:, 6:12] = 0
    for bit in range(20, 32):  # part2_3_length of the first granule: all of the room
        value = (8 * 348 >> (31 - bit)) & 1
        silent[:, 4 + bit // 8] |= value << (7 - bit % 8)
    assert turns(silent[:PROOF], silent) == (False, True)


def joined(folder, sound, first, end):
    """Join a file of sound up to frame `end` and a stream from frame `first` on."""
    path = folder / "a.mp3"
    with Piped(path, MP3, channels=2, name=path, binary=BINARY) as encoder:
        encoder.write(sound[: end * FRAME])
    other = io.BytesIO(loose(folder, sound[first * FRAME :]))
    return join(path, [other], [first]), path.read_bytes()


def in_one_piece(folder, sound):
    path = folder / "b.mp3"
    with Piped(path, MP3, channels=2, name=path, binary=BINARY) as encoder:
        encoder.write(sound)
    return path.read_bytes()


def test_a_file_and_a_stream_are_joined_to_the_frames_of_one_piece(folder):
    made, content = joined(folder, narrated(LENGTH), 300, 700)
    assert made
    one_piece = in_one_piece(folder, narrated(LENGTH))
    assert content[FRAME_BYTES:] == one_piece[FRAME_BYTES:]
    at = one_piece.index(b"Info")
    assert content[at : at + 141] == one_piece[at : at + 141]


def test_a_channel_that_fell_silent_before_the_joint_proves_nothing(folder):
    """LAME keeps the step size that it last used there, and the other encoder never knew it."""
    sound = narrated(LENGTH).copy()
    sound[200 * FRAME : 900 * FRAME, 1] = sound[200 * FRAME : 900 * FRAME, 0]
    made, _ = joined(folder, sound, 300, 700)
    assert not made


def test_a_channel_that_never_sounded_is_no_obstacle(folder):
    sound = np.repeat(narrated(LENGTH)[:, :1], 2, axis=1)
    made, content = joined(folder, sound, 300, 700)
    assert made
    assert content[FRAME_BYTES:] == in_one_piece(folder, sound)[FRAME_BYTES:]
