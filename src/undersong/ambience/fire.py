"""A fire: a flickering rumble, hissing steam, and wood that crackles in fits.

Three sounds in one (Farnell, "Designing Sound", MIT Press 2010, on fire): the flames lap, a low
roar whose level follows the flicker of burning gas; steam and resin hiss out of the wood in puffs;
and the wood crackles where fibres burst. A fire of width D flickers at about 1.5 / sqrt(D) Hz (D in
metres; Cetegen and Ahmed, "Experiments on the periodic instability of buoyant plumes and pool
fires", Combustion and Flame 93, 1993), never evenly. Crackles come in fits: one burst opens the
next pocket, so their number swings far more than chance alone would have it.
"""

from typing import ClassVar, Final

import numpy as np
from pydantic import Field

from undersong.ambience.blend import Blend, Ground, tuned_db
from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.shower import Rush, Shower
from undersong.ambience.texture import Splashes, Swings, sum_db
from undersong.dsp.grains import Grain, bursts
from undersong.dsp.noise import Curve, ShapedNoise, Stream, Values
from undersong.units import SAMPLE_RATE


class FireOptions(GeneratorOptions):
    """What a bed file may say of a fire."""

    size: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From embers in a stove (0) to a camp fire (1)."
    )
    crackle: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From dry, quiet wood (0) to wood that spits (1)."
    )
    hiss: float = Field(
        default=0.4, ge=0.0, le=1.0, description="From seasoned wood (0) to damp wood (1)."
    )


_ROAR: Final = {40: 0, 80: 0, 160: -8, 320: -17, 640: -24, 1500: -31, 4000: -40, 12000: -52}
_HISS: Final = {200: -34, 600: -22, 1500: -13, 4000: -6, 8000: -4, 13000: -8}
_EMBERS: Final = {60: -13, 300: -11, 1000: -11, 4000: -12, 9000: -15, 13000: -20}
"""Spectra of the flames, of steam, and of countless small things in the glow."""

_LAP_DB: Final = 2.6
_PUFFS: Final = ((2.3, 1.6), (0.5, 1.6), (0.13, 1.2))
_DRIFT: Final = ((41.0, 1.4), (13.0, 0.4))
_GLOW: Final = ((1.4, 0.8), (0.3, 0.8))
_TICKS: Final = (
    (0.083, 0.003, 0.03, {100: 0.15, 800: 0.4, 4000: 0.5}),
    (0.019, 0.001, 0.007, {200: 0.0, 1000: 0.35, 4000: 0.45}),
)
"""How flames lap, steam puffs, the whole drifts and embers tick: (scale in s, swing in dB), and
see `texture.Splashes`."""

_FITS: Final = ((11.0, 1.2), (1.6, 2.0), (0.35, 2.4))
"""How far the number of crackles swings: (scale in s, swing in dB)."""

_CRACK_HZ: Final = 2000.0
"""Around which wood crackles."""

_TEAR_S: Final = 0.13
"""No single tear rings longer."""

_CORRELATION: Final = {50: 0.85, 150: 0.6, 400: 0.4, 2000: 0.3, 10000: 0.22}
_FRAME: Final = 480


def _crackles(rng: np.random.Generator, n: int) -> list[Grain]:
    """Fibres that burst one after another, from a dull rustle to a bright tick."""
    hz = np.exp(rng.normal(np.log(_CRACK_HZ), 0.6, n)).clip(350.0, 5_000.0)
    fall_s = 0.0060 * (_CRACK_HZ / hz) ** 0.4 * rng.lognormal(0.0, 0.35, n)
    octaves = rng.uniform(0.7, 1.3, n)
    sizes = (_CRACK_HZ / hz) ** 0.5  # small cracks are bright, and weaker
    tears = bursts(rng, hz, octaves, np.full(n, 0.0012), fall_s)
    tears = [tear * np.float32(size) for tear, size in zip(tears, sizes, strict=True)]
    return [_torn(rng, tears, i) for i in range(n)]


