"""Crickets, toads and drops: events with the pitch, pulse and pace of what they model."""

import numpy as np
import pytest

from undersong.ambience.cave import DRIPS, Cave, CaveOptions, _bubble
from undersong.ambience.insects import SPECIES, Caller, Callers, Chorus
from undersong.ambience.night import Night, NightOptions, _callers, _meadow
from undersong.ambience.place import PHRASE_RATE_HZ, Ear
from undersong.dsp.noise import Stream

SECOND = 48_000


def peak_hz(sound: np.ndarray, rate_hz: float = PHRASE_RATE_HZ) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(sound))) * rate_hz / len(sound))


def strokes_s(call: np.ndarray) -> np.ndarray:
    """Moments of the wing strokes of a call: where its envelope rises through a third."""
    power = np.convolve(call**2, np.hanning(144), "same")
    loud = power > power.max() / 4.0
    return np.flatnonzero(loud[1:] & ~loud[:-1]) / PHRASE_RATE_HZ


def call(name: str, warm_c: float = 20.0, beat: int = 0) -> np.ndarray:
    return SPECIES[name].call(Stream.of(1, name).rng(beat), warm_c, 1.0)


# (kind, carrier in Hz, strokes per call, strokes per second) at 20 degrees: docs/craft.md.
CALLS = [
    ("field", (4300, 5000), (3, 4), (25, 32)),
    ("tree", (2400, 2900), (8, 8), (35, 48)),
    ("wood", (3600, 4200), (8, 26), (50, 70)),
]


@pytest.mark.parametrize(("kind", "carrier_hz", "count", "rate_hz"), CALLS)
def test_a_cricket_has_its_carrier_and_its_strokes(kind, carrier_hz, count, rate_hz):
    for beat in range(6):
        song = call(kind, beat=beat)
        assert carrier_hz[0] < peak_hz(song) < carrier_hz[1]
        found_s = strokes_s(song)
        assert count[0] <= len(found_s) <= count[1]
        assert rate_hz[0] < 1.0 / np.median(np.diff(found_s)) < rate_hz[1]


def test_a_cricket_is_a_pure_tone():
    for kind in ("field", "tree", "wood"):
        song = call(kind)
        power = np.abs(np.fft.rfft(song)) ** 2
        hz = np.fft.rfftfreq(len(song), 1.0 / PHRASE_RATE_HZ)
        near = np.abs(hz - peak_hz(song)) < 400.0
        assert power[near].sum() > 0.97 * power.sum()


def test_a_toad_is_a_short_pure_note():
    note = call("toad")
    assert 0.09 < len(note) / PHRASE_RATE_HZ < 0.16
    assert 1200.0 < peak_hz(note) < 1450.0


def test_the_snowy_tree_cricket_tells_the_temperature():
    """Dolbear 1897: chirps of 14 s and 40 are the degrees Fahrenheit (within his own rounding)."""
    for warm_c in (15.0, 20.0, 25.0):
        in_14_s = 14.0 * SPECIES["tree"].rate_hz(warm_c)
        assert in_14_s + 40.0 == pytest.approx(1.8 * warm_c + 32.0, abs=2.5)


def test_all_call_faster_when_it_is_warmer():
    for kind in ("field", "tree", "wood"):
        assert SPECIES[kind].rate_hz(26.0) > 1.15 * SPECIES[kind].rate_hz(16.0)
        assert len(call(kind, 26.0)) < len(call(kind, 16.0))


def lonely(kind: str) -> tuple[Caller, Callers]:
    caller = Caller(
        species=SPECIES[kind],
        warm_c=20.0,
        pace=1.0,
        tune=1.0,
        side=0.5,
        far=0.2,
        level_lufs=-30.0,
        stream=Stream.of(7, kind),
    )
    meadow = Ear(_meadow(0.3), Stream.of(8))
    return caller, Callers((caller,), meadow, lambda times_s: 0.0 * times_s)


