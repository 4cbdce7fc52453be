"""The cases of EBU Tech 3341 v4 and Tech 3342 (November 2023) that can be synthesised."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from msgspec import Struct
from scipy.signal import firwin, oaconvolve

from undersong.audio import Frames
from undersong.dsp.loudness import Energies, Meter, momentary, short_term
from undersong.manifest import Levels

F64 = npt.NDArray[np.float64]
Sound = Callable[[int], F64]
FADE_S = 0.01


def tones(*parts: tuple[float | Sequence[float] | None, float]) -> Sound:
    """1 kHz in phase: parts of (peak level in dBFS, one or per channel, None for none; seconds)."""

    def sound(rate: int) -> F64:
        return np.concatenate([_tone(level, seconds, rate) for level, seconds in parts])

    return sound


def _tone(level: float | Sequence[float] | None, seconds: float, rate: int) -> F64:
    if level is None:
        return np.zeros((round(seconds * rate), 2))
    levels = np.array(level if isinstance(level, Sequence) else (level, level))
    t = np.arange(round(seconds * rate)) / rate
    return np.asarray(np.sin(2000 * np.pi * t)[:, None] * 10 ** (levels / 20))


def steady(period: int, peak: float, phase_deg: float) -> Sound:
    """One second of a sine of `period` samples."""

    def sound(rate: int) -> F64:
        sine = np.sin(2 * np.pi * np.arange(rate) / period + np.deg2rad(phase_deg))
        return _faded(peak * sine, rate)

    return sound


def burst(offset: int) -> Sound:
    """A sine of fs/6 at 0.5 with one period of fs/4 at 1.0, made at four times the rate."""

    def sound(rate: int) -> F64:
        n = 4 * rate
        start = n // 2 // 24 * 24  # where the slow sine rises through zero
        slow = 0.5 * np.sin(2 * np.pi * np.arange(n) / 24)
        fast = np.sin(2 * np.pi * np.arange(16) / 16)
        joined = np.concatenate([slow[:start], fast, slow[: n - start - 16]])
        low_pass = firwin(481, 0.475 * rate, fs=4 * rate)
        return _faded(oaconvolve(joined, low_pass, mode="same")[offset::4], rate)

    return sound


def _faded(mono: F64, rate: int) -> F64:
    n = round(FADE_S * rate)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)
    mono[:n] *= rise
    mono[-n:] *= rise[::-1]
    return np.stack([mono, mono], axis=1)


def _spans(series: F64, window_s: float, every_s: float) -> list[float]:
    """Highest value among the windows that end in each successive span."""
    window, every = round(window_s * 100), round(every_s * 100)
    padded = np.concatenate([np.full(window, -np.inf), series])  # value k ends k + window steps in
    return [float(padded[at + 1 : at + every + 1].max()) for at in range(0, 20 * every, every)]


class Heard(Struct, frozen=True):
    """What our meter made of a sound: levels, and mean squares per 10 ms."""

    levels: Levels
    steps: F64


READINGS: dict[str, Callable[[Heard], list[float]]] = {
    "I": lambda heard: [heard.levels.integrated_lufs],
    "LRA": lambda heard: [heard.levels.range_lu],
    "TP": lambda heard: [heard.levels.true_peak_dbtp],
    "max M": lambda heard: [heard.levels.momentary_max_lufs],
    "max S": lambda heard: [heard.levels.short_term_max_lufs],
    "every M": lambda heard: [*momentary(heard.steps)],
    "every S": lambda heard: [*short_term(heard.steps)],
    "M after 1 s": lambda heard: [*momentary(heard.steps)[60:]],
    "max M per 0.8 s": lambda heard: _spans(momentary(heard.steps), 0.4, 0.8),
    "max S per 6 s": lambda heard: _spans(short_term(heard.steps), 3, 6),
}

TOLERANCE: dict[str, tuple[float, float]] = {"LRA": (1, 1), "TP": (0.4, 0.2)}


class Case(Struct, frozen=True):
    """A sound and what it has to read, once or in succession."""

    id: str
    sound: Sound
    expected: dict[str, float | Sequence[float]]


RISING = tuple(range(-38, -18))

CASES = [
    Case("3341-1", tones((-23, 20)), {"I": -23, "every M": -23, "every S": -23}),
    Case("3341-2", tones((-33, 20)), {"I": -33, "every M": -33, "every S": -33}),
    Case("3341-3", tones((-36, 10), (-23, 60), (-36, 10)), {"I": -23}),
    Case("3341-4", tones((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), {"I": -23}),
    Case("3341-5", tones((-26, 20), (-20, 20.1), (-26, 20)), {"I": -23}),
    Case("3341-6", tones(((-28, -28, -24, -30, -30), 20)), {"I": -23}),
    Case("3341-9", tones(*[(-20, 1.34), (-30, 1.66)] * 5), {"every S": -23}),
    *(
        Case(f"3341-10.{i + 1}", tones((None, i * 0.15), (-23, 3), (None, 1)), {"max S": -23})
        for i in range(20)
    ),
    Case(
        "3341-11",
        tones(
            *(
                part
                for i, level in enumerate(RISING)
                for part in ((None, i * 0.15), (level, 3), (None, 3 - i * 0.15))
            )
        ),
        {"max S per 6 s": RISING},
    ),
    Case("3341-12", tones(*[(-20, 0.18), (-30, 0.22)] * 25), {"M after 1 s": -23}),
    *(
        Case(f"3341-13.{i + 1}", tones((None, i * 0.02), (-23, 0.4), (None, 1)), {"max M": -23})
        for i in range(20)
    ),
    Case(
        "3341-14",
        tones(
            *(
                part
                for i, level in enumerate(RISING)
                for part in ((None, i * 0.02), (level, 0.4), (None, 0.4 - i * 0.02))
            )
        ),
        {"max M per 0.8 s": RISING},
    ),
    Case("3341-15", steady(4, 0.5, 0), {"TP": -6}),
    Case("3341-16", steady(4, 0.5, 45), {"TP": -6}),
    Case("3341-17", steady(6, 0.5, 60), {"TP": -6}),
    Case("3341-18", steady(8, 0.5, 67.5), {"TP": -6}),
    Case("3341-19", steady(4, 1.41, 45), {"TP": 3}),
    *(Case(f"3341-{20 + offset}", burst(offset), {"TP": 0}) for offset in range(4)),
    Case("3342-1", tones((-20, 20), (-30, 20)), {"LRA": 10}),
    Case("3342-2", tones((-20, 20), (-15, 20)), {"LRA": 5}),
    Case("3342-3", tones((-40, 20), (-20, 20)), {"LRA": 20}),
    Case("3342-4", tones((-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)), {"LRA": 15}),
]


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_our_meter_reads_what_the_ebu_expects(case: Case, rate: int) -> None:
    sound: Frames = case.sound(rate).astype(np.float32)
    meter, energies = Meter(sound.shape[1], rate), Energies(sound.shape[1], rate, per_s=100)
    meter.push(sound)
    energies.push(sound)
    heard = Heard(meter.levels(), energies.hops)
    for reading, expected in case.expected.items():
        low, high = TOLERANCE.get(reading, (0.1, 0.1))
        seen = np.array(READINGS[reading](heard))
        wanted = np.broadcast_to(expected, seen.shape)  # raises when a succession has gaps
        assert seen.size > 0
        assert (seen >= wanted - low).all(), (reading, seen)
        assert (seen <= wanted + high).all(), (reading, seen)
