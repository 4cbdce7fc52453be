"""Gains as the mixer applies them, beside the curve that they are worked out of."""

import numpy as np
import pytest

from undersong.audio import GRID
from undersong.mix.curves import STEP, GainCurve
from undersong.mix.gains import Gains
from undersong.mix.model import GainMove
from undersong.units import Db, Samples

SECONDS = 25


def knots(*told: tuple[float, float]) -> list[GainMove]:
    return [
        GainMove(at=Samples(round(at_s * GRID)), gain_db=Db(gain_db), reason="")
        for at_s, gain_db in told
    ]


@pytest.mark.parametrize(
    "moves",
    [
        (),
        ((0, -6),),
        ((4.5, 0), (5, -20)),
        ((0, 0), (2.3, 0), (3.1, -15), (9.7, -15), (10.4, -3), (10.4001, -3), (22, 0)),
        ((9.999, 0), (10, -10), (10.001, -20), (20, -20), (20.0001, -9.5)),
    ],
    ids=["none", "one", "from on", "many", "at the end of a pass"],
)
def test_gains_are_those_of_the_curve(moves: tuple[tuple[float, float], ...]) -> None:
    gains, curve = Gains(knots(*moves)), GainCurve(knots(*moves))
    for k in (*range(SECONDS), 3):
        points = np.arange(k * GRID, (k + 1) * GRID + 1, STEP, dtype=np.float64)
        expected = 10 ** (curve.at_db(points) / 20)
        np.testing.assert_allclose(gains.of_second(k), expected, rtol=1e-7)


def test_where_nothing_moves_there_is_one_gain() -> None:
    gains = Gains(knots((0, 0), (3, 0), (4, -6), (12, -6)))
    assert set(gains.of_second(1).tolist()) == {1.0}
    (down,) = set(gains.of_second(7).tolist()) | set(gains.of_second(30).tolist())
    assert down == np.float32(10**-0.3)
