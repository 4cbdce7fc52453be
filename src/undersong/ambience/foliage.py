"""Leaves, needles and reeds in the wind, and the crowns of a whole wood behind them.

Broad leaves strike each other: many small impacts whose number and strength rise with the wind,
bright and grainy. Needles do not touch; air sheds eddies behind each, at 0.2 times speed over
width (Strouhal), so pines sigh, and the sigh rises in a gust. (Fegeant, "Wind-induced vegetation
noise", Acta Acustica 85, 1999: measured spectra of both kinds, and their rise with speed.)
"""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from undersong.ambience.gusts import Gusts
from undersong.ambience.texture import Splashes, Swings, sum_db
from undersong.dsp.noise import Stream, Values, bands_hz, spectrum_db

_OCTAVES = np.log2(bands_hz())


class Tree(Struct, frozen=True, kw_only=True):
    """What a tree does in the wind.

    Attributes:
        touch_db: spectrum of impacts of leaves at the usual speed.
        touch_rise_db: how much louder they are per octave of speed.
        shed_hz: spectrum of eddies behind needles, stalks and twigs, points in Hz ...
        shed_db: ... and in dB, at the usual speed; it moves with speed.
        flutter: how leaves turn on their stalks: (scale in s, swing in dB).
    """

    touch_db: Values
    touch_rise_db: float
    shed_hz: tuple[float, ...]
    shed_db: tuple[float, ...]
    flutter: tuple[tuple[float, float], ...]


TREES: Mapping[str, Tree] = {
    "beech": Tree(
        touch_db=spectrum_db({150: -40, 500: -27, 1500: -19, 3500: -17, 7000: -21, 14000: -30}),
        touch_rise_db=13.0,
        shed_hz=(40.0, 120.0, 400.0, 1000.0, 3000.0, 12_000.0),
        shed_db=(-17.0, -11.0, -10.0, -15.0, -27.0, -45.0),
        flutter=((0.9, 0.4), (0.2, 0.3)),
    ),
    "aspen": Tree(
        touch_db=spectrum_db({200: -42, 700: -27, 2000: -17, 4500: -14, 8000: -17, 14000: -25}),
        touch_rise_db=10.0,
        shed_hz=(40.0, 120.0, 400.0, 1000.0, 3000.0, 12_000.0),
        shed_db=(-19.0, -14.0, -13.0, -18.0, -29.0, -46.0),
        flutter=((0.7, 0.4), (0.16, 0.6), (0.08, 0.5)),
    ),
    "pine": Tree(
        touch_db=spectrum_db({200: -50, 1000: -40, 3000: -36, 8000: -37, 14000: -44}),
        touch_rise_db=9.0,
        shed_hz=(40.0, 120.0, 300.0, 700.0, 1300.0, 2500.0, 5000.0, 14_000.0),
        shed_db=(-16.0, -13.0, -9.0, -5.0, -5.0, -10.0, -19.0, -38.0),
        flutter=((1.3, 0.4), (0.4, 0.2)),
    ),
    "reeds": Tree(
        touch_db=spectrum_db({150: -42, 600: -26, 1800: -16, 3000: -15, 6000: -20, 14000: -32}),
        touch_rise_db=15.0,
        shed_hz=(40.0, 120.0, 400.0, 1200.0, 4000.0, 12_000.0),
        shed_db=(-20.0, -17.0, -14.0, -16.0, -28.0, -44.0),
        flutter=((1.1, 0.6), (0.3, 0.4)),
    ),
}

_RUSTLE = (
    (0.31, 0.12, 0.35, {40: 0.07}),
    (0.045, 0.012, 0.04, {40: 0.06}),
    (0.011, 0.003, 0.008, {40: 0.08}),
)
"""Leaves touch in bunches and one by one, so many that few stand out: see `texture.Splashes`."""

_SHED_RISE_DB = 15.0
"""Eddies behind stalks: nearly the sixth power of speed, for what stands there gives way."""

_STILL_OCTAVES = -1.6
"""However still the air, some leaf moves."""


class Foliage:
    """The weather of leaves near by."""

    def __init__(
        self,
        tree: Tree,
        gusts: Gusts,
        wind_octaves: float,
        stream: Stream,
        *,
        level_db: float = 0.0,
    ) -> None:
        """Take the wind that moves them: its course, and its usual speed in octaves."""
        self._tree, self._gusts, self._wind = tree, gusts, wind_octaves
        self._level_db = level_db
        self._stir = Swings(stream.child("stir"), tree.flutter, by_band=True)
        self._rustle = Splashes(stream.child("rustle"), _RUSTLE)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        tree = self._tree
        rise = np.maximum(self._wind + self._gusts(times_s)[..., None], _STILL_OCTAVES)
        touch = tree.touch_db + tree.touch_rise_db * rise + self._rustle(times_s)
        shed = np.interp(_OCTAVES - rise, np.log2(tree.shed_hz), tree.shed_db)
        return sum_db(touch, shed + _SHED_RISE_DB * rise) + self._stir(times_s) + self._level_db


_CROWNS = spectrum_db({40: -9, 100: -7, 300: -10, 800: -17, 2000: -26, 5000: -37, 12000: -52})
_CROWNS_RISE = spectrum_db({40: 6, 300: 8, 2000: 12, 10000: 14})
"""All crowns together, near and far, and how much they rise per octave of wind speed, in dB."""

_SWAY = ((1.7, 0.4),)
"""Crowns go their own ways, band by band: (scale in s, swing in dB)."""


class Crowns:
    """The weather of a whole wood: an average over many trees, so it moves less than one."""

    def __init__(self, gusts: Gusts, wind_octaves: float, stream: Stream) -> None:
        """Take the wind that moves them: its course, and its usual speed in octaves."""
        self._gusts, self._wind = gusts, wind_octaves
        self._sway = Swings(stream.child("sway"), _SWAY, by_band=True)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        rise = self._wind + self._gusts(times_s)[..., None]
        return np.asarray(_CROWNS + _CROWNS_RISE * rise + self._sway(times_s))
