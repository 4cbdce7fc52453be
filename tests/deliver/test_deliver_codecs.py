"""What libsndfile writes when we ask, read from the bytes themselves."""

import struct
from types import SimpleNamespace

import imageio_ffmpeg
import mutagen.mp3
import numpy as np
import pytest
import soundfile
from deliver_sounds import LENGTH, RATE, narrated, room_for

from undersong.deliver import codecs, piped
from undersong.deliver.codecs import (
    CODECS,
    FLAC,
    MP3,
    OPUS,
    STEM,
    WAV,
    WAV_BYTES,
    Encoder,
    container,
    unwritten,
)
from undersong.deliver.lame import crc16
from undersong.deliver.ogg import SERIAL
from undersong.deliver.piped import Piped, open_encoder
from undersong.errors import OutputError
from undersong.recipes.profiles import FORMATS


@pytest.fixture(params=["fastest", "libsndfile"], autouse=True)
def binary(request, monkeypatch):
    """Everything holds with ffmpeg's binary, and without."""
    if request.param == "libsndfile":
        monkeypatch.setattr(piped, "ffmpeg", lambda: None)


def written(path, codec, channels=2):
    frames = narrated()[:, :channels].copy()
    with open_encoder(path, codec, channels=channels, length=LENGTH, name=path) as encoder:
        for start in range(0, LENGTH, 10_007):
            encoder.write(frames[start : start + 10_007])
    return path.read_bytes()


def test_every_format_of_a_recipe_has_a_codec():
    assert sorted(CODECS) == sorted(FORMATS)


def test_every_mp3_frame_is_128_kb_s_at_48_khz_in_stereo(tmp_path):
    content = written(tmp_path / "a.mp3", MP3)
    frames = 0
    for start in range(0, len(content), 384):  # 144 * 128000 / 48000 bytes each
        sync, rates, mode = struct.unpack_from(">HBB", content, start)
        assert sync & 0xFFFE == 0xFFFA  # MPEG-1 layer III
        assert rates >> 4 == 9  # 128 kb/s
        assert rates >> 2 & 3 == 1  # 48 kHz
        assert mode >> 6 in {0, 1}  # stereo or joint stereo
        frames += 1
    assert frames == pytest.approx(LENGTH / 1152, abs=3)


def test_mp3_carries_the_header_that_makes_its_length_exact(tmp_path):
    written(tmp_path / "a.mp3", MP3)
    audio = mutagen.mp3.MP3(tmp_path / "a.mp3").info
    assert soundfile.info(tmp_path / "a.mp3").frames == LENGTH
    assert audio.bitrate_mode == mutagen.mp3.BitrateMode.CBR


def test_opus_is_about_112_kb_s(tmp_path):
    content = written(tmp_path / "a.opus", OPUS)
    assert len(content) * 8 / (LENGTH / RATE) / 1000 == pytest.approx(112, abs=16)


@pytest.mark.parametrize("codec", [WAV, FLAC])
def test_lossless_formats_hold_24_bits(tmp_path, codec):
    path = tmp_path / f"a.{codec.name}"
    written(path, codec)
    assert soundfile.info(path).subtype == "PCM_24"


@pytest.mark.parametrize("codec", [*CODECS.values(), STEM])
def test_the_same_sound_gives_the_same_bytes(tmp_path, codec):
    """Two files of one process differ in what libsndfile draws at random."""
    first = written(tmp_path / f"a.{codec.name}", codec)
    assert written(tmp_path / f"b.{codec.name}", codec) == first


def test_clock_and_chance_are_taken_out(tmp_path):
    stem = written(tmp_path / "a.wav", STEM)
    peak = stem.index(b"PEAK") + 8
    assert struct.unpack_from("<II", stem, peak) == (1, 0)  # version, time
    opus = written(tmp_path / "a.opus", OPUS)
    assert struct.unpack_from("<I", opus, 14)[0] == SERIAL


@pytest.mark.parametrize(("codec", "channels", "width"), [(WAV, 2, 3), (STEM, 2, 4), (STEM, 1, 4)])
def test_sound_beyond_4_gb_goes_into_rf64(codec, channels, width):
    longest = WAV_BYTES // (channels * width)
    assert container(codec, channels=channels, length=longest) == "WAV"
    assert container(codec, channels=channels, length=longest + 1) == "RF64"


