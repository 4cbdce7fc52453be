"""24-bit WAV as we write it, beside what libsndfile writes of the same numbers."""

import numpy as np
import pytest
import soundfile
from deliver_sounds import RATE, narrated

from undersong.audio import PASS
from undersong.deliver import pcm
from undersong.deliver.pcm import PcmFile, packed, read_pcm


def written(path, frames, length=None, block=10_007):
    file = PcmFile(path, channels=frames.shape[1], length=len(frames) if length is None else length)
    for start in range(0, len(frames), block):
        file.write(frames[start : start + block])
    file.close()
    return path.read_bytes()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("length", [0, 1, 2, 47_999])
def test_the_file_is_that_of_libsndfile(tmp_path, channels, length):
    frames = narrated()[:length, :channels]
    ours = written(tmp_path / "a.wav", frames)
    numbers = np.rint(frames.astype(np.float64) * 2**23).clip(-(2**23), 2**23 - 1)
    theirs = tmp_path / "b.wav"
    soundfile.write(theirs, numbers.astype(np.int32) << 8, RATE, "PCM_24", format="WAV")
    assert ours == theirs.read_bytes()


def test_a_file_that_ends_early_says_so(tmp_path):
    content = written(tmp_path / "a.wav", narrated()[:5_000], length=9_000)
    assert content == written(tmp_path / "b.wav", narrated()[:5_000])
    assert soundfile.info(tmp_path / "a.wav").frames == 5_000


def test_without_kernels_the_bytes_are_the_same(monkeypatch):
    frames = 1.3 * narrated()[:4_801]
    seen = packed(frames).tobytes()
    monkeypatch.setattr(pcm, "kernels", lambda: None)
    assert packed(frames).tobytes() == seen


def test_parts_read_back_have_the_sums_they_were_written_with(tmp_path):
    frames = np.resize(narrated(), (2 * PASS + 777, 2))
    file = PcmFile(tmp_path / "a.wav", channels=2, length=len(frames))
    sums = [file.write(frames[start : start + PASS]) for start in range(0, len(frames), PASS)]
    file.close()
    assert read_pcm(tmp_path / "a.wav", 2, 0, 9) == (len(frames), sums)
    assert read_pcm(tmp_path / "a.wav", 2, 1, 1) == (PASS, sums[1:2])
    assert read_pcm(tmp_path / "a.wav", 2, 2, 1) == (777, sums[2:])
    assert read_pcm(tmp_path / "a.wav", 2, 3, 1) == (0, [])


def test_a_file_cut_short_gives_back_less(tmp_path):
    content = written(tmp_path / "a.wav", narrated()[:5_000])
    (tmp_path / "a.wav").write_bytes(content[:-600])
    assert read_pcm(tmp_path / "a.wav", 2, 0, 1)[0] == 4_900
