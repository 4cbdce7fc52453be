import numpy as np
import pytest
from dsp_sounds import frames, stereo

from undersong.dsp.resample import to_48k


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 96_000])
@pytest.mark.parametrize("n", [0, 1, 2, 999, 24_001])
def test_the_length_is_exact(n: int, rate: int) -> None:
    out = to_48k(np.zeros((n, 2), np.float32), rate)
    assert out.shape == ((2 * n * 48_000 + rate) // (2 * rate), 2)
    assert out.dtype == np.float32


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100, 96_000])
def test_a_tone_stays_where_and_as_loud_as_it_was(rate: int) -> None:
    def tone(at: int) -> np.ndarray:
        t = np.arange(at) / at
        return frames(stereo(np.sin(2 * np.pi * 440 * t) * np.hanning(at)))

    np.testing.assert_allclose(to_48k(tone(rate), rate), tone(48_000), atol=2e-4)


def test_48_khz_comes_back_as_a_copy() -> None:
    sound = np.ones((10, 1), np.float32)
    out = to_48k(sound, 48_000)
    out[:] = 0
    assert sound.all()


@pytest.mark.parametrize("rate", [0, -8_000])
def test_a_rate_must_be_positive(rate: int) -> None:
    with pytest.raises(ValueError, match="not a sampling rate"):
        to_48k(np.zeros((10, 1), np.float32), rate)
