"""Levels of finished files: the same from parts as from one piece, whoever measures them."""

import numpy as np
import pytest
import soundfile
from deliver_sounds import RATE, make_order, narrated
from msgspec.structs import astuple

from undersong.audio import GRID, PASS
from undersong.deliver import encode
from undersong.deliver.codecs import FLAC, MP3, WAV
from undersong.deliver.encode import deliver
from undersong.deliver.measure import measured, measured_in_parts
from undersong.deliver.piped import open_encoder


def unseen(_):
    """Take ticks that nobody watches."""


def written(path, codec, length):
    with open_encoder(path, codec, channels=2, length=length, name=path) as encoder:
        encoder.write(narrated(32 * GRID)[:length])
    return path


@pytest.mark.parametrize("codec", [MP3, FLAC, WAV])
@pytest.mark.parametrize("length", [1, 479, PASS - 1, PASS, PASS + 1, 31 * GRID + 137])
def test_parts_measure_what_one_piece_measures(tmp_path, codec, length):
    path = written(tmp_path / f"a.{codec.name}", codec, length)
    ticks = []
    count, levels = measured(path, unseen)
    parts, in_parts = measured_in_parts(path, 2, ticks.append)
    assert parts == count == length == sum(ticks)
    assert astuple(in_parts) == pytest.approx(astuple(levels), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("codec", [MP3, FLAC, WAV])
def test_the_number_of_threads_changes_no_digit(tmp_path, codec):
    path = written(tmp_path / f"a.{codec.name}", codec, 31 * GRID + 137)
    found = [measured_in_parts(path, threads, unseen) for threads in (1, 2, 3)]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("codec", [MP3, FLAC, WAV])
def test_a_decoder_gives_the_same_samples_wherever_it_begins(tmp_path, codec):
    path = written(tmp_path / f"a.{codec.name}", codec, 31 * GRID)
    whole, _ = soundfile.read(path, dtype="float32")
    with soundfile.SoundFile(path) as file:
        for start in range(7, 31 * GRID, 77_777):
            file.seek(start)
            heard = file.read(9000, dtype="float32")
            assert np.array_equal(heard, whole[start : start + 9000])


def test_a_peak_at_the_border_of_two_parts_is_seen(tmp_path):
    """Between the last sample of one and the first of the other it is highest."""
    path = tmp_path / "a.wav"
    frames = np.zeros((PASS + GRID, 2), np.float32)
    frames[PASS - 1 : PASS + 1] = 0.5
    soundfile.write(path, frames, RATE, subtype="FLOAT")
    (_, levels), (_, in_parts) = measured(path, unseen), measured_in_parts(path, 2, unseen)
    assert levels.true_peak_dbtp > -5
    assert in_parts.true_peak_dbtp == pytest.approx(levels.true_peak_dbtp, abs=1e-6)


@pytest.mark.parametrize("left", [0.3, 0.5, 0.99])
def test_a_file_cut_short_is_as_long_as_what_is_left_of_it(tmp_path, left):
    path = written(tmp_path / "a.mp3", MP3, 31 * GRID)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])
    count, _ = measured(path, unseen)
    assert count == pytest.approx(left * 31 * GRID, abs=3000)
    assert measured_in_parts(path, 2, unseen)[0] == count


def test_opus_is_decoded_from_its_begin_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(encode, "measured_in_parts", None)
    (item,) = deliver(make_order(tmp_path, ("opus",)))
    assert item.levels == measured(tmp_path / item.file, unseen)[1]
