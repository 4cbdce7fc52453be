import math

import numpy as np
import pytest
from master_sounds import Tape, narration

from undersong.errors import LoudnessError
from undersong.manifest import Levels
from undersong.master.chain import Master
from undersong.master.passes import Mastering
from undersong.master.solve import measure, solve, unlimited_gain_db
from undersong.recipes.profiles import Profile
from undersong.units import Dbtp, Lufs

MIX = narration(20.3)
CRESTED = narration(20.3, crest=2.5)


def profile(integrated_lufs: float, ceiling_dbtp: float = -1.0) -> Profile:
    return Profile(
        name="test",
        integrated_lufs=Lufs(integrated_lufs),
        ceiling_dbtp=Dbtp(ceiling_dbtp),
        about="for this test",
    )


def mastered(mix: np.ndarray, solved: Mastering, ceiling_dbtp: float = -1.0) -> Levels:
    """Levels of the whole master, measured."""
    source = Master(Tape(mix), len(mix), gain_db=solved.gain_db, ceiling_dbtp=ceiling_dbtp)
    return measure(source, len(mix))


@pytest.mark.parametrize("mix", [MIX, CRESTED], ids=["plain", "crested"])
@pytest.mark.parametrize("target", [-23.0, -18.0, -16.0, -14.0, -12.0])
def test_the_target_is_met_after_the_limiter_and_the_levels_are_true(
    mix: np.ndarray, target: float
) -> None:
    solved = solve(Tape(mix), len(mix), profile(target))
    truth = mastered(mix, solved)
    assert truth.integrated_lufs == pytest.approx(target, abs=0.01)
    assert truth.true_peak_dbtp <= -1
    assert solved.levels.integrated_lufs == pytest.approx(truth.integrated_lufs, abs=1e-3)
    assert solved.levels.momentary_max_lufs == pytest.approx(truth.momentary_max_lufs, abs=1e-3)
    assert solved.levels.short_term_max_lufs == pytest.approx(truth.short_term_max_lufs, abs=1e-3)
    assert solved.levels.range_lu == pytest.approx(truth.range_lu, abs=1e-3)
    assert solved.levels.true_peak_dbtp == pytest.approx(truth.true_peak_dbtp, abs=1e-3)
    assert solved.levels.length_s == truth.length_s == len(mix) / 48_000


def test_where_nothing_is_limited_one_pass_is_enough() -> None:
    tape = Tape(MIX)
    solved = solve(tape, len(MIX), profile(-23.0))
    assert solved.limited_share == 0
    assert tape.read_frames <= len(MIX) + 100 * math.ceil(len(MIX) / 48_000)


def test_the_share_counts_steps_lowered_by_more_than_1_db() -> None:
    solved = solve(Tape(CRESTED), len(CRESTED), profile(-16.0))
    gained = CRESTED.astype(np.float32) * np.float32(10 ** (solved.gain_db / 20))
    master = Master(Tape(CRESTED), len(CRESTED), gain_db=solved.gain_db, ceiling_dbtp=-1)
    ratio = np.abs(master.read(0, len(CRESTED))) / np.maximum(np.abs(gained), 1e-12)
    lowered = (ratio.max(1) < 10 ** (-1 / 20)) & (np.abs(gained).min(1) > 1e-6)
    whole = len(lowered) // 480 * 480
    expected = lowered[:whole].reshape(-1, 480).any(1).mean()
    assert solved.limited_share > 0.005
    assert solved.limited_share == pytest.approx(expected, abs=0.003)


def test_limiting_a_little_leaves_the_range_alone() -> None:
    solved = solve(Tape(MIX), len(MIX), profile(-14.5))
    before = measure(Tape(MIX), len(MIX))
    assert before.true_peak_dbtp + solved.gain_db > -1
    assert solved.limited_share < 0.01
    assert solved.levels.range_lu == pytest.approx(before.range_lu, abs=0.3)


def test_ticks_count_the_samples_of_the_first_pass() -> None:
    ticks: list[int] = []
    solve(Tape(MIX), len(MIX), profile(-12.0), ticks.append)
    assert sum(ticks) == len(MIX)
    ticks.clear()
    measure(Tape(MIX), len(MIX), ticks.append)
    assert sum(ticks) == len(MIX)


def test_a_mix_below_the_absolute_gate_is_lifted_to_its_target() -> None:
    faint = MIX * 1e-4
    assert measure(Tape(faint), len(faint)).integrated_lufs == -math.inf
    solved = solve(Tape(faint), len(faint), profile(-20.0))
    assert mastered(faint, solved).integrated_lufs == pytest.approx(-20, abs=0.01)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 5.0])
def test_silence_has_no_gain(seconds: float) -> None:
    tape = Tape(np.zeros((round(seconds * 48_000), 2)))
    with pytest.raises(LoudnessError, match="silent") as caught:
        solve(tape, len(tape.sound), profile(-16.0))
    assert caught.value.hint


def test_sound_shorter_than_a_block_has_no_gain() -> None:
    with pytest.raises(LoudnessError, match=r"shorter than 0\.4 s"):
        solve(Tape(MIX), 12_000, profile(-16.0))


def test_a_target_that_needs_too_much_limiting_says_by_how_much_and_what_would_help() -> None:
    with pytest.raises(LoudnessError) as caught:
        solve(Tape(MIX), len(MIX), profile(-4.0))
    assert "cannot reach -4 LUFS under -1 dBTP" in caught.value.message
    assert "dB too high" in caught.value.message
    assert caught.value.hint is not None
    reachable = float(caught.value.hint.split("reaches ")[1].split(" LUFS")[0])
    solved = solve(Tape(MIX), len(MIX), profile(reachable - 0.3))
    assert solved.limited_share == 0


def test_a_loudness_no_gain_can_bring_is_refused() -> None:
    rng = np.random.default_rng(0)
    clicks = np.zeros((48_000 * 4, 2))
    clicks[rng.integers(0, len(clicks), 6)] = 0.5  # all peak and no body: the limiter takes it all
    with pytest.raises(LoudnessError, match="cannot reach"):
        solve(Tape(clicks), len(clicks), profile(-10.0))


def test_values_that_are_not_finite_are_refused() -> None:
    broken = MIX.copy()
    broken[100_000] = np.nan
    with pytest.raises(ValueError, match="not numbers"):
        solve(Tape(broken), len(broken), profile(-16.0))
    with pytest.raises(ValueError, match="not numbers"):
        measure(Tape(broken), len(broken))


def test_the_gain_without_a_limiter_follows_the_gates() -> None:
    hops = np.concatenate([np.full(50, 1e-3), np.full(50, 1e-9)])
    gain_db = unlimited_gain_db(hops, -20.0)
    assert gain_db == pytest.approx(10 * math.log10(10 ** (-2 + 0.0691) / 1e-3), abs=0.3)
