import math

import numpy as np
import pytest
from master_sounds import Both, Hush, Tape, narration

from undersong.audio import PASS, Tick
from undersong.errors import LoudnessError
from undersong.manifest import Levels
from undersong.master.chain import Master
from undersong.master.passes import Mastering, Sound
from undersong.master.solve import file_goal, loud_speech, measure, solve, unlimited_gain_db
from undersong.recipes.profiles import Anchor, Goal
from undersong.units import Dbtp, Lufs

MIX = narration(20.3)
CRESTED = narration(20.3, crest=2.5)


def goal(target_lufs: float, anchor: Anchor = "programme") -> Goal:
    return Goal(anchor=anchor, target_lufs=Lufs(target_lufs), ceiling_dbtp=Dbtp(-1.0))


def solved_for(mix: Tape, length: int, wanted: Goal, tick: Tick | None = None) -> Mastering:
    """The master of a mix without speech."""
    return solve([Sound(mix=mix, speech=Hush())], length, wanted, tick)


def mastered(mix: np.ndarray, solved: Mastering, ceiling_dbtp: float = -1.0) -> Levels:
    """Levels of the whole master, measured."""
    source = Master(Tape(mix), len(mix), gain_db=solved.gain_db, ceiling_dbtp=ceiling_dbtp)
    return measure(source, len(mix))


@pytest.mark.parametrize("mix", [MIX, CRESTED], ids=["plain", "crested"])
@pytest.mark.parametrize("target", [-23.0, -18.0, -16.0, -15.0])
def test_the_target_is_met_after_the_limiter_and_the_levels_are_true(
    mix: np.ndarray, target: float
) -> None:
    solved = solved_for(Tape(mix), len(mix), goal(target))
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
    solved = solved_for(tape, len(MIX), goal(-23.0))
    assert solved.limited_share == 0
    assert tape.read_frames <= len(MIX) + 10_000 * math.ceil(len(MIX) / PASS)


def test_the_share_counts_steps_lowered_by_more_than_1_db() -> None:
    solved = solved_for(Tape(CRESTED), len(CRESTED), goal(-16.0))
    gained = CRESTED.astype(np.float32) * np.float32(10 ** (solved.gain_db / 20))
    master = Master(Tape(CRESTED), len(CRESTED), gain_db=solved.gain_db, ceiling_dbtp=-1)
    ratio = np.abs(master.read(0, len(CRESTED))) / np.maximum(np.abs(gained), 1e-12)
    lowered = (ratio.max(1) < 10 ** (-1 / 20)) & (np.abs(gained).min(1) > 1e-6)
    whole = len(lowered) // 480 * 480
    expected = lowered[:whole].reshape(-1, 480).any(1).mean()
    assert solved.limited_share > 0.005
    assert solved.limited_share == pytest.approx(expected, abs=0.003)


def test_limiting_a_little_leaves_the_range_alone() -> None:
    solved = solved_for(Tape(MIX), len(MIX), goal(-14.5))
    before = measure(Tape(MIX), len(MIX))
    assert before.true_peak_dbtp + solved.gain_db > -1
    assert solved.limited_share < 0.01
    assert solved.levels.range_lu == pytest.approx(before.range_lu, abs=0.3)


SPEECH = narration(20.3, crest=1.5, seed=4)[:, :1].copy()
SPARSE = np.concatenate([np.repeat(SPEECH, 2, axis=1), 1e-3 * narration(60)]) * 0.4
ALONE = np.pad(SPEECH * 0.4, ((0, len(SPARSE) - len(SPEECH)), (0, 0)))


@pytest.mark.parametrize("target", [-23.0, -18.0, -16.5])
def test_anchored_to_speech_it_is_the_speech_that_meets_the_target(target: float) -> None:
    wanted = goal(target, "speech")
    solved = solve([Sound(mix=Tape(SPARSE), speech=Both(ALONE))], len(SPARSE), wanted)
    gained = SPARSE.astype(np.float32) * np.float32(10 ** (solved.gain_db / 20))
    source = Master(Tape(SPARSE), len(SPARSE), gain_db=solved.gain_db, ceiling_dbtp=-1)
    limited = (source.read(0, len(SPARSE)) / np.where(gained == 0, 1, gained)).max(1)
    heard = np.repeat(ALONE, 2, axis=1) * 10 ** (solved.gain_db / 20) * limited[:, None]
    assert solved.speech_lufs == pytest.approx(target, abs=0.01)
    truth = measure(Tape(heard), len(heard)).integrated_lufs
    assert solved.speech_lufs == pytest.approx(truth, abs=0.01)
    whole, aimed = mastered(SPARSE, solved), file_goal(solved, wanted)
    assert (aimed.anchor, aimed.ceiling_dbtp) == ("programme", -1)
    assert aimed.target_lufs == pytest.approx(whole.integrated_lufs, abs=1e-3)
    assert whole.true_peak_dbtp <= -1


