"""Small sounds have the pitch, the length and the soft ends that their physics says."""

import numpy as np
import pytest

from undersong.dsp.grains import Grain, Heap, bubble_hz, bubbles, bursts, energy_spectrum, strikes

SECOND = 48_000


def pitch_hz(sound: Grain) -> float:
    """Pitch of the loudest tone."""
    return float(np.argmax(np.abs(np.fft.rfft(sound, 1 << 17))) * SECOND / (1 << 17))


def upward_crossings_s(sound: Grain) -> np.ndarray:
    return np.flatnonzero((sound[:-1] < 0.0) & (sound[1:] >= 0.0)) / SECOND


@pytest.mark.parametrize("radius_m", [0.0006, 0.002, 0.006])
def test_a_bubble_sings_at_three_over_its_radius(radius_m: float):
    (sound,) = bubbles(np.array([radius_m]), np.array([0.0]), 0.3)
    assert pitch_hz(sound) == pytest.approx(3.0 / radius_m, rel=0.02)
    assert float(bubble_hz(np.array([radius_m]))[0]) == pytest.approx(3.0 / radius_m)


def test_a_bubble_dies_away_as_van_den_doel_says():
    radius_m = 0.004
    (sound,) = bubbles(np.array([radius_m]), np.array([0.0]), 0.3)
    damping = 0.13 / radius_m + 0.0072 * radius_m**-1.5
    period = round(SECOND / (3.0 / radius_m))
    early, late = np.abs(sound[:period]).max(), np.abs(sound[8 * period : 9 * period]).max()
    assert np.log(early / late) == pytest.approx(damping * 8 * period / SECOND, rel=0.05)


def test_a_bubble_near_the_surface_rises():
    still, rising = bubbles(np.array([0.004, 0.004]), np.array([0.0, 0.1]), 0.3)
    steady, faster = (np.diff(upward_crossings_s(sound)[:12]) for sound in (still, rising))
    assert steady[-1] == pytest.approx(steady[0], rel=0.05)
    assert faster[-1] < 0.95 * faster[0]


def test_grains_start_softly_and_end_at_nothing():
    rng, n = np.random.default_rng(1), 20
    made = [
        *bubbles(rng.uniform(0.0005, 0.006, n), np.full(n, 0.1), 0.2),
        *strikes(
            rng.uniform(200, 3000, (n, 3)), rng.uniform(0.002, 0.02, (n, 3)), np.zeros((n, 3))
        ),
        *bursts(
            rng,
            rng.uniform(500, 5000, n),
            np.full(n, 0.8),
            np.full(n, 0.001),
            rng.uniform(0.002, 0.02, n),
        ),
    ]
    assert len(made) == 3 * n
    for grain in made:
        assert grain.dtype == np.float32
        assert np.isfinite(grain).all()
        assert abs(grain[0]) < 0.1 * np.abs(grain).max()
        assert np.abs(grain[-3:]).max() < 1e-3 * np.abs(grain).max()


def test_a_struck_thing_rings_in_its_modes():
    hz, decay_s = np.array([[400.0, 1500.0]]), np.array([[0.05, 0.05]])
    (sound,) = strikes(hz, decay_s, np.array([[0.0, -12.0]]))
    power = np.abs(np.fft.rfft(sound, SECOND)) ** 2
    assert pitch_hz(sound) == pytest.approx(400.0, rel=0.02)
    assert 10.0 * np.log10(power[400] / power[1500]) == pytest.approx(12.0, abs=1.0)


def test_a_burst_lies_around_its_pitch():
    rng = np.random.default_rng(2)
    n = 200
    made = bursts(rng, np.full(n, 1000.0), np.full(n, 0.4), np.full(n, 0.001), np.full(n, 0.01))
    middle, above = energy_spectrum(made, np.array([1000.0, 4000.0]))
    assert 10.0 * np.log10(middle / above) > 15.0


def test_all_bursts_of_a_kind_are_equally_strong():
    rng = np.random.default_rng(3)
    n = 50
    made = bursts(rng, np.full(n, 900.0), np.full(n, 0.5), np.full(n, 0.001), np.full(n, 0.004))
    energies = np.array([float(np.sum(grain.astype(np.float64) ** 2)) for grain in made])
    assert energies.std() < 0.02 * energies.mean()


def test_the_energy_spectrum_sums_to_the_energy():
    (sound,) = bubbles(np.array([0.003]), np.array([0.05]), 0.2)
    hz = np.linspace(40.0, 18_000.0, 4000)
    summed = float(np.sum(energy_spectrum([sound], hz)) * (hz[1] - hz[0]) / (SECOND / 2))
    assert summed == pytest.approx(float(np.sum(sound.astype(np.float64) ** 2)), rel=0.15)


def test_a_heap_gives_its_grains_back_and_adds_them_where_it_is_told():
    grains = [np.array([1.0, 2.0], np.float32), np.array([4.0], np.float32)]
    heap, out = Heap.of(grains, np.float32(0.5)), np.zeros(4, np.float32)
    assert [grain.tolist() for grain in heap.grains] == [[0.5, 1.0], [2.0]]
    places = {"starts": np.array([1, 2, 3]), "gains": np.array([1.0, -1.0, 3.0])}
    heap.add_to(out, picks=np.array([0, 0, 1]), **places)
    assert out.tolist() == [0.0, 0.5, 0.5, 5.0]
    with pytest.raises(ValueError, match="longer"):
        heap.add_to(out, picks=np.array([0]), starts=np.array([3]), gains=np.ones(1))
    assert Heap.of([], np.float32(1.0)).samples.size == 0


def test_the_energy_of_an_odd_number_of_grains_is_the_mean_of_each():
    grains = bursts(
        np.random.default_rng(2),
        *(np.full(3, value) for value in (900.0, 0.5, 0.001, 0.004)),
    )
    hz = np.array([300.0, 900.0, 4000.0])
    each = [energy_spectrum([grain], hz) for grain in grains]
    assert energy_spectrum(grains, hz) == pytest.approx(np.mean(each, axis=0), rel=1e-5)
