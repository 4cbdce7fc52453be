import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from undersong.decode import read_sound, stream_sound
from undersong.errors import AudioFileError

RATE = 44_100


@pytest.fixture
def tone(tmp_path):
    """A second of a stereo tone, 24-bit WAV."""
    t = np.arange(RATE) / RATE
    frames = np.stack([0.5 * np.sin(2 * np.pi * f * t) for f in (440, 550)], axis=1)
    path = tmp_path / "tone.wav"
    soundfile.write(path, frames, RATE, "PCM_24")
    return path


def encoded(path, name, *options):
    made = path.with_name(name)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, *options, made]
    subprocess.run(command, check=True)
    return made


def test_a_wav_is_read_as_it_is(tone):
    frames, rate = read_sound(tone)
    assert (frames.shape, frames.dtype, rate) == ((RATE, 2), np.float32, RATE)
    assert np.abs(frames).max() == pytest.approx(0.5, abs=1e-3)


def loudness(frames):
    return float(np.sqrt(np.mean(frames[RATE // 4 : RATE // 2] ** 2)))


@pytest.mark.parametrize("name", ["tone.m4a", "tone.wma", "tone.mka"])
def test_foreign_formats_come_through_pydub(tone, name):
    frames, rate = read_sound(encoded(tone, name, *(["-c:a", "ac3"] if "mka" in name else [])))
    assert rate == RATE
    assert frames.shape[1] == 2
    assert len(frames) == pytest.approx(RATE, rel=0.06)
    assert loudness(frames) == pytest.approx(0.354, abs=0.02)


@pytest.mark.parametrize("name", ["tone.wav", "tone.flac", "tone.mp3", "tone.m4a"])
def test_streams_hold_the_whole_sound(tone, name):
    path = tone if name == "tone.wav" else encoded(tone, name)
    sound = stream_sound(path)
    assert (sound.rate, sound.channels) == (RATE, 2)
    frames = np.concatenate(list(sound.blocks))
    assert len(frames) == pytest.approx(RATE, rel=0.06)
    assert loudness(frames) == pytest.approx(0.354, abs=0.02)


def test_mono_stays_mono(tone):
    frames, _ = read_sound(encoded(tone, "mono.m4a", "-ac", "1"))
    assert frames.shape[1] == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.wav", None, "no such sound file"),
        ("empty.wav", b"", "the file is empty"),
        ("noise.wav", b"this is not sound" * 40, "its format is not known"),
        ("text.m4a", b"neither is this" * 40, "its format is not known"),
    ],
)
def test_what_is_no_sound_is_refused_by_name(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    for read in (read_sound, stream_sound):
        with pytest.raises(AudioFileError, match=words) as caught:
            read(path)
        assert name in str(caught.value)


def test_a_file_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 1)), RATE)
    with pytest.raises(AudioFileError, match="it holds no sound"):
        read_sound(tmp_path / "none.wav")


def test_values_that_are_no_numbers_are_refused(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.full((10, 1), np.nan, np.float32), RATE, "FLOAT")
    with pytest.raises(AudioFileError, match="not numbers"):
        read_sound(tmp_path / "nan.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_stream_with_values_that_are_no_numbers_is_refused(tmp_path, value):
    sound = np.zeros((RATE, 1), np.float32)
    sound[RATE // 2] = value
    soundfile.write(tmp_path / "bad.wav", sound, RATE, "FLOAT")
    with pytest.raises(AudioFileError, match=r"bad\.wav as sound: .* not numbers"):
        list(stream_sound(tmp_path / "bad.wav").blocks)


@pytest.mark.parametrize(
    ("layout", "channels"),
    [("mono", 1), ("2.1", 3), ("3.0", 3), ("4.0", 4), ("6.1", 7), ("7.1", 8), ("octagonal", 8)],
)
def test_channels_of_any_layout_are_counted(tmp_path, layout, channels):
    path = tmp_path / "many.wv"
    noise = f"anoisesrc=d=1:r={RATE}:a=0.5,aformat=channel_layouts={layout}"
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", noise, path],
        check=True,
    )
    sound = stream_sound(path)
    frames = np.concatenate(list(sound.blocks))
    assert (sound.rate, sound.channels, frames.shape) == (RATE, channels, (RATE, channels))
    assert 0.05 < np.abs(frames).max() <= 1


def test_a_damaged_stream_is_an_error_not_a_short_sound(tone):
    whole = encoded(tone, "cut.m4a", "-movflags", "+faststart")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 4])
    with pytest.raises(AudioFileError):
        list(stream_sound(whole).blocks)
