import numpy as np
import pytest
from scipy.signal import sosfreqz

from undersong.dsp.filters import KFilter, k_weighting

# BS.1770-5 Annex 1, tables 1 and 2
SHELF_B = (1.53512485958697, -2.69169618940638, 1.19839281085285)
SHELF_A = (1, -1.69065929318241, 0.73248077421585)
HIGH_PASS_B = (1, -2, 1)
HIGH_PASS_A = (1, -1.99004745483398, 0.99007225036621)


def response_db(rate: int, hertz: float) -> float:
    _, response = sosfreqz(k_weighting(rate), worN=[hertz], fs=rate)
    return 20 * float(np.log10(abs(response[0])))


def test_48_khz_is_the_table_of_bs_1770() -> None:
    table = [SHELF_B + SHELF_A, HIGH_PASS_B + HIGH_PASS_A]
    np.testing.assert_allclose(k_weighting(48_000), table, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("rate", "tolerance_db"),
    [
        (22_050, 0.06),
        (24_000, 0.06),
        (32_000, 0.03),
        (44_100, 0.01),
        (96_000, 0.03),
        (192_000, 0.04),
    ],
)
@pytest.mark.parametrize("hertz", [20, 40, 100, 500, 1_000])
def test_other_rates_keep_the_response(rate: int, tolerance_db: float, hertz: float) -> None:
    assert response_db(rate, hertz) == pytest.approx(response_db(48_000, hertz), abs=tolerance_db)


@pytest.mark.parametrize("rate", [44_100, 96_000])
@pytest.mark.parametrize("hertz", [2_000, 5_000, 10_000])
def test_the_shelf_is_kept_up_to_10_khz(rate: int, hertz: float) -> None:
    assert response_db(rate, hertz) == pytest.approx(response_db(48_000, hertz), abs=0.04)


def test_no_denormals_linger_after_sound_has_stopped() -> None:
    weighting = KFilter((1.0,), 48_000)
    weighting.push(np.ones((480, 1), np.float32))
    for _ in range(20):
        tail = weighting.push(np.zeros((48_000, 1), np.float32))
    assert np.abs(tail).max() < 1e-38
    assert np.abs(weighting.state).max() > np.finfo(np.float64).tiny
