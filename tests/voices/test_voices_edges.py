import numpy as np
import pytest
from voices_kit import Array, noise, rest, speech

from undersong.units import db_to_gain
from undersong.voices.edges import BLOCK, GATE_DBFS, Edges, find_edges

MS = 48


def found(samples: Array) -> Edges:
    edges = find_edges(samples.astype(np.float32))
    assert edges is not None
    return edges


def test_padding_with_digital_silence_is_left_out() -> None:
    edges = found(np.concatenate([rest(0.4), speech(1.5), rest(0.8)]))
    assert not edges.noisy
    assert abs(edges.start - 0.4 * 48_000) <= BLOCK
    assert abs(edges.end - 1.9 * 48_000) <= BLOCK


def test_a_take_without_any_padding_is_speech_throughout() -> None:
    edges = found(speech(1.5))
    assert (edges.start, edges.end, edges.noisy) == (0, 72_000, False)


def test_a_steady_tone_is_no_noise_floor() -> None:
    tone = 0.2 * np.sin(2 * np.pi * 200 * np.arange(48_000) / 48_000)
    assert found(tone) == Edges(start=0, end=48_000, noisy=False)


def test_pauses_inside_belong_to_the_speech() -> None:
    edges = found(np.concatenate([rest(0.2), speech(0.5), rest(0.7), speech(0.5), rest(0.2)]))
    assert edges.end - edges.start == pytest.approx(1.7 * 48_000, abs=2 * BLOCK)


@pytest.mark.parametrize("dbfs", [-65.0, -55.0, -50.0, -45.0])
@pytest.mark.parametrize("slope", [0, 1, 2])
def test_speech_stands_out_of_room_noise(dbfs: float, slope: int) -> None:
    quiet = np.concatenate([rest(0.5), speech(1.5), rest(0.6)])
    edges = found(quiet + noise(2.6, dbfs, slope=slope))
    assert abs(edges.start - 0.5 * 48_000) <= 12 * MS
    assert abs(edges.end - 2.0 * 48_000) <= 12 * MS


def test_a_noise_floor_between_digital_silences_is_still_seen() -> None:
    room = np.concatenate([rest(0.3), speech(1.5), rest(0.3)]) + noise(2.1, -45.0)
    edges = found(np.concatenate([rest(0.5), room, rest(0.5)]))
    assert edges.noisy
    assert abs(edges.start - 0.8 * 48_000) <= 12 * MS
    assert abs(edges.end - 2.3 * 48_000) <= 12 * MS


def test_lonely_clicks_are_not_speech() -> None:
    samples = np.concatenate([rest(0.5), speech(1.0), rest(0.5)])
    samples[4_800] = 0.3
    samples[-4_800:-4_750] = 0.3
    edges = found(samples)
    assert abs(edges.start - 24_000) <= BLOCK
    assert abs(edges.end - 72_000) <= BLOCK


def test_the_burst_of_a_final_consonant_is_speech() -> None:
    burst = noise(0.015, -30.0)
    edges = found(np.concatenate([rest(0.2), speech(1.0), rest(0.055), burst, rest(0.5)]))
    assert edges.end == pytest.approx((0.2 + 1.0 + 0.055 + 0.015) * 48_000, abs=BLOCK)


@pytest.mark.parametrize(
    "samples",
    [rest(1.0), rest(0.0), noise(1.0, -70.0), np.where(np.arange(48_000) == 24_000, 0.3, 0.0)],
    ids=["silence", "nothing", "faint noise", "one click"],
)
def test_nothing_stands_out(samples: Array) -> None:
    assert find_edges(samples.astype(np.float32)) is None


@pytest.mark.parametrize("step", [-1, 0, 1])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_sample_counts_exactly_when_it_is_above_the_gate(step: int, sign: float) -> None:
    gate = db_to_gain(GATE_DBFS)
    level = np.float32(gate)
    if step:
        level = np.nextafter(level, np.float32(level + step))
    take = np.zeros(9600, np.float32)
    take[3000:6001] = sign * level
    edges = find_edges(take, room=False)
    assert (edges is not None) == (float(level) > gate)
    if edges is not None:
        assert (edges.start, edges.end) == (62 * BLOCK, 126 * BLOCK)
