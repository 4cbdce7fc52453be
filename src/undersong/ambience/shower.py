"""Many small things that happen at random: drops, bubbles, sparks. A layer, as `Texture` is one.

Events of a second are drawn whole from the second's number, and ring on into the next one. Where
there are too many to be told apart they share a bank of grains, made anew every minute; what can be
told apart is made on its own, so that nothing comes back.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Final

import numpy as np
from msgspec import Struct

from undersong.ambience.texture import LAYER_LUFS, k_weight
from undersong.audio import GRID, Frames
from undersong.dsp.grains import Grain, Heap, Rows, energy_spectrum
from undersong.dsp.noise import Stream, Values, bands_hz
from undersong.units import SAMPLE_RATE

Bank = Callable[[np.random.Generator, int], list[Grain]]
"""Makes so many grains; none longer than 0.9 s."""

Rush = Callable[[Values], Values]
"""From rising times in seconds, (n,), to how much more or less than usual happens, in dB, (n,)."""

_MOST: Final = 4.0
"""Never more than this many times the usual rate ..."""

_EPOCH_S: Final = 60
_BANK: Final = 320
"""... a new bank of grains so often, and so many in it."""

_USUAL: Final = 120
"""The level of grains made on their own is that of so many of them."""

_EAR_S: Final = 0.00065
"""How much later a sound from one side comes to the other ear."""

_AHEAD: Final = 0.13
"""Share of the events that come from ahead; the rest thins out towards both sides."""

_TURNED: Final = 1.0 + (1.0 - _AHEAD) / 6.0
"""Mean square of 1 + place, for places as above."""

_KEEP: Final = 3


def steady(times_s: Values) -> Values:
    """Return the rush of what never changes."""
    return np.zeros(len(times_s))


class Shower(Struct, frozen=True, kw_only=True, dict=True):
    """A layer of events.

    It is a weather too: called with times, it returns the levels that can be expected.

    Attributes:
        stream: where the events come from.
        bank: what they can sound like.
        rate_hz: how many there are in a second.
        level_db: loudness of all of them together, re `LAYER_LUFS`.
        reach_db: a large event stands this far above a usual one (one sigma, in dB).
        limit_db: none stands further than this above a usual one.
        rush: how their number changes over time.
        unique: make every event on its own.
    """

    stream: Stream
    bank: Bank
    rate_hz: float
    level_db: float
    reach_db: float = 4.0
    limit_db: float = 8.0
    rush: Rush = steady
    unique: bool = False

    def block(self, k: int, gain_db: float = 0.0) -> Frames:
        """Return second `k` as stereo `Frames`, moved by `gain_db`: a pure function of `k`."""
        sound = self._cell(k)[:, :GRID] + self._cell(k - 1)[:, GRID:]
        return np.ascontiguousarray(sound.T * np.float32(10.0 ** (gain_db / 20.0)))

    def __call__(self, times_s: Values) -> Values:
        """Return levels of shape (n, 2, bands)."""
        level = self._usual_db + 10.0 * np.log10(self._often(times_s))[:, None]
        return np.repeat(level[:, None, :], 2, axis=1)

    @cached_property
    def _banks(self) -> OrderedDict[int, Heap]:
        return OrderedDict()

    @cached_property
    def _cells(self) -> OrderedDict[int, Frames]:
        return OrderedDict()

    @cached_property
    def _usual_db(self) -> Values:
        energy = energy_spectrum(self._grains(0).grains, bands_hz())
        return np.asarray(10.0 * np.log10(energy * self.rate_hz / SAMPLE_RATE + 1e-12))

    def _often(self, times_s: Values) -> Values:
        return np.asarray(np.clip(10.0 ** (self.rush(times_s) / 10.0), 1e-3, _MOST))

    def _cell(self, k: int) -> Frames:
        """Return what starts in second `k`: left and right, (2, 2 * GRID)."""
        if k not in self._cells:
            self._cells[k] = self._draw(k)
            if len(self._cells) > _KEEP:
                self._cells.popitem(last=False)
        return self._cells[k]

    def _draw(self, k: int) -> Frames:
        rng = self.stream.rng(k)
        moments = np.sort(rng.random(rng.poisson(_MOST * self.rate_hz)))
        if len(moments):
            moments = moments[rng.random(len(moments)) * _MOST < self._often(k + moments)]
        count = len(moments)
        place = rng.triangular(-1.0, 0.0, 1.0, count)
        place[rng.random(count) < _AHEAD] *= 0.1
        late = np.rint(_EAR_S * SAMPLE_RATE * place).astype(np.intp)
        peaks = self._peaks(rng, count)
        first = (moments * GRID).astype(np.intp)
        grains, picks = self._picked(rng, k, count)
        out = np.zeros((2, 2 * GRID), np.float32)
        for side, turn in zip(out, (-1, 1), strict=True):
            gains = peaks * (1.0 + turn * place) / np.sqrt(_TURNED)
            starts = first + np.maximum(-turn * late, 0)
            grains.add_to(side, picks=picks, starts=starts, gains=gains)
        return out

    def _picked(self, rng: np.random.Generator, k: int, count: int) -> tuple[Heap, Rows]:
        if self.unique:
            made = self.bank(rng, count) if count else []
            return Heap.of(made, self._scale), np.arange(count)
        grains = self._grains(k // _EPOCH_S)
        return grains, rng.integers(0, len(grains.edges) - 1, count)

    def _peaks(self, rng: np.random.Generator, count: int) -> Values:
        """Return sizes of events, up or down, mean square 1."""
        sizes_db = np.minimum(rng.normal(0.0, self.reach_db, count), self.limit_db)
        signs = rng.choice([-1.0, 1.0], count)
        return np.asarray(signs * 10.0 ** (sizes_db / 20.0) / self._usual_size)

    @cached_property
    def _usual_size(self) -> float:
        """RMS of sizes before they are brought to 1."""
        sigmas = np.linspace(-4.0, 4.0, 801)
        power = 10.0 ** (np.minimum(sigmas * self.reach_db, self.limit_db) / 10.0)
        return float(np.sqrt(np.average(power, weights=np.exp(-0.5 * sigmas**2))))

    def _grains(self, epoch: int) -> Heap:
        """Return the bank of a minute, at the level of the shower."""
        if epoch not in self._banks:
            count = _USUAL if self.unique else _BANK
            grains = self.bank(self.stream.child("bank").rng(epoch), count)
            self._banks[epoch] = Heap.of(grains, self._scale_of(grains))
            if len(self._banks) > _KEEP:
                self._banks.popitem(last=False)
        return self._banks[epoch]

    @cached_property
    def _scale(self) -> np.float32:
        return self._scale_of(self.bank(self.stream.child("bank").rng(0), _USUAL))

    def _scale_of(self, grains: list[Grain]) -> np.float32:
        """Return the gain that brings a shower of these grains to its level."""
        power = _loud_energy(grains) * self.rate_hz / SAMPLE_RATE
        wanted = 10.0 ** ((LAYER_LUFS + 0.691 + self.level_db) / 10.0) / 2.0
        return np.float32(np.sqrt(wanted / power))


def _loud_energy(grains: list[Grain]) -> float:
    """Mean K-weighted energy of grains (BS.1770-5)."""
    hz = np.geomspace(30.0, 16_000.0, 160)
    energy = energy_spectrum(grains, hz)
    return float(np.sum(energy * k_weight(hz) * np.gradient(hz)) / (SAMPLE_RATE / 2.0))
