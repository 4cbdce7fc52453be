"""Waves, streams, rain, lakes, water and fire: the contract, and what a maker's options do."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from undersong.ambience.contract import Generator, GeneratorOptions
from undersong.ambience.fire import Fire, FireOptions
from undersong.ambience.lake import Lake, LakeOptions
from undersong.ambience.rain import Rain, RainOptions
from undersong.ambience.stream import Brook, BrookOptions
from undersong.ambience.underwater import Underwater, UnderwaterOptions
from undersong.ambience.waves import Sea, Waves, WavesOptions
from undersong.audio import Frames
from undersong.dsp.loudness import Meter
from undersong.dsp.noise import Stream
from undersong.testing import check_generator

SECOND = 48_000

MAKERS: tuple[type[Generator], ...] = (Waves, Brook, Rain, Lake, Underwater, Fire)

ENDS: tuple[tuple[type[Generator], GeneratorOptions], ...] = (
    (Waves, WavesOptions(swell=1.0, period_s=16.0, distance=0.0, shore="pebble")),
    (Brook, BrookOptions(flow=0.0, gurgle=1.0, distance=0.0)),
    (Rain, RainOptions(strength=0.0, surface="roof", nearness=1.0)),
    (Rain, RainOptions(strength=1.0, surface="water", nearness=0.0)),
    (Lake, LakeOptions(wind=0.0, shore="jetty", nearness=1.0)),
    (Lake, LakeOptions(wind=1.0, shore="reeds", nearness=0.0)),
    (Underwater, UnderwaterOptions(depth=0.0, motion=1.0, bubbles=1.0)),
    (Fire, FireOptions(size=0.0, crackle=1.0, hiss=0.0)),
    (Fire, FireOptions(size=1.0, crackle=0.0, hiss=1.0)),
)

OCTAVES_HZ = (63.0, 250.0, 1000.0, 4000.0, 16_000.0)


def sound_of(maker: type[Generator], seconds: int, seed: int = 1, **options: object) -> Frames:
    return maker(maker.Options(**options), seed).read(0, seconds * SECOND)


def levels_db(sound: Frames) -> list[float]:
    """Power in four bands of two octaves, in dB re full scale."""
    blocks = sound.mean(axis=1)[: len(sound) // 4800 * 4800].reshape(-1, 4800)
    power = np.mean(np.abs(np.fft.rfft(blocks * np.hanning(4800), axis=1)) ** 2, axis=0)
    hz = np.fft.rfftfreq(4800, 1.0 / SECOND)
    bands = [power[(hz >= low) & (hz < high)].sum() for low, high in pairwise(OCTAVES_HZ)]
    return [float(10.0 * np.log10(band / 4800**2)) for band in bands]


def swings_db(sound: Frames) -> list[float]:
    """How much the level swings in 10 ms, 100 ms and 1 s, each within the next longer time."""
    mono = sound.mean(axis=1, dtype=np.float64)
    levels = [
        10.0 * np.log10(np.mean(mono[: len(mono) // n * n].reshape(-1, n) ** 2, axis=1))
        for n in (480, 4800, 48_000)
    ]
    within = [
        level.reshape(-1, 10) - level.reshape(-1, 10).mean(axis=1, keepdims=True)
        for level in levels
    ]
    return [float(level.std()) for level in within]


def tilt_db(sound: Frames) -> float:
    """How much of the sound is high: above 1 kHz over below."""
    low, below, above, high = 10.0 ** (np.array(levels_db(sound)) / 10.0)
    return float(10.0 * np.log10((above + high) / (low + below)))


@pytest.mark.parametrize("maker", MAKERS)
def test_the_contract_of_water_and_fire_is_kept(maker: type[Generator]):
    check_generator(maker)


@pytest.mark.parametrize(("maker", "options"), ENDS)
def test_the_contract_of_water_and_fire_is_kept_at_the_ends(
    maker: type[Generator], options: GeneratorOptions
):
    check_generator(maker, options, seeds=(3,))


@pytest.mark.parametrize("maker", MAKERS)
def test_minutes_of_water_and_fire_breathe_but_do_not_startle(maker: type[Generator]):
    generator, meter = maker(maker.Options(), 4), Meter(channels=2)
    for k in range(0, 300, 20):
        meter.push(generator.read(k * SECOND, 20 * SECOND))
    levels = meter.levels()
    assert levels.integrated_lufs == pytest.approx(-30.0, abs=1.5)
    assert 3.0 <= levels.range_lu <= 10.0
    assert levels.momentary_max_lufs < levels.integrated_lufs + 9.0
    assert levels.true_peak_dbtp < -6.0


# (version, levels and swings of thirty seconds from an hour on, at seed 1): change these together.
GOLDEN: dict[str, tuple[int, list[float], list[float]]] = {
    "waves": (3, [-50.8, -46.7, -48.8, -54.5], [1.1, 1.03, 1.91]),
    "stream": (2, [-59.2, -49.3, -50.5, -56.2], [1.08, 0.49, 0.3]),
    "rain": (2, [-55.5, -51.9, -49.6, -48.3], [0.87, 0.41, 0.58]),
    "lake": (2, [-54.4, -47.8, -46.4, -51.8], [1.21, 1.26, 1.3]),
    "underwater": (2, [-44.5, -45.3, -55.5, -67.2], [1.78, 0.74, 0.8]),
    "fire": (2, [-47.5, -53.5, -52.9, -53.8], [2.15, 1.94, 1.06]),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_no_sound_of_water_or_fire_changes_unnoticed(maker: type[Generator]):
    version, levels, swings = GOLDEN[maker.name]
    sound = maker(maker.Options(), 1).read(3600 * SECOND, 30 * SECOND)
    assert maker.version == version
    assert levels_db(sound) == pytest.approx(levels, abs=0.3)
    assert swings_db(sound) == pytest.approx(swings, abs=0.15)


# What a maker turns up, and what of it must then be heard more: (measure, maker, low, high, by).
TURNS: Sequence[tuple[str, type[Generator], dict[str, object], dict[str, object], float]] = (
    ("tilt", Waves, {"distance": 1.0}, {"distance": 0.0}, 4.0),
    ("tilt", Waves, {"shore": "sand"}, {"shore": "pebble"}, 0.5),
    ("tilt", Brook, {"distance": 1.0}, {"distance": 0.0}, 2.0),
    ("tilt", Rain, {"surface": "roof"}, {"surface": "leaves"}, 3.0),
    ("tilt", Lake, {"shore": "jetty"}, {"shore": "reeds"}, 3.0),
    ("tilt", Lake, {"nearness": 0.0}, {"nearness": 1.0}, 2.0),
    ("tilt", Underwater, {"depth": 1.0}, {"depth": 0.0}, 4.0),
    ("tilt", Fire, {"size": 1.0}, {"size": 0.0}, 3.0),
    ("tilt", Fire, {"hiss": 0.0}, {"hiss": 1.0}, 1.5),
    ("sparks", Fire, {"crackle": 0.0}, {"crackle": 1.0}, 10.0),
    ("quick", Rain, {"nearness": 0.0}, {"nearness": 1.0}, 0.1),
    ("quick", Brook, {"gurgle": 0.0}, {"gurgle": 1.0}, 0.1),
    ("quick", Brook, {"flow": 1.0}, {"flow": 0.0}, 0.15),
    ("slow", Lake, {"nearness": 0.0}, {"nearness": 1.0}, 0.2),
    ("slow", Underwater, {"motion": 0.0}, {"motion": 1.0}, 0.3),
)


def sparks_hz(sound: Frames) -> float:
    """How often in a second 2 ms stand 8 dB above the usual, between 1 and 4 kHz."""
    spectrum = np.fft.rfft(sound.mean(axis=1, dtype=np.float64))
    hz = np.fft.rfftfreq(len(sound), 1.0 / SECOND)
    middle = np.fft.irfft(np.where((hz > 1000.0) & (hz < 4000.0), spectrum, 0.0), len(sound))
    level = 10.0 * np.log10(np.mean(middle.reshape(-1, 96) ** 2, axis=1))
    return float(np.count_nonzero(level > np.median(level) + 8.0) * SECOND / len(sound))


MEASURES = {
    "sparks": sparks_hz,
    "tilt": tilt_db,
    "quick": lambda sound: swings_db(sound)[0],
    "slow": lambda sound: swings_db(sound)[2],
}


@pytest.mark.parametrize(("measure", "maker", "low", "high", "by"), TURNS)
def test_what_a_maker_turns_is_heard(
    measure: str,
    maker: type[Generator],
    low: dict[str, object],
    high: dict[str, object],
    by: float,
):
    found = [MEASURES[measure](sound_of(maker, 30, **options)) for options in (low, high)]
    assert found[1] > found[0] + by


def test_waves_come_about_at_their_period():
    sound = sound_of(Waves, 300, 2, swell=1.0, period_s=12.0, distance=0.0)
    power = np.mean(sound.reshape(-1, SECOND // 5, 2) ** 2, axis=(1, 2))
    level = np.log(power) - np.log(power).mean()
    spectrum = np.abs(np.fft.rfft(level)) ** 2
    period = 300.0 / np.arange(1, len(spectrum))
    there = spectrum[1:][(period > 9.0) & (period < 15.0)].mean()
    assert there > 3.0 * spectrum[1:][(period > 4.0) & (period < 7.0)].mean()


@pytest.mark.parametrize("options", [WavesOptions(), WavesOptions(swell=1.0, period_s=12.0)])
def test_the_level_of_waves_keeps_no_beat(options: WavesOptions):
    """No line at 1/period: folding an hour of the level at the period shows nothing."""
    sea, step_s, length_s = Sea(options, Stream.of(5)), 0.25, 3600.0
    looks = np.arange(0.0, length_s, step_s).reshape(60, -1)
    power = np.concatenate([(10.0 ** (sea(times) / 10.0)).sum(axis=(1, 2)) for times in looks])
    level = 10.0 * np.log10(power)
    spectrum = np.abs(np.fft.rfft((level - level.mean()) * np.hanning(len(level)))) ** 2
    share = np.fft.rfftfreq(len(level), step_s) * options.period_s
    at_period = spectrum[np.abs(share - 1.0) < 0.01].max()
    around = spectrum[(np.abs(share - 1.0) < 0.2) & (np.abs(share - 1.0) > 0.01)]
    assert 10.0 * np.log10(at_period / around.mean()) < 10.0
    assert 10.0 * np.log10(around.max() / around.mean()) < 10.0


def test_still_water_holds_no_bubble():
    assert not Underwater(UnderwaterOptions(bubbles=0.0), 1)._showers
