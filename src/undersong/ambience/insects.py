"""Crickets and toads: who calls on a summer night, how fast at what temperature, from where.

A call is short and hardly varies, but its caller drifts in pace, swells and rests; so each caller
has a handful of calls, rendered once where it sits, and a rhythm of its own. docs/craft.md says
where carriers, pulses and rates come from.
"""

from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct

from undersong.ambience.place import PHRASE_RATE_HZ, Ear, Place
from undersong.ambience.rhythm import Rhythm
from undersong.ambience.texture import Swings, k_weight
from undersong.audio import GRID, Frames, silence
from undersong.dsp.noise import Curve, ShapedNoise, Stream, Values, spectrum_db
from undersong.units import LOUDNESS_OFFSET_LU, SAMPLE_RATE

Rng = np.random.Generator

_CALLS = 6
"""Different calls of each caller."""

_WANDER_BEATS = 2.5
_STRIDE = 6.0
_JITTER = 0.03
"""How far a caller drifts from a metronome, how slowly, and how unevenly it calls."""

_SWELL_DB = 1.0
_MOOD_BEATS = 31.0
"""A caller swells and fades, and rests at times."""


class Species(Struct, frozen=True, kw_only=True):
    """Who calls.

    Attributes:
        call: draws one call at a temperature in degrees Celsius and with a pitch of its own, a
            factor: dry, mono, at `PHRASE_RATE_HZ`.
        rate_hz: calls per second at a temperature.
        carrier_hz: its pitch, near enough for stereo.
        share: of the time in which it does not rest.
        from_c: it is silent when colder.
    """

    call: Callable[[Rng, float, float], Values]
    rate_hz: Callable[[float], float]
    carrier_hz: float
    share: float
    from_c: float


class Strokes(Struct, frozen=True, kw_only=True):
    """A call of wing strokes, each a soft pulse of a tone that falls a little as wings close.

    Attributes:
        hz: the tone.
        count: how many strokes there are.
        length_s: of one stroke.
        apart_s: from one stroke to the next.
        swell: share of the amplitude that is gained from first to last.
    """

    hz: float
    count: int
    length_s: float
    apart_s: float
    swell: float

    def render(self, rng: Rng) -> Values:
        """Return the call: dry, mono, at `PHRASE_RATE_HZ`."""
        n = int(self.length_s * PHRASE_RATE_HZ)
        u = (np.arange(n) + 0.5) / n
        envelope = np.sin(np.pi * u**0.8) ** 2
        out = np.zeros(int((self.count * self.apart_s + self.length_s) * PHRASE_RATE_HZ) + 1)
        for i in range(self.count):
            pitch = self.hz * rng.uniform(0.996, 1.004) * (1.015 - 0.03 * u)
            rise = 1.0 - self.swell + self.swell * (i + 1) / self.count
            tone = np.sin(2.0 * np.pi * np.cumsum(pitch) / PHRASE_RATE_HZ)
            start = int((i * self.apart_s + rng.uniform(0.0, 0.0006)) * PHRASE_RATE_HZ)
            out[start : start + n] += rise * rng.uniform(0.93, 1.0) * envelope * tone
        return out


def _field_cricket(rng: Rng, warm_c: float, tune: float) -> Values:
    slow = 1.0 + 0.03 * (20.0 - warm_c)
    count = int(rng.choice([3, 4, 4]))
    strokes = Strokes(
        hz=4650.0 * tune, count=count, length_s=0.017 * slow, apart_s=0.036 * slow, swell=0.5
    )
    return strokes.render(rng)


def _tree_cricket(rng: Rng, warm_c: float, tune: float) -> Values:
    """Snowy tree cricket: eight strokes."""
    slow = 1.0 + 0.035 * (20.0 - warm_c)
    hz = tune * (2450.0 + 22.0 * (warm_c - 10.0))
    return Strokes(hz=hz, count=8, length_s=0.017 * slow, apart_s=0.024 * slow, swell=0.4).render(
        rng
    )


def _wood_cricket(rng: Rng, warm_c: float, tune: float) -> Values:
    """Wood cricket: a soft churr, heard as one."""
    slow = 1.0 + 0.03 * (20.0 - warm_c)
    count = int(rng.integers(14, 26))
    return Strokes(
        hz=3900.0 * tune, count=count, length_s=0.011 * slow, apart_s=0.0165 * slow, swell=0.7
    ).render(rng)


