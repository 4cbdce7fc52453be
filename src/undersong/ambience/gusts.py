"""Wind speed near the ground: one course, shared by all that the wind moves.

Three parts. Turbulence falls with frequency as in the inertial range of von Karman's spectrum
(n S(n) ~ n^-2/3). Over whatever stands there, grass or trees, shear rolls up into eddies that
arrive as gusts one after another, a few canopy heights apart (Raupach, Finnigan and Brunet,
"Coherent eddies and turbulence in vegetation canopies", Boundary-Layer Meteorology 78, 1996).
And the weather drifts.
"""

import numpy as np
from msgspec import Struct

from undersong.dsp.noise import Curve, Stream, Values

_TURBULENCE_S = (2.0, 1.0, 0.5, 0.25, 0.12, 0.06, 0.03)
"""Scales of turbulence, an octave apart; each has the share of its scale to the power 1/3."""

_TURBULENCE = 0.38
"""Swing of the largest scale, against that of the gusts."""

_DRIFT_S = (24.0, 67.0)
"""Scales of the weather."""

_TOGETHER = 1.0
"""Gusts keep step with each other for about this many of them: no metronome."""

_EVEN = 0.12
"""How much alike gusts are in strength: they are born of the same shear."""

_LULL = 0.05
"""Share of the swing by which the middle lies nearer to the lull than to the gust: gusts sweep
down quickly, lulls last."""

_TOP = 0.3
_BOTTOM = 2.5
"""Octaves from its usual speed that no gust and no lull passes: drag rises as speed squared."""

_LAG_SCALE_S = 33.0
_LAG_S = 0.35
"""A gust reaches one ear up to about this long before the other; the lag drifts at this scale."""


class Gusts(Struct, frozen=True, kw_only=True):
    """Logarithm of wind speed relative to its usual speed, in octaves, on both sides.

    Attributes:
        stream: where the gusts come from.
        depth: swing of speed from the middle of a gust to the middle of a lull, in octaves.
        period_s: mean distance of gusts: longer over taller things.
        drift: standard deviation of the slow drift, in octaves.
    """

    stream: Stream
    depth: float
    period_s: float
    drift: float = 0.05

    def __call__(self, times_s: Values) -> Values:
        """Return log2 of speed at rising `times_s`, shape (n, 2)."""
        lag = Curve(self.stream.child("lag"), _LAG_SCALE_S)(times_s)[:, 0]
        lag = _LAG_S * np.tanh(lag)
        sides = [self._speed(np.maximum.accumulate(times_s + way * lag)) for way in (0.5, -0.5)]
        own = Curve(self.stream.child("own"), 0.9, 2)(times_s)
        gust = self.depth * (np.stack(sides, axis=1) + 0.12 * own) + self._weather(times_s)
        bound = np.where(gust > 0.0, _TOP, _BOTTOM)
        return np.asarray(bound * np.tanh(gust / bound))

    def _speed(self, times_s: Values) -> Values:
        eddies = Curve(self.stream.child("eddies"), _TOGETHER * self.period_s, 2)(times_s)
        turn = 2.0 * np.pi * times_s / self.period_s
        swing = eddies[:, 0] * np.cos(turn) + eddies[:, 1] * np.sin(turn)
        swing /= np.hypot(eddies[:, 0], eddies[:, 1]) + _EVEN
        return np.asarray(swing - _LULL + self._turbulence(times_s))

    def _weather(self, times_s: Values) -> Values:
        courses = sum(Curve(self.stream.child("drift", s), s)(times_s) for s in _DRIFT_S)
        return np.asarray(self.drift / np.sqrt(len(_DRIFT_S)) * courses)

    def _turbulence(self, times_s: Values) -> Values:
        parts = [
            (scale_s / _TURBULENCE_S[0]) ** (1.0 / 3.0)
            * Curve(self.stream.child("turbulence", scale_s), scale_s)(times_s)[:, 0]
            for scale_s in _TURBULENCE_S
        ]
        return np.asarray(_TURBULENCE * sum(parts))
