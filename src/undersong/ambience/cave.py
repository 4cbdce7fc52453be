"""A cave: air that breathes in and out of it, drops that fall into still water, a far trickle.

A drop that falls into water leaves a bubble, which rings at 3.26 / radius in m (Minnaert 1933)
and dies at 0.13 / r + 0.0072 r^-1.5 per second, rising a little (van den Doel, "Physically based
models for liquid sounds", ACM Transactions on Applied Perception 2, 2005). The rock answers.
"""

from typing import ClassVar

import numpy as np
from pydantic import Field

from undersong.ambience.contract import GeneratorOptions
from undersong.ambience.grove import Grove, Kind, Maker
from undersong.ambience.place import PHRASE_RATE_HZ, Place
from undersong.ambience.texture import LAYER_LUFS, Splashes, Swings, Textures
from undersong.audio import Frames, Gridded
from undersong.dsp.noise import Curve, Stream, Values, bands_hz, spectrum_db


class CaveOptions(GeneratorOptions):
    """What a bed file may say of a cave."""

    drips: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Places where drops fall: none (0) to many (1)."
    )
    water: float = Field(
        default=0.3, ge=0.0, le=1.0, description="A trickle far inside: none (0) to near (1)."
    )
    size: float = Field(
        default=0.5, ge=0.0, le=1.0, description="From a small chamber (0) to a hall (1)."
    )


Rng = np.random.Generator

_AIR = spectrum_db({40: -6, 80: 0, 160: -2, 320: -8, 700: -17, 1500: -27, 4000: -40, 12000: -56})
_SIZE_DB = 2.5
"""The larger the cave, the lower its air: change per octave from end to end of `size`."""

_BREATH_DB = 1.9
_BREATH_S = (21.0, 53.0)
"""A cave breathes with the wind outside: swing, and scales."""

_STIR = ((3.1, 0.8), (0.9, 0.5))

_TRICKLE = spectrum_db({200: -46, 500: -30, 1000: -24, 2200: -26, 4000: -34, 9000: -50})
_RUN = (
    (0.23, 0.02, 0.16, {300: 0.5, 2000: 0.6}),
    (0.047, 0.006, 0.03, {300: 0.4, 2000: 0.6}),
)
"""Water that runs over stones far inside: see `texture.Splashes`."""

_NEAREST_LU = -5.0
"""Loudest moment of the nearest drop against air and water together."""

_MOST_DRIPS = 7
_CORRELATION = {60: 0.7, 200: 0.5, 400: 0.4, 2000: 0.3, 10000: 0.25}
_AIR_FRAME = 1920
_WATER_FRAME = 960


class Breath:
    """The weather of the air in a cave."""

    def __init__(self, size: float, stream: Stream) -> None:
        """Take the size of the cave, 0 to 1."""
        octaves = np.log2(bands_hz() / 200.0)
        self._levels = _AIR - _SIZE_DB * (size - 0.5) * octaves
        self._courses = [Curve(stream.child(s), s) for s in _BREATH_S]
        self._stir = Swings(stream.child("stir"), _STIR, by_band=True)

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        breath = sum(course(times_s) for course in self._courses) / np.sqrt(len(_BREATH_S))
        return np.asarray(self._levels + _BREATH_DB * breath[..., None] + self._stir(times_s))


class Trickle:
    """The weather of running water far inside."""

    def __init__(self, near: float, stream: Stream) -> None:
        """Take how near it is, 0 to 1."""
        self._levels = _TRICKLE + (18.0 * (near - 0.3) if near else -200.0)
        self._run = Splashes(stream.child("run"), _RUN)
        self._lull = Swings(stream.child("lull"), ((11.0, 0.8), (2.3, 0.6)))

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        return np.asarray(self._levels + self._run(times_s) + self._lull(times_s))


