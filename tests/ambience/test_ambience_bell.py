"""The bell: soft, slow to die, near the level of a voice."""

import numpy as np
import pytest

from undersong.ambience.bell import Bell, BellOptions
from undersong.dsp.loudness import Meter

SECOND = 48_000


def test_a_bell_is_as_long_as_it_says_and_ends_in_silence():
    bell = Bell(BellOptions(), 1)
    sound = bell.render()
    assert sound.shape == (bell.length, 2)
    assert sound.dtype == np.float32
    assert sound.flags.c_contiguous
    assert bell.length == pytest.approx(12.6 * SECOND)
    assert not sound[-1].any()
    assert np.abs(sound[-SECOND // 10 :]).max() < 1e-5


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "options", [{}, {"pitch_hz": 110.0}, {"pitch_hz": 600.0}, {"brightness": 1.0}]
)
def test_its_loudest_moment_lies_near_the_voice(options: dict[str, float], seed: int):
    meter = Meter(channels=2)
    meter.push(Bell(BellOptions(**options), seed).render())
    assert meter.levels().momentary_max_lufs == pytest.approx(-26.0, abs=1.0)


def test_its_stroke_is_soft():
    sound = Bell(BellOptions(brightness=1.0), 1).render()
    assert not sound[0].any()
    assert np.abs(sound[: SECOND // 500]).max() < 0.02 * np.abs(sound).max()
    assert np.abs(np.diff(sound, axis=0)).max() < 0.5 * np.abs(sound).max()


def test_it_dies_slowly_and_steadily():
    sound = Bell(BellOptions(decay_s=10.0), 1).render()
    seconds = sound[: 14 * SECOND].reshape(7, -1, 2)
    level = 10.0 * np.log10(np.mean(seconds**2, axis=(1, 2)))
    assert (np.diff(level) < 0.0).all()
    assert level[0] - level[5] == pytest.approx(32.0, abs=7.0)


def test_it_beats_between_the_sides():
    sound = Bell(BellOptions(), 1).render()
    sides = np.mean(sound[: 8 * SECOND].reshape(40, -1, 2) ** 2, axis=1)
    lean = 10.0 * np.log10(sides[:, 0] / sides[:, 1])
    assert 1.0 < np.ptp(lean) < 20.0
    assert 0.5 < np.corrcoef(sound.T)[0, 1] < 0.999


def test_its_pitch_is_its_lowest_tone():
    sound = Bell(BellOptions(pitch_hz=220.0), 1).render()[:, 0]
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * SECOND / len(sound) == pytest.approx(220.0, rel=0.01)


def test_the_same_seed_strikes_the_same_bell_and_another_one_another():
    first = Bell(BellOptions(), 1).render()
    assert np.array_equal(first, Bell(BellOptions(), 1).render())
    assert not np.allclose(first, Bell(BellOptions(), 2).render(), atol=1e-3)