def _torn(rng: np.random.Generator, tears: list[Grain], i: int) -> Grain:
    """Return a fracture that starts with tear `i` and runs on in smaller ones."""
    count = int(rng.integers(0, 5))
    later = np.cumsum(rng.exponential(0.008, count)).clip(max=0.07)
    out = np.zeros(int((_TEAR_S + 0.08) * SAMPLE_RATE), np.float32)
    out[: len(tears[i])] += tears[i][: len(out)]
    for start, gain in zip((later * SAMPLE_RATE).astype(int), 0.8 ** np.arange(count), strict=True):
        tear = tears[int(rng.integers(len(tears)))]
        out[start : start + len(tear)] += tear[: len(out) - start] * np.float32(gain)
    return np.trim_zeros(out, "b")


def _snaps(rng: np.random.Generator, n: int) -> list[Grain]:
    """A pocket that opens: lower, longer, and the hearth answers."""
    hz = np.exp(rng.normal(np.log(900.0), 0.55, n))
    return bursts(
        rng, hz, rng.uniform(0.9, 1.6, n), np.full(n, 0.0012), rng.uniform(0.008, 0.03, n)
    )


class Flames:
    """The weather of a fire: roar, hiss and embers."""

    def __init__(self, options: FireOptions, stream: Stream) -> None:
        """Take options."""
        width_m = 0.12 * 8.0**options.size
        flicker_hz = 1.5 / np.sqrt(width_m)
        self._lap = Swings(
            stream.child("lap"),
            ((0.8 / flicker_hz, _LAP_DB), (0.25 / flicker_hz, 0.6 * _LAP_DB)),
            by_side=False,
        )
        self._drift = Swings(stream.child("drift"), _DRIFT, by_side=False)
        self._puffs = Swings(stream.child("puffs"), _PUFFS)
        self._glow = Swings(stream.child("glow"), _GLOW, by_band=True)
        self._ticks = Splashes(stream.child("ticks"), _TICKS)
        self._roar_db = tuned_db(_ROAR, -5.0 + 8.0 * (options.size - 0.4))
        self._hiss_db = tuned_db(_HISS, -10.5 + 10.0 * (options.hiss - 0.4))
        self._embers_db = tuned_db(_EMBERS, -7.5)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        drift = self._drift(times_s)
        roar = self._roar_db + self._lap(times_s) + drift
        hiss = self._hiss_db + self._puffs(times_s) + 0.5 * drift
        embers = self._embers_db + self._ticks(times_s) + drift
        return np.asarray(sum_db(roar, hiss, embers) + self._glow(times_s))


class Fire(Blend):
    """An endless fire; see `FireOptions`."""

    name: ClassVar[str] = "fire"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = FireOptions

    def __init__(self, options: FireOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        often = 10.0 ** (options.crackle - 0.5)
        level_db = -7.0 + 7.0 * (options.crackle - 0.5)
        fits = _fits(stream.child("fits"))
        crackles = Shower(
            stream=stream.child("crackles"),
            bank=_crackles,
            rate_hz=20.0 * often,
            level_db=level_db,
            reach_db=4.5,
            limit_db=3.7,
            rush=fits,
        )
        snaps = Shower(
            stream=stream.child("snaps"),
            bank=_snaps,
            rate_hz=1.1 * often,
            level_db=level_db - 7.5,
            reach_db=2.5,
            limit_db=3.5,
            rush=fits,
            unique=True,
        )
        ground = Ground(
            noise=ShapedNoise(stream.child("noise"), _FRAME, _CORRELATION),
            weather=Flames(options, stream.child("flames")),
        )
        super().__init__([ground], [crackles, snaps])


def _fits(stream: Stream) -> Rush:
    curves = [(Curve(stream.child(scale_s), scale_s), swing) for scale_s, swing in _FITS]

    def rush(times_s: Values) -> Values:
        return np.asarray(sum(swing * curve(times_s)[:, 0] for curve, swing in curves)) - 2.0

    return rush