def test_speech_that_is_limited_is_measured_as_it_is_heard() -> None:
    """Where the mix is nothing but speech, its speech is the programme."""
    both = np.repeat(narration(20.3, crest=2.5)[:, :1], 2, axis=1)
    solved = solve([Sound(mix=Tape(both), speech=Tape(both))], len(both), goal(-16.0))
    assert solved.limited_share > 0.005
    assert solved.speech_lufs == pytest.approx(solved.levels.integrated_lufs, abs=0.01)


def test_speech_far_above_a_programmes_target_is_told_of_and_cured() -> None:
    bed = 0.02 * narration(60)
    mix = np.concatenate([np.repeat(SPEECH, 2, axis=1)[:240_000] * 0.1, bed]) * 0.4
    alone = np.pad(SPEECH[:240_000] * 0.04, ((0, len(bed)), (0, 0)))
    solved = solve([Sound(mix=Tape(mix), speech=Both(alone))], len(mix), goal(-30.0))
    note = loud_speech(solved, goal(-30.0))
    assert note is not None
    assert f"{solved.speech_lufs + 30:.1f} LU above the target of -30 LUFS" in note
    assert "`anchor: speech`" in note
    assert "`pause_difference`" in note
    cured = solve([Sound(mix=Tape(mix), speech=Both(alone))], len(mix), goal(-30.0, "speech"))
    assert loud_speech(cured, goal(-30.0, "speech")) is None
    assert cured.gain_db < solved.gain_db - 5


def test_a_track_without_speech_cannot_be_anchored_to_it() -> None:
    with pytest.raises(LoudnessError, match="the speech of this mix has no loudness"):
        solved_for(Tape(MIX), len(MIX), goal(-16.0, "speech"))


def test_ticks_count_the_samples_of_the_first_pass() -> None:
    ticks: list[int] = []
    solved_for(Tape(MIX), len(MIX), goal(-15.0), ticks.append)
    assert sum(ticks) == len(MIX)
    ticks.clear()
    measure(Tape(MIX), len(MIX), ticks.append)
    assert sum(ticks) == len(MIX)


def test_a_mix_below_the_absolute_gate_is_lifted_to_its_target() -> None:
    faint = MIX * 1e-4
    assert measure(Tape(faint), len(faint)).integrated_lufs == -math.inf
    solved = solved_for(Tape(faint), len(faint), goal(-20.0))
    assert mastered(faint, solved).integrated_lufs == pytest.approx(-20, abs=0.01)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 5.0])
def test_silence_has_no_gain(seconds: float) -> None:
    tape = Tape(np.zeros((round(seconds * 48_000), 2)))
    with pytest.raises(LoudnessError, match="silent") as caught:
        solved_for(tape, len(tape.sound), goal(-16.0))
    assert caught.value.hint


def test_sound_shorter_than_a_block_has_no_gain() -> None:
    with pytest.raises(LoudnessError, match=r"shorter than 0\.4 s"):
        solved_for(Tape(MIX), 12_000, goal(-16.0))


def test_a_target_that_needs_squashing_says_by_how_much_it_is_missed_and_what_helps() -> None:
    with pytest.raises(LoudnessError) as caught:
        solved_for(Tape(MIX), len(MIX), goal(-8.0))
    assert "cannot reach -8 LUFS under -1 dBTP" in caught.value.message
    missed = float(caught.value.message.split("stays ")[1].split(" LU below")[0])
    assert "% of it would be squashed (5% is the most)" in caught.value.message
    assert caught.value.hint is not None
    assert "`anchor: speech`" in caught.value.hint
    reachable = float(caught.value.hint.split("profile (")[1].split(" LUFS")[0])
    assert reachable == pytest.approx(-8 - missed)
    assert solved_for(Tape(MIX), len(MIX), goal(reachable - 0.3)).limited_share == 0


def test_a_loudness_no_gain_can_bring_is_refused() -> None:
    rng = np.random.default_rng(0)
    clicks = np.zeros((48_000 * 4, 2))
    clicks[rng.integers(0, len(clicks), 6)] = 0.5  # all peak and no body: the limiter takes it all
    with pytest.raises(LoudnessError, match="cannot reach"):
        solved_for(Tape(clicks), len(clicks), goal(-10.0))


def test_values_that_are_not_finite_are_refused() -> None:
    broken = MIX.copy()
    broken[100_000] = np.nan
    with pytest.raises(ValueError, match="not numbers"):
        solved_for(Tape(broken), len(broken), goal(-16.0))
    with pytest.raises(ValueError, match="not numbers"):
        measure(Tape(broken), len(broken))


def test_the_gain_without_a_limiter_follows_the_gates() -> None:
    hops = np.concatenate([np.full(50, 1e-3), np.full(50, 1e-9)])
    gain_db = unlimited_gain_db(hops, goal(-20.0))
    assert gain_db == pytest.approx(10 * math.log10(10 ** (-2 + 0.0691) / 1e-3), abs=0.3)
