"""When waves come: a sea state, whose waves arrive in groups and never to a beat.

Far from the storm that made it, swell is a narrow band of random noise: a carrier of the usual
period under a slow complex envelope (Longuet-Higgins, "Statistical properties of wave groups in a
random sea state", Philosophical Transactions of the Royal Society A 312, 1984). Where the envelope
is high a group of large waves passes, evenly spaced; where it is low the phase slips, and the next
group owes nothing to the last. So periods are irregular as they are at sea, and nothing keeps time.
"""

import numpy as np
from msgspec import Struct

from undersong.dsp.noise import Curve, Stream, Values

_STEPS = 24
"""Looks at the sea per usual period; at most one wave comes between two of them."""

_CELL_PERIODS = 8
"""Waves are found in stretches of this many usual periods, always the same ones."""


class Arrival(Struct, frozen=True, kw_only=True):
    """One wave of a swell.

    Attributes:
        number: names the wave among all of this swell; later waves have higher numbers.
        time_s: when its crest arrives.
        height_db: its height re the swell's RMS; Rayleigh distributed, as heights at sea are.
    """

    number: int
    time_s: float
    height_db: float


class Swell:
    """A sea state that can be looked at anywhere."""

    def __init__(self, stream: Stream, period_s: float, group: float = 2.6) -> None:
        """Take the usual period, and how many of them the envelope takes to change."""
        self._period_s = period_s
        self._envelope = Curve(stream, group * period_s, 2)
        self._kept: dict[int, tuple[Arrival, ...]] = {}

    def between(self, start_s: float, end_s: float) -> list[Arrival]:
        """Return the waves whose crests arrive in [start_s, end_s), in order."""
        cell_s = _CELL_PERIODS * self._period_s
        cells = range(int(start_s // cell_s), int(end_s // cell_s) + 1)
        kept = {cell: self._kept.get(cell) or self._cell(cell) for cell in cells}
        self._kept = kept
        return [
            arrival
            for arrivals in kept.values()
            for arrival in arrivals
            if start_s <= arrival.time_s < end_s
        ]

    def _cell(self, cell: int) -> tuple[Arrival, ...]:
        """Return the waves of one stretch: upward turns of the phase through zero."""
        count = _CELL_PERIODS * _STEPS
        looks = np.arange(cell * count, (cell + 1) * count + 1, dtype=np.float64)
        courses = self._envelope(looks * (self._period_s / _STEPS))
        envelope = courses[:, 0] + 1j * courses[:, 1]
        elevation = envelope * np.exp(2j * np.pi * (looks % _STEPS) / _STEPS)
        crest = (elevation.imag[:-1] < 0.0) & (elevation.imag[1:] >= 0.0) & _ahead(elevation)
        return tuple(self._arrival(looks, elevation, int(i)) for i in np.flatnonzero(crest))

    def _arrival(self, looks: Values, elevation: Values, i: int) -> Arrival:
        before, after = float(elevation[i].imag), float(elevation[i + 1].imag)
        time = float(looks[i]) + before / (before - after)
        height = max(float(np.abs(elevation[i])), 1e-3) / np.sqrt(2.0)
        return Arrival(
            number=int(looks[i]),
            time_s=time * self._period_s / _STEPS,
            height_db=float(20.0 * np.log10(height)),
        )


def _ahead(elevation: Values) -> Values:
    """Whether the surface is up, not down, between looks."""
    return np.asarray(elevation.real[:-1] + elevation.real[1:] > 0.0)
