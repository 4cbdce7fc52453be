"""An MP3 encoded in segments has the bytes of one encoded in one piece, or is encoded in one."""

import os
import signal
import subprocess
from functools import lru_cache, partial
from itertools import pairwise

import imageio_ffmpeg
import numpy as np
import pytest
from deliver_sounds import RATE, Held, Mastered, make_order, narrated, room_for
from msgspec.structs import replace

from undersong.audio import PASS
from undersong.deliver import encode, joints, piped, segments
from undersong.deliver.codecs import MP3
from undersong.deliver.encode import deliver
from undersong.deliver.mpeg import FRAME
from undersong.deliver.piped import Loose, Piped
from undersong.deliver.segments import OVERLAP, SHORTEST, Segment, encode_mp3, segments_of
from undersong.errors import OutputError
from undersong.interrupts import interrupt

BINARY = imageio_ffmpeg.get_ffmpeg_exe()
LONG = 44 * RATE + 137
"""For three segments, once they may be shorter."""


@pytest.fixture
def shorter(monkeypatch):
    """Let sound of a few seconds be encoded in segments."""
    monkeypatch.setattr(segments, "SHORTEST", 12 * RATE)


@lru_cache
def in_one_piece(folder, kind):
    path = folder / f"{kind}.mp3"
    frames = sound(kind)
    with Piped(path, MP3, channels=2, name=path, binary=BINARY) as encoder:
        encoder.write(frames)
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("one-piece")


def sound(kind):
    """Speech over noise; the same from the middle alone; and with a silence over every joint."""
    frames = narrated(LONG).copy()
    if kind == "middle":
        frames[:] = frames[:, :1]
    if kind == "silent":
        frames[9 * RATE : 36 * RATE] = 0
    return frames


def unseen(_):
    """Take ticks that nobody watches."""


def in_segments(path, kind="narrated", count=3, *, tick=unseen, name=None):
    cut = segments_of(LONG, count)
    assert len(cut) == count
    masters = [Held(sound(kind)) for _ in cut]
    return encode_mp3(path, cut, masters, name=name or path, tick=tick)


@pytest.mark.parametrize("length", [1, SHORTEST, 2 * SHORTEST - 1])
@pytest.mark.parametrize("count", [1, 2])
def test_a_short_sound_is_one_segment(length, count):
    assert segments_of(length, count) == (Segment(start=0, end=length, heard=length),)