def _toad(rng: Rng, warm_c: float, tune: float) -> Values:
    """Midwife toad: one soft note, like a small bell."""
    length_s = rng.uniform(0.11, 0.14) * (1.0 + 0.02 * (18.0 - warm_c))
    n = int(length_s * PHRASE_RATE_HZ)
    u = (np.arange(n) + 0.5) / n
    hz = tune * rng.uniform(1310.0, 1330.0) * (0.985 + 0.03 * np.sin(np.pi * u))
    phase = 2.0 * np.pi * np.cumsum(hz) / PHRASE_RATE_HZ
    return np.asarray(np.sin(np.pi * u**0.7) ** 2 * (np.sin(phase) + 0.04 * np.sin(2.0 * phase)))


def _dolbear_hz(warm_c: float) -> float:
    """Chirps per second of the snowy tree cricket (Dolbear 1897): T = 50 + (N - 40) / 4 in F."""
    return (4.0 * (1.8 * warm_c + 32.0 - 50.0) + 40.0) / 60.0


SPECIES: Mapping[str, Species] = {
    "field": Species(
        call=_field_cricket,
        rate_hz=lambda warm_c: 2.6 * (1.0 + 0.045 * (warm_c - 20.0)),
        carrier_hz=4650.0,
        share=0.75,
        from_c=9.0,
    ),
    "tree": Species(
        call=_tree_cricket, rate_hz=_dolbear_hz, carrier_hz=2700.0, share=0.85, from_c=14.0
    ),
    "wood": Species(
        call=_wood_cricket,
        rate_hz=lambda warm_c: 1.1 * (1.0 + 0.04 * (warm_c - 20.0)),
        carrier_hz=3900.0,
        share=0.65,
        from_c=11.0,
    ),
    "toad": Species(call=_toad, rate_hz=lambda _: 0.42, carrier_hz=1300.0, share=0.6, from_c=7.0),
}


class Caller(Struct, frozen=True, kw_only=True):
    """One that sits somewhere and calls.

    Attributes:
        species: who it is.
        warm_c: temperature where it sits.
        pace: its rate against its species'.
        tune: its pitch against its species'.
        side: from left (-1) to right (1).
        far: from near (0) to far (1).
        level_lufs: loudest moment of a call if it sat at the nearest point.
        stream: where its choices come from.
    """

    species: Species
    warm_c: float
    pace: float
    tune: float
    side: float
    far: float
    level_lufs: float
    stream: Stream

    @property
    def rhythm(self) -> Rhythm:
        """When it may call."""
        return Rhythm(
            stream=self.stream.child("rhythm"),
            period_s=1.0 / (self.pace * self.species.rate_hz(self.warm_c)),
            wander=_WANDER_BEATS,
            jitter=_JITTER,
            stride=_STRIDE,
        )

    def gains(self, beats: Values) -> Values:
        """Return the gain of each beat: 0 in a rest, else near 1."""
        swell, rest = Curve(self.stream.child("mood"), _MOOD_BEATS, 2)(beats).T
        awake = np.clip((rest - _quantile(1.0 - self.species.share)) / 0.2, 0.0, 1.0)
        return np.asarray(awake * 10.0 ** (_SWELL_DB * swell / 20.0))

    def lufs(self, place: Place) -> float:
        """Return about how loud it is over minutes."""
        away_db = 20.0 * np.log10(place.nearest_m / place.distance_m(self.far))
        busy = _MOMENT_S / self.rhythm.period_s * self.species.share
        return float(self.level_lufs + away_db + 10.0 * np.log10(busy))


_MOMENT_S = 0.4


def _quantile(share: float) -> float:
    """Normal deviate below which a share lies (Tukey's lambda, good to 0.02)."""
    return float((share**0.135 - (1.0 - share) ** 0.135) / 0.1975)


Ebb = Callable[[Values], Values]
"""Level in dB at rising times in seconds: a whole meadow grows quiet and wakes again."""


