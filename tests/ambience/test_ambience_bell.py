"""Bell and singing bowl: soft, slow to die, near the level of a voice."""

import numpy as np
import pytest

from undersong.ambience.bell import Bell, BellOptions
from undersong.ambience.bowl import Bowl, BowlOptions
from undersong.dsp.loudness import Meter

SECOND = 48_000


BOTH = pytest.mark.parametrize(
    ("maker", "options"), [(Bell, BellOptions), (Bowl, BowlOptions)], ids=["bell", "bowl"]
)


@BOTH
def test_it_is_as_long_as_it_says_and_ends_in_silence(maker, options):
    bell = maker(options(decay_s=9.0), 1)
    sound = bell.render()
    assert sound.shape == (bell.length, 2)
    assert sound.dtype == np.float32
    assert sound.flags.c_contiguous
    assert bell.length == pytest.approx(12.6 * SECOND)
    assert not sound[-1].any()
    assert np.abs(sound[-SECOND // 10 :]).max() < 1e-5


@BOTH
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "choice", [{}, {"pitch_hz": 160.0}, {"pitch_hz": 600.0}, {"brightness": 1.0}]
)
def test_its_loudest_moment_lies_near_the_voice(maker, options, choice, seed: int):
    meter = Meter(channels=2)
    meter.push(maker(options(**choice), seed).render())
    assert meter.levels().momentary_max_lufs == pytest.approx(-26.0, abs=1.0)


@BOTH
def test_its_stroke_is_soft(maker, options):
    sound = maker(options(brightness=1.0), 1).render()
    assert not sound[0].any()
    assert np.abs(sound[: SECOND // 500]).max() < 0.08 * np.abs(sound).max()
    assert np.abs(np.diff(sound, axis=0)).max() < 0.5 * np.abs(sound).max()


@BOTH
def test_it_dies_slowly_and_steadily(maker, options):
    sound = maker(options(decay_s=10.0), 1).render()
    seconds = sound[: 14 * SECOND].reshape(7, -1, 2)
    level = 10.0 * np.log10(np.mean(seconds**2, axis=(1, 2)))
    assert (np.diff(level) < 0.0).all()
    assert level[0] - level[5] == pytest.approx(32.0, abs=7.0)


@BOTH
def test_it_beats_between_the_sides(maker, options):
    sound = maker(options(), 1).render()
    sides = np.mean(sound[: 8 * SECOND].reshape(40, -1, 2) ** 2, axis=1)
    lean = 10.0 * np.log10(sides[:, 0] / sides[:, 1])
    assert 1.0 < np.ptp(lean) < 20.0
    assert 0.5 < np.corrcoef(sound.T)[0, 1] < 0.999


@pytest.mark.parametrize(
    ("maker", "options", "second"),
    [(Bell, BellOptions, 3.0), (Bowl, BowlOptions, 2.71)],
    ids=["bell", "bowl"],
)
def test_its_tones_stand_where_such_metal_rings(maker, options, second: float):
    sound = maker(options(pitch_hz=220.0), 1).render()[:, 0]
    spectrum = np.abs(np.fft.rfft(sound))
    hz = np.arange(len(spectrum)) * SECOND / len(sound)
    assert hz[np.argmax(spectrum)] == pytest.approx(220.0, rel=0.01)
    above = spectrum * (hz > 500.0)
    assert hz[np.argmax(above)] == pytest.approx(220.0 * second, rel=0.01)


@BOTH
def test_the_same_seed_strikes_the_same_one_and_another_seed_another(maker, options):
    first = maker(options(), 1).render()
    assert np.array_equal(first, maker(options(), 1).render())
    assert not np.allclose(first, maker(options(), 2).render(), atol=1e-3)
