"""A shower has as many events, as loud, as it says, and every second can be made on its own."""

import numpy as np
import pytest

from undersong.ambience.shower import Shower, steady
from undersong.ambience.texture import levelling_db
from undersong.audio import GRID, Frames
from undersong.dsp.grains import Grain, bursts
from undersong.dsp.loudness import Energies, gated_lufs
from undersong.dsp.noise import Stream, Values


def ticks(rng: np.random.Generator, n: int) -> list[Grain]:
    return bursts(rng, np.full(n, 1500.0), np.full(n, 0.5), np.full(n, 0.001), np.full(n, 0.004))


def clicks(rng: np.random.Generator, n: int) -> list[Grain]:
    """Return events that can be counted."""
    return [np.full(1, 1.0, np.float32) for _ in range(n)]


def shower(**changes: object) -> Shower:
    facts = {"stream": Stream.of(1), "bank": ticks, "rate_hz": 50.0, "level_db": 0.0, **changes}
    return Shower(**facts)


def sound_of(what: Shower, seconds: int, start_s: int = 0) -> Frames:
    return np.concatenate([what.block(start_s + k) for k in range(seconds)])


def events_in(what: Shower, seconds: range) -> list[int]:
    return [int(np.count_nonzero(what.block(k)[:, 0])) for k in seconds]


@pytest.mark.parametrize("unique", [False, True])
def test_a_shower_is_as_loud_as_it_says(unique):
    energies = Energies(channels=2)
    energies.push(sound_of(shower(level_db=-6.0, unique=unique), 60))
    assert gated_lufs(energies.hops) == pytest.approx(-36.0, abs=0.7)


def test_a_shower_tells_a_bed_how_loud_it_will_be():
    assert levelling_db([shower(level_db=-6.0)]) == pytest.approx(6.0, abs=0.5)


def test_there_are_as_many_events_as_it_says():
    counts = events_in(shower(bank=clicks, rate_hz=30.0), range(100))
    assert np.mean(counts) == pytest.approx(30.0, rel=0.1)
    assert np.var(counts) == pytest.approx(30.0, rel=0.5)


def test_a_rush_brings_more():
    def rush(times_s: Values) -> Values:
        return np.where(times_s < 50.0, -10.0, 3.0)

    rushing = shower(bank=clicks, rate_hz=30.0, rush=rush)
    assert np.mean(events_in(rushing, range(1, 49))) == pytest.approx(3.0, rel=0.25)
    assert np.mean(events_in(rushing, range(52, 99))) == pytest.approx(60.0, rel=0.1)


def test_a_rush_has_its_limit():
    flood = shower(bank=clicks, rate_hz=30.0, rush=lambda times_s: np.full(len(times_s), 40.0))
    assert np.mean(events_in(flood, range(40))) == pytest.approx(120.0, rel=0.1)


def test_events_ring_on_into_the_next_second():
    long = shower(
        rate_hz=20.0,
        bank=lambda rng, n: bursts(
            rng, np.full(n, 300.0), np.full(n, 0.5), np.full(n, 0.001), np.full(n, 0.1)
        ),
    )
    whole = sound_of(long, 20)
    steps = np.abs(np.diff(whole, axis=0)).max(axis=1)
    joints = steps[GRID - 1 :: GRID]
    assert joints.max() < 3.0 * np.percentile(steps, 99)
    assert np.abs(whole[GRID : GRID + 100]).max() > 0.0


@pytest.mark.parametrize("unique", [False, True])
def test_a_second_is_the_same_however_one_comes_to_it(unique):
    heard = shower(unique=unique)
    sound_of(heard, 5, 3598)
    for k in (3602, 60, 0):
        assert np.array_equal(heard.block(k), shower(unique=unique).block(k))


def test_a_minute_has_grains_of_its_own():
    rain = shower()
    first, second = rain._grains(0), rain._grains(1)
    pairs = zip(first.grains, second.grains, strict=True)
    assert not any(np.array_equal(a, b) for a, b in pairs)


def test_events_come_from_both_sides_and_from_ahead():
    left, right = sound_of(shower(rate_hz=200.0), 20).T
    assert np.mean(left**2) == pytest.approx(np.mean(right**2), rel=0.1)
    assert 0.1 < np.corrcoef(left, right)[0, 1] < 0.7


def test_what_is_steady_never_changes():
    assert not steady(np.arange(5.0)).any()