class Cave(Gridded):
    """An endless cave; see `CaveOptions`."""

    name: ClassVar[str] = "cave"
    version: ClassVar[int] = 2
    Options: ClassVar[type[GeneratorOptions]] = CaveOptions

    def __init__(self, options: CaveOptions, seed: int) -> None:
        """Prepare cheaply; blocks are made when read."""
        stream = Stream.of(seed, self.name)
        rows = (
            (Breath(options.size, stream.child("breath")), _AIR_FRAME),
            (Trickle(options.water, stream.child("trickle")), _WATER_FRAME),
        )
        self._textures = Textures(stream.child("noise"), rows, _CORRELATION)
        makers = tuple(
            Maker.of(DRIPS[i % len(DRIPS)], stream.child("drip", i), 0.9)
            for i in range(round(_MOST_DRIPS * options.drips))
        )
        rock = _rock(options.size)
        self._drips = Grove(makers, rock, stream.child("rock"), LAYER_LUFS + _NEAREST_LU)
        super().__init__(self._second, channels=2)

    def _second(self, k: int) -> Frames:
        out = self._drips.block(k)
        out += self._textures.block(k)
        return out


def _rock(size: float) -> Place:
    """Return a cave of bare rock: a long answer, longest where it is low."""
    long = 0.5 + size
    return Place(
        nearest_m=3.0 + 3.0 * size,
        farthest_m=12.0 + 40.0 * size,
        foliage=0.0,
        tail_s=1.6 + 2.4 * size,
        decays_s=((400.0, 0.42 * long), (1500.0, 0.36 * long), (24_000.0, 0.2 * long)),
        answer_db=-5.0,
        onset_s=(0.008 + 0.02 * size, 0.02 + 0.03 * size),
    )


_RISE_S = 0.005
"""A drop takes this long to sound, or as long as its ring dies: it does not click."""


def _bubble(radius_mm: float, level_db: float) -> Values:
    """Return the ring of one bubble."""
    hz = 3260.0 / radius_mm
    radius_m = radius_mm / 1000.0
    damping = 0.13 / radius_m + 0.0072 * radius_m**-1.5
    t = np.arange(int(6.0 / damping * PHRASE_RATE_HZ)) / PHRASE_RATE_HZ
    phase = 2.0 * np.pi * hz * t * (1.0 + 0.03 * damping * t)
    rise = np.sin(0.5 * np.pi * np.clip(t / min(_RISE_S, 1.0 / damping), 0.0, 1.0)) ** 2
    return np.asarray(10.0 ** (level_db / 20.0) * rise * np.exp(-damping * t) * np.sin(phase))


def _plink(rng: Rng) -> Values:
    """Return one drop into deep water: a bubble, now and then a second, smaller one."""
    out = np.zeros(PHRASE_RATE_HZ // 5)
    radius_mm, at_s = rng.uniform(1.7, 3.6), 0.004
    for level_db in (0.0, -7.0, -11.0)[: rng.integers(1, 4)]:
        ring = _bubble(radius_mm, level_db)
        start = int(at_s * PHRASE_RATE_HZ)
        out[start : start + len(ring)] += ring
        radius_mm *= rng.uniform(0.62, 0.9)
        at_s += rng.uniform(0.02, 0.05)
    return out


def _tock(rng: Rng) -> Values:
    """Return one drop on wet stone: a film of water that splashes, and a small bubble."""
    out = np.zeros(PHRASE_RATE_HZ // 8)
    n = int(rng.uniform(0.006, 0.012) * PHRASE_RATE_HZ)
    u = (np.arange(n) + 0.5) / n
    splash = np.convolve(rng.normal(size=n), np.hanning(9) / 4.0, "same")
    out[:n] += 0.2 * np.sin(np.pi * u) ** 2 * splash
    ring = _bubble(rng.uniform(1.2, 2.2), -3.0)
    out[n // 2 : n // 2 + len(ring)] += ring
    return out


DRIPS = (
    Kind(phrase=_plink, near=0.1, period_s=4.7, length_s=0.2, regular=True),
    Kind(phrase=_tock, near=0.2, level_db=-4.0, period_s=3.1, length_s=0.2, regular=True),
    Kind(phrase=_plink, near=0.4, period_s=8.3, length_s=0.2, regular=True),
)
"""Where drops fall, and how often: every place has a pace of its own, which drifts."""
