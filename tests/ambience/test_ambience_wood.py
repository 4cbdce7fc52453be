"""Beds of wind, wood and night: the contract, the level over minutes, and golden numbers."""

from itertools import pairwise

import numpy as np
import pytest

from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.ambience.cave import Cave, CaveOptions
from undersong.ambience.contract import Generator, GeneratorOptions
from undersong.ambience.forest import Forest, ForestOptions
from undersong.ambience.leaves import Leaves, LeavesOptions
from undersong.ambience.night import Night, NightOptions
from undersong.audio import Frames
from undersong.dsp.loudness import Meter
from undersong.testing import check_generator

SECOND = 48_000

USUAL: tuple[tuple[type[Generator], GeneratorOptions], ...] = (
    (Breeze, BreezeOptions()),
    (Forest, ForestOptions()),
    (Leaves, LeavesOptions()),
    (Night, NightOptions()),
    (Cave, CaveOptions()),
)

ENDS: tuple[tuple[type[Generator], GeneratorOptions], ...] = (
    (Breeze, BreezeOptions(force=1.0, gusts=1.0, warmth=0.0)),
    (Breeze, BreezeOptions(force=0.0, gusts=0.0, warmth=1.0)),
    (Forest, ForestOptions(wind=1.0, birds=0.0, time="dusk")),
    (Forest, ForestOptions(wind=0.0, birds=1.0, time="dawn", distance=0.0)),
    (Leaves, LeavesOptions(tree="aspen", wind=1.0, gusts=1.0, distance=0.0)),
    (Leaves, LeavesOptions(tree="pine", wind=0.0, gusts=0.0, distance=1.0)),
    (Leaves, LeavesOptions(tree="reeds")),
    (Night, NightOptions(crickets=1.0, frogs=1.0, warmth_c=28.0, distance=0.0, wind=0.0)),
    (Night, NightOptions(crickets=0.0, warmth_c=6.0, distance=1.0, owls=1.0)),
    (Cave, CaveOptions(drips=1.0, water=0.0, size=1.0)),
    (Cave, CaveOptions(drips=0.0, water=1.0, size=0.0)),
)

OCTAVES_HZ = (63.0, 250.0, 1000.0, 4000.0, 16_000.0)


def sound_of(generator: Generator, seconds: int, *, start_s: int = 0) -> Frames:
    return generator.read(start_s * SECOND, seconds * SECOND)


def levels_db(sound: Frames) -> list[float]:
    """Power in four bands of two octaves, in dB re full scale."""
    blocks = sound.mean(axis=1)[: len(sound) // 4800 * 4800].reshape(-1, 4800)
    power = np.mean(np.abs(np.fft.rfft(blocks * np.hanning(4800), axis=1)) ** 2, axis=0)
    hz = np.fft.rfftfreq(4800, 1.0 / SECOND)
    bands = [power[(hz >= low) & (hz < high)].sum() for low, high in pairwise(OCTAVES_HZ)]
    return [float(10.0 * np.log10(band / 4800**2)) for band in bands]


def brightness_hz(sound: Frames) -> float:
    """Middle of the spectrum, by power."""
    power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2
    half = np.searchsorted(np.cumsum(power), power.sum() / 2.0)
    return float(half * SECOND / len(sound))


def swing_db(sound: Frames, window_s: float) -> float:
    """Standard deviation of the level of windows."""
    n = int(window_s * SECOND)
    power = np.mean(sound[: len(sound) // n * n].reshape(-1, n, 2) ** 2, axis=(1, 2))
    return float(10.0 * np.log10(power).std())


@pytest.mark.parametrize(("maker", "options"), USUAL)
def test_a_bed_of_the_wood_keeps_the_contract(maker: type[Generator], options: GeneratorOptions):
    check_generator(maker, options)


@pytest.mark.parametrize(("maker", "options"), ENDS)
def test_it_does_so_at_the_ends_of_the_options(maker: type[Generator], options: GeneratorOptions):
    check_generator(maker, options, seeds=(3,))


@pytest.mark.parametrize(("maker", "options"), USUAL)
def test_ten_minutes_move_but_do_not_startle(maker: type[Generator], options: GeneratorOptions):
    generator, meter = maker(options, 4), Meter(channels=2)
    for k in range(0, 600, 20):
        meter.push(sound_of(generator, 20, start_s=k))
    levels = meter.levels()
    assert levels.integrated_lufs == pytest.approx(-30.0, abs=1.0)
    assert 3.0 <= levels.range_lu <= 10.0
    assert levels.momentary_max_lufs < levels.integrated_lufs + 6.0
    assert levels.true_peak_dbtp < -6.0


# Levels of generators at seed 1: change these together with the generator's `version`.
GOLDEN = {
    ("breeze", 0): (3, [-58.7, -47.5, -47.7, -60.6]),
    ("breeze", 3600): (3, [-60.0, -48.7, -49.1, -62.0]),
    ("forest", 0): (3, [-46.6, -45.9, -50.4, -55.5]),
    ("forest", 3600): (3, [-48.2, -47.9, -52.4, -55.2]),
    ("leaves", 0): (2, [-48.2, -46.4, -48.9, -50.9]),
    ("leaves", 3600): (2, [-47.9, -46.3, -48.7, -50.9]),
    ("night", 0): (2, [-55.5, -55.5, -47.1, -47.9]),
    ("night", 3600): (2, [-56.2, -56.4, -46.8, -47.5]),
    ("cave", 0): (2, [-44.9, -48.8, -54.8, -67.5]),
    ("cave", 3600): (2, [-44.5, -48.2, -54.7, -66.8]),
}


@pytest.mark.parametrize(("maker", "options"), USUAL)
@pytest.mark.parametrize("start_s", [0, 3600])
def test_no_bed_of_the_wood_changes_unnoticed(
    maker: type[Generator], options: GeneratorOptions, start_s: int
):
    version, levels = GOLDEN[maker.name, start_s]
    found = levels_db(sound_of(maker(options, 1), 30, start_s=start_s))
    assert maker.version == version
    assert found == pytest.approx(levels, abs=0.3)
