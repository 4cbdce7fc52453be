"""The mel picture: lines where tones are, in as many columns as asked for, in blocks."""

import numpy as np
import pytest
from deliver_sounds import RATE, Held

from undersong.deliver.spectrum import BANDS, WINDOW, mel_picture


def tone(frequency_hz: float, seconds: float) -> Held:
    t = np.arange(round(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * frequency_hz * t)
    return Held(np.stack([wave, wave], axis=1).astype(np.float32))


@pytest.mark.parametrize("frequency_hz", [110.0, 440.0, 1000.0, 3500.0, 12_000.0])
def test_a_tone_is_a_line_at_its_band(frequency_hz):
    picture = mel_picture(tone(frequency_hz, 3), 3 * RATE, 30)
    loudest = picture.levels_db[:, 2:-2].argmax(0)
    nearest = np.abs(picture.centres_hz - frequency_hz).argmin()
    assert np.all(np.abs(loudest - nearest) <= 1)
    assert picture.levels_db.max() == pytest.approx(-7, abs=7)  # a share of its band


@pytest.mark.parametrize("columns", [1, 7, 100, 1000])
def test_columns_are_no_more_than_asked_and_reach_the_end(columns):
    length = 5 * RATE + 11
    picture = mel_picture(tone(300, 6), length, columns)
    bands, count = picture.levels_db.shape
    assert bands == BANDS
    assert count <= columns
    assert count * picture.column >= length
    assert (count - 1) * picture.column < length
    assert picture.column >= WINDOW // 4


def test_events_lie_in_their_columns():
    frames = np.zeros((12 * RATE, 1), np.float32)
    frames[7 * RATE : 8 * RATE, 0] = 0.3 * np.sin(np.arange(RATE))
    picture = mel_picture(Held(frames), 12 * RATE, 120)
    heard = np.flatnonzero(picture.levels_db.max(0) > -60) * picture.column / RATE
    assert heard.min() == pytest.approx(7, abs=0.11)
    assert heard.max() == pytest.approx(7.95, abs=0.11)


def test_silence_is_a_floor_not_a_warning():
    picture = mel_picture(Held(np.zeros((RATE, 2), np.float32)), RATE, 10)
    np.testing.assert_allclose(picture.levels_db, -140, atol=1e-3)


def test_memory_does_not_grow_with_length():
    class Watched(Held):
        longest = 0

        def read(self, start, n):  # noqa: ARG002 - a source is read so
            self.longest = max(self.longest, n)
            return np.zeros((n, 2), np.float32)

    source = Watched(np.zeros((1, 2), np.float32))
    mel_picture(source, 600 * RATE, 400)
    assert source.longest <= 11 * RATE