class Callers:
    """All callers of a place; `block(k)` is what they sound in second `k`, stereo."""

    def __init__(self, callers: tuple[Caller, ...], ear: Ear, ebb_db: Ebb) -> None:
        """Take the callers; their calls are rendered when the first is heard."""
        self._ebb_db = ebb_db
        self._callers = [(caller, caller.rhythm) for caller in callers]
        self._ear = ear
        self._calls: dict[int, list[Frames]] = {}

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        out = silence(GRID, 2)
        looks_s = k + np.linspace(-1.0, 1.0, 9)
        ebb_db = self._ebb_db(looks_s)
        for index, (caller, rhythm) in enumerate(self._callers):
            calls = self._of(index)
            longest = max(len(call) for call in calls)
            beats, times_s = rhythm.between(k - longest / SAMPLE_RATE, k + 1.0)
            if not len(beats):
                continue
            gains = caller.gains(beats.astype(np.float64))
            gains *= 10.0 ** (np.interp(times_s, looks_s, ebb_db) / 20.0)
            first, span = int(beats[0]), int(beats[-1] - beats[0]) + 1
            which = caller.stream.child("which").uniform(first, span)[beats - first] * _CALLS
            offsets = (times_s * SAMPLE_RATE).astype(np.int64) - k * GRID
            for offset, gain, call in zip(offsets, gains, which, strict=True):
                if gain:
                    _add(out, calls[int(call)], int(offset), np.float32(gain))
        return out

    def _of(self, index: int) -> list[Frames]:
        if index not in self._calls:
            caller, _ = self._callers[index]
            lag_s = np.sign(caller.side) * _LAG_TURNS / caller.species.carrier_hz
            self._calls[index] = [
                self._ear.hear(
                    caller.species.call(
                        caller.stream.child("call").rng(i), caller.warm_c, caller.tune
                    ),
                    caller.side,
                    caller.far,
                    caller.level_lufs,
                    lag_s=float(lag_s),
                )
                for i in range(_CALLS)
            ]
        return self._calls[index]


_LAG_TURNS = 0.19
"""A pure tone from one side reaches the other ear later by this share of its period: enough to be
wide, too little to be lost in mono."""


def _add(out: Frames, sound: Frames, offset: int, gain: np.float32) -> None:
    first = max(offset, 0)
    part = sound[first - offset : GRID - offset]
    if len(part):
        out[first : first + len(part)] += gain * part


class Chorus:
    """More callers than can be told apart: noise around their pitch that ebbs and flows.

    A band of low noise is moved up by a carrier of a whole number of hertz, which is the same in
    every second.
    """

    def __init__(
        self, stream: Stream, band: tuple[int, float], level_lufs: float, ebb: Ebb
    ) -> None:
        """Take the pitch and its spread to either side in Hz, and the loudness over minutes."""
        carrier_hz, half_width_hz = band
        points = {half_width_hz * x: db for x, db in _SPREAD}
        self._band = spectrum_db(points)
        self._noise = ShapedNoise(stream.child("noise"), 1920, {100.0: 0.45, 1000.0: 0.45})
        self._swings = Swings(stream.child("swings"), _SWINGS)
        self._ebb_db = ebb
        cycle = np.cos(2.0 * np.pi * carrier_hz * np.arange(GRID) / SAMPLE_RATE)
        self._carrier = cycle.astype(np.float32)[:, None]
        weight = float(k_weight(np.array([float(carrier_hz)]))[0])
        self._gain_db = level_lufs - LOUDNESS_OFFSET_LU - 10.0 * np.log10(weight * self._power())

    def block(self, k: int) -> Frames:
        """Return second `k` as stereo `Frames`, a pure function of `k`."""
        times_s = self._noise.times_s(k)
        course = self._swings(times_s) + self._ebb_db(times_s)[:, None, None]
        levels = self._band + course + self._gain_db
        return np.asarray(self._noise.block(k, levels) * self._carrier, np.float32)

    def _power(self) -> float:
        times_s = self._noise.times_s(0)
        levels = np.broadcast_to(self._band, (len(times_s), 2, len(self._band)))
        sound = self._noise.block(0, levels) * self._carrier
        return float((sound.astype(np.float64) ** 2).mean(axis=0).sum())


_SPREAD = ((0.25, 0.0), (0.6, -3.0), (1.0, -9.0), (1.6, -22.0), (3.0, -60.0))
"""Density of pitches away from the middle: (share of the half width, dB)."""

_SWINGS = ((7.0, 0.8), (1.3, 0.7), (0.33, 0.7))
"""Few of them are in step for long: (scale in s, swing in dB)."""
