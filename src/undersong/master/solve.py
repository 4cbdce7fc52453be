"""How loud a sound is, and the one static gain that brings it to its target.

The limiter takes some loudness away, so the gain is solved from what is measured after it.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from undersong.audio import BlockSource, Tick, spans
from undersong.dsp.loudness import Meter, gated_lufs, hops_of, lufs
from undersong.errors import LoudnessError
from undersong.manifest import Levels
from undersong.master.passes import Mastering, Sound, Survey, master_pass, survey
from undersong.recipes.profiles import Goal
from undersong.units import SAMPLE_RATE, Lufs

F64 = npt.NDArray[np.float64]

TOLERANCE_LU: Final = 0.005
PASSES: Final = 5
"""Masters measured before a target counts as out of reach. One is enough where nothing is
limited, two or three where the limiter works a little."""

LIMITED_SHARE_MAX: Final = 0.05
"""Share of 10 ms steps lowered by more than 1 dB from which on a master is squashed, not limited.
Narrated tracks stay below 0.02."""

LOUD_SPEECH_LU: Final = 5.0
"""How far speech may stand above a programme's target before makers are told."""

_SLOPE = (0.2, 1.0)  # LU per dB of gain that a limited master may be expected to follow
_LEAP_DB = 6.0  # further up at once the secant is not to be trusted


def measure(source: BlockSource, length: int, tick: Tick | None = None) -> Levels:
    """Measure the first `length` samples of a source; `tick` counts samples.

    Raises:
        ValueError: the sound holds values that are not finite.
    """
    meter = Meter(source.channels, SAMPLE_RATE)
    for start, n in spans(length):
        meter.push(source.read(start, n))
        if tick is not None:
            tick(n)
    return meter.levels()


def solve(copies: Sequence[Sound], length: int, goal: Goal, tick: Tick | None = None) -> Mastering:
    """Find the static gain that brings the master of a mix, or the speech in it, to its loudness.

    What the goal anchors is within 0.01 LU of the target after the limiter. `tick` counts the
    samples of the first pass, `length` in all; what follows it reads only what is limited.

    Args:
        copies: the sound to be mastered, once for each thread that may take part.
        length: in samples.
        goal: what is to be how loud, and how high it may peak.
        tick: watches the first pass.

    Raises:
        LoudnessError: silence, or the limiter would have to work too hard.
        ValueError: the mix holds values that are not finite.
    """
    surveyed = survey(copies, length, tick)
    gain_db = unlimited_gain_db(_anchored_hops(surveyed, goal), goal)
    excess_db = surveyed.dbtp + gain_db - goal.ceiling_dbtp
    tried: list[tuple[float, float]] = []
    while True:
        mastering = master_pass(surveyed, gain_db=gain_db, ceiling_dbtp=goal.ceiling_dbtp)
        reached = anchored_lufs(mastering, goal)
        tried.append((gain_db, reached))
        settled = abs(reached - goal.target_lufs) <= TOLERANCE_LU
        if mastering.limited_share > LIMITED_SHARE_MAX or (not settled and len(tried) == PASSES):
            raise _out_of_reach(mastering, excess_db, goal)
        if settled:
            return mastering
        gain_db = _next_gain_db(tried, goal.target_lufs)


def anchored_lufs(mastering: Mastering, goal: Goal) -> Lufs:
    """Return the loudness of what the goal anchors."""
    if goal.anchor == "speech":
        return mastering.speech_lufs
    return mastering.levels.integrated_lufs


def file_goal(mastering: Mastering, goal: Goal) -> Goal:
    """Return what decoded files are brought to, of which only the whole can be measured."""
    if goal.anchor == "programme":
        return goal
    return replace(goal, anchor="programme", target_lufs=mastering.levels.integrated_lufs)


def loud_speech(mastering: Mastering, goal: Goal) -> str | None:
    """Say so when speech stands out far above the target of a programme; None otherwise."""
    above_lu = mastering.speech_lufs - goal.target_lufs
    if goal.anchor == "speech" or above_lu <= LOUD_SPEECH_LU:
        return None
    return (
        f"speech stands {above_lu:.1f} LU above the target of {goal.target_lufs:g} LUFS, because"
        " much of the track is quieter than it: `anchor: speech` brings the speech itself to the"
        " target, and a smaller `pause_difference` brings the bed nearer to it"
    )


def _anchored_hops(mix: Survey, goal: Goal) -> F64:
    if goal.anchor == "speech":
        return mix.speech_hops.astype(np.float64)
    return hops_of(mix.steps.astype(np.float64))


def unlimited_gain_db(hops: F64, goal: Goal) -> float:
    """Return the gain that brings 100-ms hops to a loudness if nothing is limited.

    Raises:
        LoudnessError: silence, or too short to have a loudness.
    """
    mean = float(hops.mean()) if hops.size else 0.0
    target_lufs = goal.target_lufs
    gain_db = target_lufs - lufs(mean)
    for _ in range(8):  # the absolute gate may let other blocks in at another gain
        reached = gated_lufs(hops * 10 ** (gain_db / 10)) if mean else -math.inf
        if not math.isfinite(reached):
            what = "the speech of this mix" if goal.anchor == "speech" else "this mix"
            raise LoudnessError(
                f"{what} has no loudness: it is silent, or shorter than 0.4 s",
                hint="check that the recipe has words or a bed, and their gains",
            )
        gain_db += target_lufs - reached
        if abs(target_lufs - reached) < TOLERANCE_LU / 10:
            break
    return gain_db


def _next_gain_db(tried: list[tuple[float, float]], target_lufs: float) -> float:
    """Secant through the last two masters; one dB for one LU after the first."""
    gain_db, reached = tried[-1]
    slope = _SLOPE[1]
    if len(tried) > 1:
        before_db, before = tried[-2]
        slope = min(max((reached - before) / (gain_db - before_db), _SLOPE[0]), _SLOPE[1])
    return gain_db + min((target_lufs - reached) / slope, _LEAP_DB)


def _out_of_reach(mastering: Mastering, excess_db: float, goal: Goal) -> LoudnessError:
    target, ceiling = goal.target_lufs, goal.ceiling_dbtp
    anchor = "" if goal.anchor == "speech" else " or `anchor: speech`,"
    return LoudnessError(
        f"this mix cannot reach {target:g} LUFS under {ceiling:g} dBTP: without limiting it stays"
        f" {excess_db:.1f} LU below, and to come to {anchored_lufs(mastering, goal):.1f} LUFS"
        f" {mastering.limited_share:.0%} of it would be squashed"
        f" ({LIMITED_SHARE_MAX:.0%} is the most)",
        hint=f"choose a quieter loudness profile ({target - excess_db:.1f} LUFS needs no"
        f" limiting),{anchor} a smaller `pause_difference`, or soften what is loudest",
    )
