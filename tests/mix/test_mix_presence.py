"""A clear duck: where words are the bed goes deeper, and its body stays."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_sources import S, loudness, noise, phrases, swell, timeline, voices, whole

from undersong.audio import BlockSource, Frames, Gridded
from undersong.mix.curves import F64
from undersong.mix.duck import plan_mix
from undersong.mix.mixer import Mixer
from undersong.mix.power import BedPower
from undersong.mix.presence import EXTRA, band_of, rest_of, survey_presence
from undersong.mix.survey import survey_beds

SPOKEN = ((8.0, 11.0), (11.2, 14.0), (20.0, 26.0), (32.0, 32.6))
TRACK = timeline(45, phrases(*SPOKEN, levels=(-20, -20.5, -19.5, -20)))


def tone(hz: float) -> BlockSource:
    def render(k: int) -> Frames:
        time = np.arange(k * S, (k + 1) * S) / S
        sound = 0.1 * np.sin(2 * np.pi * hz * time)
        return np.repeat(sound[:, None], 2, 1).astype(np.float32)

    return Gridded(render, channels=2)


@pytest.mark.parametrize(
    ("hz", "gain"), [(100, 0), (600, 0), (1300, 1), (2500, 1), (4600, 1), (5400, 0), (12_000, 0)]
)
def test_the_band_is_where_words_are_and_in_time(hz: float, gain: float) -> None:
    heard, band = (source.read(S, S) for source in (tone(hz), band_of(tone(hz))))
    assert np.abs(band - gain * heard).max() < 0.1 * 0.01


@settings(max_examples=20, deadline=None)
@given(st.integers(-S, 3 * S), st.integers(0, 2 * S))
def test_band_and_rest_are_the_source_however_they_are_read(start: int, n: int) -> None:
    bed = noise(1)
    band, rest = band_of(bed), rest_of(bed)
    assert np.array_equal(band.read(start, n), band_of(bed).read(-S, 5 * S + n)[start + S :][:n])
    assert band.read(start, n) + rest.read(start, n) == pytest.approx(bed.read(start, n), abs=1e-7)


def rolling(seconds: F64) -> F64:
    return swell(23, 6, 2.0)(seconds)


@cache
def stems(mode: str) -> tuple[F64, F64, F64]:
    """Voice, bed and ducked bed of a track."""
    beds = {"noise": noise(3, -33.0, rolling)}
    plan = plan_mix(
        TRACK,
        survey_beds(TRACK, [beds]),
        difference_lu=18.0,
        pause_difference_lu=9.0,
        presence=survey_presence(TRACK, [beds]) if mode == "clear" else None,
    )
    made = Mixer(TRACK, plan, voices(TRACK), beds, {})
    voice, bed, ducked = (whole(made.stem(name), TRACK) for name in ("voice", "bed", "bed-ducked"))
    return voice, bed, ducked


@pytest.mark.parametrize("mode", ["whole", "clear"])
def test_a_clear_duck_stands_as_asked_too(mode: str) -> None:
    voice, _, ducked = stems(mode)
    for phrase in TRACK.phrases:
        span = slice(phrase.start, phrase.end)
        assert loudness(voice[span]) - loudness(ducked[span]) == pytest.approx(18, abs=1)


def octave_db(sound: F64, low: float, high: float) -> float:
    spectrum = np.abs(np.fft.rfft(sound.mean(1))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / S)
    return float(10 * np.log10(spectrum[(hz >= low) & (hz < high)].sum()))


def test_the_body_of_the_bed_stays_and_words_have_more_room() -> None:
    span = slice(20 * S, 26 * S)
    kept = {}
    for mode in ("whole", "clear"):
        _, bed, ducked = stems(mode)
        kept[mode] = [
            octave_db(ducked[span], *band) - octave_db(bed[span], *band)
            for band in ((80, 700), (1500, 4500))
        ]
    (body, words), (clear_body, clear_words) = kept["whole"], kept["clear"]
    assert body == pytest.approx(words, abs=0.3)
    assert clear_body > body + 0.5  # of white noise, half of which lies above the band
    assert clear_words < words - 1
    assert clear_words == pytest.approx(clear_body * (1 + EXTRA), rel=0.1)


def test_where_the_duck_rests_nothing_is_filtered() -> None:
    _, bed, ducked = stems("clear")
    assert np.array_equal(bed[: 6 * S], ducked[: 6 * S])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 40 * S), st.integers(1, 3 * S))
def test_a_clear_bed_does_not_depend_on_how_it_is_read(start: int, n: int) -> None:
    beds = {"noise": noise(3, -33.0, rolling)}
    plan = plan_mix(
        TRACK,
        survey_beds(TRACK, [beds]),
        difference_lu=18.0,
        pause_difference_lu=9.0,
        presence=clear_surveys(),
    )
    made = Mixer(TRACK, plan, voices(TRACK), beds, {}).stem("bed-ducked")
    assert np.array_equal(made.read(start, n), stems("clear")[2][start : start + n])


@cache
def clear_surveys() -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    return survey_presence(TRACK, [{"noise": noise(3, -33.0, rolling)}])


@pytest.mark.parametrize("extra", [0.0, 1.5])
@pytest.mark.parametrize("level_lufs", [-60.0, -35.0, -20.0])
def test_the_step_that_is_needed_brings_the_bed_to_its_level(
    extra: float, level_lufs: float
) -> None:
    moments = np.random.default_rng(1).uniform(0.5, 2.0, 30) * 1e-3
    power = BedPower(whole=moments, band=moments * 0.6, cross=moments * 0.55, extra=extra)
    step = power.needs_db(level_lufs)
    assert power.ducked_lufs(np.array([step])) == pytest.approx(level_lufs, abs=1e-6)
