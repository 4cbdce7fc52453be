"""Parts of what swells and dies away: the course of its power, with a spectrum that turns."""

from functools import cached_property

import numpy as np
from msgspec import Struct

from undersong.dsp.noise import Points, Powers, Values, bands_hz, loops, spectrum_db

_OCTAVES = np.log2(bands_hz() / 1000.0).astype(np.float32)
_DB_TO_2 = np.log2(10.0) / 10.0


class Phase(Struct, frozen=True, kw_only=True, dict=True):
    """One part of a wave's life.

    Attributes:
        start_s: when it begins, from the moment the crest topples.
        peak_s: from its start to its loudest moment.
        order: steepness; higher is narrower.
        spectrum: levels in dB at its loudest moment.
        tilt: how its spectrum turns, in dB per octave above 1 kHz and second.
    """

    start_s: float
    peak_s: float
    order: float
    spectrum: Points
    tilt: float

    @cached_property
    def _levels(self) -> Powers:
        """The spectrum as exponents of 2, which all waves share."""
        return np.asarray(_DB_TO_2 * spectrum_db(self.spectrum), np.float32)

    def add_to(
        self,
        powers: Powers,
        times_s: Values,
        topples_s: Values | float,
        *,
        pace: float = 1.0,
        gain_db: Values | float = 0.0,
    ) -> None:
        """Add its power in the life of one wave.

        Args:
            powers: of shape (2, bands, n), written to.
            times_s: of shape (n,).
            topples_s: when the crest topples, or, of shape (2,), does so on either side.
            pace: how much longer than usual everything takes.
            gain_db: moves both channels, or, of shape (2,), each.
        """
        facts = (1.0 / pace, self.start_s, self.peak_s, self.order, self.tilt * _DB_TO_2)
        loops().add_phase(
            times_s,
            np.full(2, topples_s, np.float64),
            np.array(facts, np.float32),
            levels=np.full(2, np.multiply(gain_db, _DB_TO_2), np.float32),
            spectrum=self._levels,
            octaves=_OCTAVES,
            powers=powers,
        )
