"""Every generator keeps the public contract, and what it models can be measured in its sound."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.ambience.breeze import Breeze, BreezeOptions
from undersong.ambience.contract import Generator, GeneratorOptions
from undersong.ambience.forest import Forest, ForestOptions
from undersong.audio import Frames
from undersong.dsp.loudness import Meter
from undersong.testing import check_generator

SECOND = 48_000

USUAL: tuple[tuple[type[Generator], GeneratorOptions], ...] = (
    (Breeze, BreezeOptions()),
    (Forest, ForestOptions()),
)

ENDS: tuple[tuple[type[Generator], GeneratorOptions], ...] = (
    (Breeze, BreezeOptions(force=1.0, gusts=1.0, warmth=0.0)),
    (Forest, ForestOptions(wind=1.0, birds=0.0, time="dusk")),
    (Forest, ForestOptions(wind=0.0, birds=1.0, time="dawn")),
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


@pytest.mark.parametrize(("maker", "options"), USUAL)
def test_the_contract_is_kept(maker: type[Generator], options: GeneratorOptions):
    check_generator(maker, options)


@pytest.mark.parametrize(("maker", "options"), ENDS)
def test_the_contract_is_kept_at_the_ends_of_the_options(
    maker: type[Generator], options: GeneratorOptions
):
    check_generator(maker, options, seeds=(3,))


SOURCES = {maker: maker(options, 11) for maker, options in USUAL}
WHOLE = {maker: source.read(0, 4 * SECOND) for maker, source in SOURCES.items()}


@pytest.mark.parametrize("maker", list(SOURCES))
@given(start=st.integers(-SECOND, 4 * SECOND), n=st.integers(0, SECOND))
@settings(max_examples=30, deadline=None)
def test_any_cut_gives_the_same_samples(maker: type[Generator], start: int, n: int):
    padded = np.concatenate([np.zeros((SECOND, 2), np.float32), WHOLE[maker]])
    expected = padded[start + SECOND : start + SECOND + n]
    assert np.array_equal(SOURCES[maker].read(start, n)[: len(expected)], expected)


@pytest.mark.parametrize(("maker", "options"), USUAL)
def test_minutes_breathe_but_do_not_startle(maker: type[Generator], options: GeneratorOptions):
    generator, meter = maker(options, 4), Meter(channels=2)
    for k in range(0, 240, 20):
        meter.push(sound_of(generator, 20, start_s=k))
    levels = meter.levels()
    assert levels.integrated_lufs == pytest.approx(-30.0, abs=1.5)
    assert 3.0 <= levels.range_lu <= 10.0
    assert levels.momentary_max_lufs < levels.integrated_lufs + 9.0
    assert levels.true_peak_dbtp < -6.0


# Levels of generators at seed 1: change these together with the generator's `version`.
GOLDEN = {
    ("breeze", 0): [-52.3, -40.9, -53.6, -69.0],
    ("breeze", 3600): [-52.7, -42.1, -54.6, -70.1],
    ("forest", 0): [-56.0, -50.9, -51.6, -51.0],
    ("forest", 3600): [-56.2, -51.3, -51.6, -50.5],
}


@pytest.mark.parametrize(("maker", "options"), USUAL)
@pytest.mark.parametrize("start_s", [0, 3600])
def test_no_generator_changes_unnoticed(
    maker: type[Generator], options: GeneratorOptions, start_s: int
):
    assert maker.version == 1
    found = levels_db(sound_of(maker(options, 1), 30, start_s=start_s))
    assert found == pytest.approx(GOLDEN[maker.name, start_s], abs=0.5)


def test_warmth_lowers_a_breeze_and_force_brightens_it():
    def brightness(**options: float) -> float:
        return brightness_hz(sound_of(Breeze(BreezeOptions(**options), 1), 30))

    assert brightness(warmth=1.0) < 0.9 * brightness(warmth=0.0)
    assert brightness(force=1.0) > 1.2 * brightness(force=0.0)


def test_gusts_swing_a_breeze():
    def swing(gusts: float) -> float:
        sound = sound_of(Breeze(BreezeOptions(gusts=gusts), 1), 120)
        power = np.mean(sound.reshape(-1, SECOND * 3, 2) ** 2, axis=(1, 2))
        return float(np.log10(power).std())

    assert swing(1.0) > 1.5 * swing(0.0)


def test_the_wind_of_a_breeze_is_not_a_whistle():
    sound = sound_of(Breeze(BreezeOptions(force=1.0, warmth=0.0), 1), 60).mean(axis=1)
    power = np.mean(np.abs(np.fft.rfft(sound.reshape(-1, 9600), axis=1)) ** 2, axis=0)[20:2000]
    smooth = np.convolve(np.log(power), np.full(61, 1 / 61), "same")
    assert (np.log(power) - smooth)[
        60:-60
    ].max() < 1.0  # no line stands 4 dB above its surroundings


def test_a_gust_brightens_a_breeze():
    sound = sound_of(Breeze(BreezeOptions(gusts=1.0), 1), 120)
    seconds = [sound[k * SECOND : (k + 1) * SECOND] for k in range(120)]
    power = np.array([np.mean(second**2) for second in seconds])
    bright = np.array([brightness_hz(second) for second in seconds])
    assert np.corrcoef(np.log(power), np.log(bright))[0, 1] > 0.5
