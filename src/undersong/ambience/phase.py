"""Parts of what swells and dies away: the course of its power, with a spectrum that turns."""

import numpy as np
from msgspec import Struct

from undersong.ambience.texture import NOTHING_DB, banded
from undersong.dsp.noise import Points, Values, bands_hz, spectrum_db

_OCTAVES = np.log2(bands_hz() / 1000.0)
_EVEN = np.ones_like(_OCTAVES)


class Phase(Struct, frozen=True, kw_only=True):
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

    def level_db(self, t: Values, gain_db: Values | float = 0.0) -> Values:
        """Level at times `t` of shape (n, 2) from the toppling, shape (n, 2, bands).

        `gain_db` moves both channels, or, of shape (2,), each.
        """
        x = np.maximum((t - self.start_s) / self.peak_s, 1e-12)
        course = 10.0 / np.log(10.0) * self.order * (np.log(x) + 1.0 - x)
        turn = self.tilt * np.clip(t - self.start_s - self.peak_s, -4.0, 8.0)
        rows = (course + gain_db, _EVEN), (turn, _OCTAVES), (1.0, spectrum_db(self.spectrum))
        return np.asarray(np.maximum(banded(len(t), *rows), NOTHING_DB))
