"""Every generator keeps the public contract, and what it models can be measured in its sound."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersong.ambience.contract import Generator, GeneratorOptions
from undersong.ambience.waves import Waves, WavesOptions
from undersong.audio import Frames
from undersong.dsp.loudness import Meter
from undersong.testing import check_generator

SECOND = 48_000

USUAL: tuple[tuple[type[Generator], GeneratorOptions], ...] = ((Waves, WavesOptions()),)

ENDS: tuple[tuple[type[Generator], GeneratorOptions], ...] = (
    (Waves, WavesOptions(swell=1.0, period_s=16.0, distance=0.0, shore="pebble")),
    (Waves, WavesOptions(swell=0.0, period_s=6.0, distance=1.0)),
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
    ("waves", 0): [-49.6, -45.7, -47.2, -51.8],
    ("waves", 3600): [-49.7, -45.5, -47.2, -52.1],
}


@pytest.mark.parametrize(("maker", "options"), USUAL)
@pytest.mark.parametrize("start_s", [0, 3600])
def test_no_generator_changes_unnoticed(
    maker: type[Generator], options: GeneratorOptions, start_s: int
):
    assert maker.version == 1
    found = levels_db(sound_of(maker(options, 1), 30, start_s=start_s))
    assert found == pytest.approx(GOLDEN[maker.name, start_s], abs=0.5)


def test_distance_dulls_waves():
    near = sound_of(Waves(WavesOptions(distance=0.0), 1), 30)
    far = sound_of(Waves(WavesOptions(distance=1.0), 1), 30)
    assert brightness_hz(far) < 0.7 * brightness_hz(near)


def test_waves_come_at_their_period():
    sound = sound_of(Waves(WavesOptions(swell=1.0, period_s=12.0, distance=0.0), 2), 300)
    power = np.mean(sound.reshape(-1, SECOND // 5, 2) ** 2, axis=(1, 2))
    level = np.log(power) - np.log(power).mean()
    spectrum = np.abs(np.fft.rfft(level)) ** 2
    period = 300.0 / np.arange(1, len(spectrum))
    there = spectrum[1:][(period > 9.0) & (period < 15.0)].mean()
    assert there > 3.0 * spectrum[1:][(period > 4.0) & (period < 7.0)].mean()


def test_pebbles_rattle_more_than_sand():
    def high_share(shore: str) -> float:
        options = WavesOptions.model_validate({"shore": shore, "distance": 0.0})
        levels = levels_db(sound_of(Waves(options, 1), 30))
        return levels[3] - levels[1]

    assert high_share("pebble") > high_share("sand") + 1.0
