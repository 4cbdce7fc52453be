"""Wind speed: one course with gusts at several time scales, shared by all that the wind moves."""

from dataclasses import dataclass

import numpy as np

from undersong.dsp.noise import Curve, Stream, Values

_SCALES = ((37.0, 0.3), (13.0, 0.5), (5.3, 0.55), (1.9, 0.5), (0.7, 0.4), (0.25, 0.25))
"""Gusts: (scale in s, share). They fall with frequency about as wind near the ground does."""

_TOP = 0.6
_BOTTOM = 0.8
"""Octaves from its usual speed that no gust and no lull passes: air is slowed by what it meets,
and never quite still."""

_DRIFT_S = 33.0
_LAG_S = 0.5
"""A gust reaches one ear up to about this long before the other; the lag drifts at this scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gusts:
    """Logarithm of wind speed relative to its usual speed, in octaves, on both sides.

    Attributes:
        stream: where the gusts come from.
        depth: swing of speed in octaves; half of it is lull, half is gust.
    """

    stream: Stream
    depth: float

    def __call__(self, times_s: Values) -> Values:
        """Return log2 of speed at rising `times_s`, shape (n, 2)."""
        lag = Curve(self.stream.child("lag"), _DRIFT_S)(times_s)[:, 0]
        lag = _LAG_S * np.tanh(lag)
        sides = [self._speed(np.maximum.accumulate(times_s + way * lag)) for way in (0.5, -0.5)]
        own = Curve(self.stream.child("own"), 1.3, 2)(times_s)
        gust = self.depth * (np.stack(sides, axis=1) + 0.25 * own)
        bound = np.where(gust > 0.0, _TOP, _BOTTOM)
        return np.asarray(bound * np.tanh(gust / bound))

    def _speed(self, times_s: Values) -> Values:
        parts = [
            share * Curve(self.stream.child("gust", scale), scale)(times_s)[:, 0]
            for scale, share in _SCALES
        ]
        return np.asarray(sum(parts))