@pytest.mark.parametrize("length", [2 * SHORTEST, 733 * RATE + 1, 10_800 * RATE])
@pytest.mark.parametrize("count", [2, 3, 8])
def test_segments_begin_with_a_frame_and_take_equally_long(length, count):
    cut = segments_of(length, count)
    assert len(cut) == min(count, length // SHORTEST)
    assert cut[0].start == 0
    assert cut[-1].end == cut[-1].heard == length
    assert all(a.end == b.start and a.heard == b.start + OVERLAP for a, b in pairwise(cut))
    assert all(each.start % FRAME == 0 and each.start % RATE == 0 for each in cut)
    heard = [each.heard - each.start for each in cut]
    assert max(heard) - min(heard) <= 6 * RATE


def test_a_segment_hears_every_sample_once_in_parts_of_a_pass():
    segment = Segment(start=3 * RATE, end=36 * RATE, heard=46 * RATE)
    parts = list(segment.parts())
    assert [start for start, _ in parts] == [3 * RATE, 13 * RATE, 23 * RATE, 33 * RATE, 36 * RATE]
    assert all(a + n == b for (a, n), (b, _) in pairwise(parts))
    assert max(n for _, n in parts) <= PASS
    assert sum(parts[-1]) == segment.heard


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize("kind", ["narrated", "middle"])
@pytest.mark.parametrize("count", [2, 3])
def test_segments_give_the_bytes_of_one_piece(tmp_path, folder, kind, count):
    ticks = []
    path = tmp_path / "a.mp3"
    assert in_segments(path, kind, count, tick=ticks.append)
    assert path.read_bytes() == in_one_piece(folder, kind)
    assert sum(ticks) == LONG
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp3"]


@pytest.mark.usefixtures("shorter")
def test_silence_proves_nothing(tmp_path):
    """Two encoders write the same of silence, whatever they remember of the sound before it."""
    assert not in_segments(tmp_path / "a.mp3", "silent")


def order_for(folder, length):
    masters = tuple(Mastered(Held(narrated(length))) for _ in range(2))
    return replace(make_order(folder, ("mp3",), length=length), masters=masters)


def test_a_long_track_is_the_same_from_one_thread_and_from_two(tmp_path, monkeypatch):
    made = []

    def noted(*each, **named):
        made.append(encode_mp3(*each, **named))
        return made[-1]

    monkeypatch.setattr(encode, "encode_mp3", noted)
    order = order_for(tmp_path, 2 * SHORTEST + 137)
    ticks = []
    together = deliver(order, ticks.append)
    assert made == [True] * together[0].encodes
    assert sum(ticks) == order.steps
    content = (tmp_path / "shore.mp3").read_bytes()
    assert deliver(replace(order, masters=order.masters[:1])) == together
    assert (tmp_path / "shore.mp3").read_bytes() == content


@pytest.mark.usefixtures("shorter")
def test_interrupting_the_start_of_a_segment_leaves_no_process(tmp_path, monkeypatch):
    started, start = [], subprocess.Popen

    def interrupted(*arguments, **pipes):
        started.append(start(*arguments, **pipes))
        os.kill(os.getpid(), signal.SIGTERM)
        return started[-1]

    before = signal.signal(signal.SIGTERM, interrupt)
    monkeypatch.setattr(piped.subprocess, "Popen", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            in_segments(tmp_path / "a.mp3")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(started) == 3
    assert all(process.returncode is not None for process in started)


@pytest.mark.usefixtures("shorter")
def test_without_a_joint_it_is_encoded_in_one_piece(tmp_path, monkeypatch):
    order = order_for(tmp_path, LONG)
    alone = deliver(replace(order, masters=order.masters[:1]))
    ticks, asked = [], []

    def never(before, after):
        asked.append((before, after))
        return ()

    monkeypatch.setattr(joints, "turns", never)
    assert deliver(order, ticks.append) == alone
    assert len(asked) == alone[0].encodes
    assert sum(ticks) == order.steps
    assert [each.name for each in tmp_path.iterdir()] == ["shore.mp3"]


@pytest.mark.usefixtures("shorter")
def test_beside_other_files_it_has_the_sound_to_itself(tmp_path):
    order = replace(order_for(tmp_path, LONG), formats=("flac", "mp3", "opus"))
    ticks = []
    together = deliver(order, ticks.append)
    assert [each.format for each in together] == ["flac", "mp3", "opus"]
    assert sum(ticks) == order.steps
    assert deliver(replace(order, masters=order.masters[:1])) == together


@pytest.mark.usefixtures("shorter")
def test_without_ffmpeg_it_is_encoded_in_one_piece(tmp_path, monkeypatch):
    for module in (encode, segments, piped):
        monkeypatch.setattr(module, "ffmpeg", lambda: None)
    order = order_for(tmp_path, LONG)
    ticks = []
    (item,) = deliver(order, ticks.append)
    assert item.size_bytes == (tmp_path / "shore.mp3").stat().st_size
    assert sum(ticks) == order.steps
    assert not in_segments(tmp_path / "a.mp3")


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize("size", [10_000, 200_000, 500_000])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, size):
    order = order_for(tmp_path, LONG)
    with room_for(size), pytest.raises(OutputError, match=r"cannot write .*shore\.mp3"):
        deliver(order)
    assert list(tmp_path.iterdir()) == []


def watched(monkeypatch):
    """Return a list of all encoders that will be started."""
    started = []

    def start(kind, *each, **named):
        started.append(kind(*each, **named))
        return started[-1]

    for kind in (Piped, Loose):
        monkeypatch.setattr(segments, kind.__name__, partial(start, kind))
    return started


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize("after", [1, LONG // 2, LONG])
def test_interrupting_ends_all_encoders_and_leaves_nothing(tmp_path, monkeypatch, after):
    started, done = watched(monkeypatch), 0

    def interrupt(n):
        nonlocal done
        done += n
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(order_for(tmp_path, LONG), interrupt)
    assert list(tmp_path.iterdir()) == []
    assert [each._process.poll() is None for each in started] == [False, False]


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize("dead", [0, 1, 2])
def test_an_ffmpeg_that_dies_is_told_and_leaves_nothing(tmp_path, monkeypatch, dead):
    started = watched(monkeypatch)

    def kill(n):
        if n:
            started[dead]._process.kill()

    with pytest.raises(OutputError, match=r"cannot write .*a\.mp3"):
        in_segments(tmp_path / "a.mp3", tick=kill)
    assert {each.name for each in tmp_path.iterdir()} <= {"a.mp3"}
    assert all(each._process.poll() is not None for each in started)


@pytest.mark.usefixtures("shorter")
def test_a_folder_that_is_gone_is_told(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*track\.mp3: .*No such file"):
        in_segments(tmp_path / "gone" / "a.mp3", name=tmp_path / "track.mp3")


@pytest.mark.usefixtures("shorter")
def test_only_the_overlap_is_made_twice_and_no_more_than_a_pass_at_once(tmp_path):
    asked = []

    class Noting(Held):
        def read(self, start, n):
            asked.append((start, n))
            return super().read(start, n)

    cut = segments_of(LONG, 2)
    frames = np.zeros((LONG, 2), np.float32)
    masters = [Noting(frames), Noting(frames)]
    path = tmp_path / "a.mp3"
    encode_mp3(path, cut, masters, name=path, tick=unseen)
    assert max(n for _, n in asked) == PASS
    assert sum(n for _, n in asked) == LONG + OVERLAP