def test_other_containers_have_no_such_limit():
    assert container(FLAC, channels=2, length=2**40) == "FLAC"


def test_a_file_that_cannot_be_opened_is_told_by_its_final_name(tmp_path):
    name = tmp_path / "track.wav"
    with pytest.raises(OutputError) as told:
        Encoder(tmp_path / "missing" / "a.wav", WAV, channels=2, length=9, name=name)
    assert told.value.message.startswith(f"cannot write {name}: ")


def interrupted(path):
    with Encoder(path, FLAC, channels=2, length=LENGTH, name=path) as encoder:
        encoder.write(narrated())
        raise KeyboardInterrupt


def test_a_file_given_up_is_closed_and_left_to_its_owner(tmp_path):
    path = tmp_path / "a.flac"
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert path.stat().st_size > 0


def test_failing_to_close_a_file_given_up_adds_nothing(tmp_path):
    path = tmp_path / "a.wav"
    encoder = Encoder(path, WAV, channels=2, length=LENGTH, name=path)
    encoder.write(narrated())
    with room_for(0):
        encoder.__exit__(KeyboardInterrupt, None, None)


def test_a_full_disk_is_called_so(tmp_path, monkeypatch):
    full = SimpleNamespace(free=4096)
    monkeypatch.setattr(codecs.shutil, "disk_usage", lambda _: full)
    told = unwritten(tmp_path / "a.wav", OSError("System error."))
    assert told.message == f"cannot write {tmp_path / 'a.wav'}: no space left on the device"


def test_wrong_channels_are_a_mistake_of_ours(tmp_path):
    path = tmp_path / "a.wav"
    with (
        pytest.raises(ValueError, match="Invalid shape"),
        Encoder(path, WAV, channels=2, length=9, name=path) as encoder,
    ):
        encoder.write(np.zeros((9, 3), np.float32))


@pytest.mark.parametrize("name", ["mp3", "opus"])
def test_a_file_that_ffmpeg_cannot_open_is_told_by_its_final_name(tmp_path, name):
    path, final = tmp_path / "missing" / "a", tmp_path / f"track.{name}"

    def write():
        binary = imageio_ffmpeg.get_ffmpeg_exe()
        with Piped(path, CODECS[name], channels=2, name=final, binary=binary) as encoder:
            encoder.write(narrated())

    with pytest.raises(OutputError) as told:
        write()
    assert told.value.message.startswith(f"cannot write {final}: ")
    assert "No such file" in told.value.message


def test_a_full_disk_while_ffmpeg_writes_is_an_error(tmp_path):
    def write():
        path = tmp_path / "a.mp3"
        with room_for(20_000), open_encoder(path, MP3, channels=2, length=1, name=path) as encoder:
            for _ in range(50):
                encoder.write(narrated())

    with pytest.raises(OutputError, match=r"cannot write .*a\.mp3"):
        write()


@pytest.mark.parametrize("length", [1, 47, 1_152, 48_400, *range(48_384, 48_384 + 1_152, 96)])
def test_an_mp3_is_as_long_as_its_sound_to_the_sample(tmp_path, length):
    path = tmp_path / "a.mp3"
    with open_encoder(path, MP3, channels=2, length=length, name=path) as encoder:
        encoder.write(np.zeros((length, 2), np.float32))
    assert soundfile.info(path).frames == length
    content = path.read_bytes()
    assert crc16(content[:190]) == int.from_bytes(content[190:192], "big")


def test_given_up_ffmpeg_ends_at_once(tmp_path):
    encoder = open_encoder(tmp_path / "a.mp3", MP3, channels=2, length=9, name=tmp_path)
    encoder.write(narrated())
    encoder.__exit__(KeyboardInterrupt, None, None)
    assert isinstance(encoder, Encoder) or encoder._process.returncode


def test_without_a_binary_libsndfile_encodes(tmp_path, monkeypatch):
    def missing():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.undo()
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)
    with open_encoder(tmp_path / "a.mp3", MP3, channels=2, length=9, name=tmp_path) as encoder:
        assert isinstance(encoder, Encoder)
