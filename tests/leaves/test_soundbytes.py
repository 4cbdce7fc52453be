import io
import signal
import subprocess
import sys
import wave

import numpy as np
import pytest
import soundfile

from undersong import soundbytes
from undersong.soundbytes import read_bytes, wav_bytes

RATE = 24_000


def tone(channels):
    t = np.arange(RATE)[:, np.newaxis] / RATE
    return (0.25 * np.sin(2 * np.pi * 220 * t) * np.ones(channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_goes_into_bytes_and_comes_back(channels):
    frames, rate = read_bytes(wav_bytes(tone(channels), RATE))
    assert (frames.shape, frames.dtype, rate) == ((RATE, channels), np.float32, RATE)
    np.testing.assert_allclose(frames, tone(channels), atol=2**-23)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_bytes_are_those_that_libsndfile_gives_a_file_object(subtype):
    file = io.BytesIO()
    soundfile.write(file, tone(1), RATE, format="WAV", subtype=subtype)
    assert wav_bytes(tone(1), RATE, subtype) == file.getvalue()


@pytest.mark.parametrize("form", ["FLAC", "MP3", "OGG"])
def test_other_formats_are_read(form):
    file = io.BytesIO()
    soundfile.write(file, tone(1), RATE, format=form)
    assert len(read_bytes(file.getvalue())[0]) == RATE


def test_what_is_no_sound_is_refused():
    with pytest.raises(soundfile.LibsndfileError):
        read_bytes(b"this is no sound")


READER = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
from undersong.soundbytes import read_bytes, wav_bytes
import numpy as np
sound = wav_bytes(np.zeros(24_000, np.float32), 24_000)
print("reading", flush=True)
while True:
    read_bytes(sound)
"""


@pytest.mark.parametrize("moment", range(6))
def test_ctrl_c_while_sound_is_decoded_is_never_lost(moment):
    process = subprocess.Popen(
        [sys.executable, "-c", READER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "reading\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert said.rstrip().endswith("KeyboardInterrupt"), said
    assert "LibsndfileError" not in said


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("frames", [0, 1, 700])
def test_plain_wav_files_are_read_as_libsndfile_reads_them(channels, frames, monkeypatch):
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(22_050)
        rng = np.random.default_rng(frames)
        samples = rng.integers(-32_768, 32_768, frames * channels).astype("<i2")
        file.writeframes(samples.tobytes())
    ours, rate_hz = read_bytes(content.getvalue())
    monkeypatch.setattr(soundbytes, "_plain", lambda _content: None)
    theirs, their_rate_hz = read_bytes(content.getvalue())
    assert (ours.dtype, ours.shape, rate_hz) == (theirs.dtype, theirs.shape, their_rate_hz)
    assert np.array_equal(ours, theirs)
    assert ours.flags.c_contiguous


@pytest.mark.parametrize("at", [0, 4, 8, 16, 20, 22, 28, 32, 34, 36, 40])
def test_what_is_not_quite_a_plain_wav_file_is_left_to_libsndfile(at):
    content = bytearray(wav_bytes(np.zeros(10, np.float32), 8000, "PCM_16"))
    assert soundbytes._plain(bytes(content)) is not None
    content[at] ^= 3
    assert soundbytes._plain(bytes(content)) is None
    assert soundbytes._plain(bytes(content[:30])) is None
