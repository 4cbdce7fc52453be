import io
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile

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