def test_a_lonely_cricket_keeps_its_rate_and_rests():
    caller, heard = lonely("field")
    sound = np.concatenate([heard.block(k) for k in range(120)])
    power = np.mean(sound.reshape(-1, 480, 2) ** 2, axis=(1, 2))
    busy = power.reshape(120, 100).mean(axis=1) > 0.02 * power.mean()
    assert 0.45 < busy.mean() < 0.98
    spectrum = np.abs(np.fft.rfft(power - power.mean())) ** 2
    hz = np.fft.rfftfreq(len(power), 0.01)
    chirps = (hz > 1.5) & (hz < 6.0)
    found_hz = hz[chirps][np.argmax(spectrum[chirps])]
    assert found_hz == pytest.approx(1.0 / caller.rhythm.period_s, rel=0.12)


def test_its_pace_drifts():
    caller, _ = lonely("field")
    steps_s = np.diff(caller.rhythm.times_s(0, 4000))
    assert steps_s.mean() == pytest.approx(caller.rhythm.period_s, rel=0.01)
    minutes = steps_s[: 4000 // 40 * 40 - 40].reshape(-1, 40).mean(axis=1)
    assert 0.01 < minutes.std() / minutes.mean() < 0.12


def test_a_chorus_is_a_narrow_band_at_its_pitch_and_level():
    chorus = Chorus(Stream.of(3), (4650, 380.0), -40.0, lambda times_s: 0.0 * times_s)
    sound = np.concatenate([chorus.block(k) for k in range(20)])
    power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1.0 / SECOND)
    assert power[np.abs(hz - 4650.0) < 500.0].sum() > 0.95 * power.sum()
    level = 10.0 * np.log10((sound.astype(np.float64) ** 2).mean(axis=0).sum())
    assert level + 2.6 == pytest.approx(-40.0, abs=1.5)  # K-weighting and offset at 4.65 kHz


def test_cold_nights_are_silent_and_full_meadows_are_full():
    stream = Stream.of(1)
    assert _callers(NightOptions(warmth_c=6.0, frogs=1.0), stream) == ()
    assert len(_callers(NightOptions(crickets=1.0, warmth_c=22.0), stream)) == 12
    assert len(_callers(NightOptions(crickets=0.0, warmth_c=22.0), stream)) == 2
    many = _callers(NightOptions(crickets=1.0, frogs=1.0), stream)
    assert len({caller.pace for caller in many}) == len(many) == 17


def test_a_night_stands_out_of_its_air_where_crickets_sing():
    sound = Night(NightOptions(), 1).read(0, 20 * SECOND).mean(axis=1)
    power = np.mean(np.abs(np.fft.rfft(sound.reshape(-1, 4800), axis=1)) ** 2, axis=0)
    hz = np.arange(len(power)) * 10.0
    crickets = power[(hz > 4300) & (hz < 5000)].mean()
    assert crickets > 30.0 * power[(hz > 5800) & (hz < 6500)].mean()


def test_a_bubble_rings_as_minnaert_says_and_dies_as_van_den_doel_says():
    for radius_mm in (1.0, 2.0, 4.0):
        ring = _bubble(radius_mm, 0.0)
        assert peak_hz(np.pad(ring, (0, 20_000))) == pytest.approx(3260.0 / radius_mm, rel=0.08)
        damping = 0.13 / (radius_mm / 1000.0) + 0.0072 * (radius_mm / 1000.0) ** -1.5
        a, b = (int(x / damping * PHRASE_RATE_HZ) for x in (1.5, 3.0))
        half = (b - a) // 2
        fall = np.std(ring[a : a + half]) / np.std(ring[a + half : b])
        assert fall == pytest.approx(np.exp(0.75), rel=0.35)


@pytest.mark.parametrize("kind", range(len(DRIPS)))
def test_drops_are_short_soft_and_never_the_same(kind: int):
    drops = [DRIPS[kind].phrase(Stream.of(1, kind).rng(beat)) for beat in range(12)]
    assert len({drop.tobytes() for drop in drops}) == 12
    for drop in drops:
        assert len(drop) / PHRASE_RATE_HZ <= DRIPS[kind].length_s
        assert np.abs(drop[:12]).max() < 0.35 * np.abs(drop).max()


def test_a_larger_cave_answers_longer():
    def late(size: float) -> float:
        cave = Cave(CaveOptions(drips=1.0, water=0.0, size=size), 1)
        sound = cave._drips._sound(0, 5)
        return float(np.std(sound[SECOND : 2 * SECOND]) / np.std(sound[: SECOND // 2]))

    assert late(1.0) > 3.0 * late(0.0)
