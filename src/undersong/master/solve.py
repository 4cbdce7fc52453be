"""How loud a sound is, and the one static gain that brings it to its target.

The limiter takes some loudness away, so the gain is solved from what is measured after it.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.audio import BlockSource, Tick, spans
from undersong.dsp.loudness import Meter, gated_lufs, hops_of, lufs
from undersong.errors import LoudnessError
from undersong.manifest import Levels
from undersong.master.passes import Mastering, master_pass, survey
from undersong.recipes.profiles import Profile
from undersong.units import SAMPLE_RATE, gain_to_db

F64 = npt.NDArray[np.float64]

TOLERANCE_LU: Final = 0.005
PASSES: Final = 5
"""Masters measured before a target counts as out of reach. One is enough where nothing is
limited, two or three where the limiter works a little."""

LIMITED_SHARE_MAX: Final = 0.3

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


def solve(mix: BlockSource, length: int, profile: Profile, tick: Tick | None = None) -> Mastering:
    """Find the static gain that brings the master of `mix` to the profile's loudness.

    The integrated loudness after the limiter is within 0.01 LU of the target. `tick` counts the
    samples of the first pass, `length` in all; what follows it reads only what is limited.

    Raises:
        LoudnessError: silence, or the limiter would have to work too hard.
        ValueError: the mix holds values that are not finite.
    """
    surveyed = survey(mix, length, tick)
    gain_db = unlimited_gain_db(hops_of(surveyed.steps.astype(np.float64)), profile.integrated_lufs)
    excess_db = gain_to_db(float(surveyed.peaks.max())) + gain_db - profile.ceiling_dbtp
    tried: list[tuple[float, float]] = []
    while True:
        mastering = master_pass(surveyed, gain_db=gain_db, ceiling_dbtp=profile.ceiling_dbtp)
        reached = mastering.levels.integrated_lufs
        tried.append((gain_db, reached))
        settled = abs(reached - profile.integrated_lufs) <= TOLERANCE_LU
        if mastering.limited_share > LIMITED_SHARE_MAX or (not settled and len(tried) == PASSES):
            raise _out_of_reach(mastering, excess_db, profile)
        if settled:
            return mastering
        gain_db = _next_gain_db(tried, profile.integrated_lufs)


def unlimited_gain_db(hops: F64, target_lufs: float) -> float:
    """Return the gain that brings 100-ms hops to a loudness if nothing is limited.

    Raises:
        LoudnessError: silence, or too short to have a loudness.
    """
    mean = float(hops.mean()) if hops.size else 0.0
    gain_db = target_lufs - lufs(mean)
    for _ in range(8):  # the absolute gate may let other blocks in at another gain
        reached = gated_lufs(hops * 10 ** (gain_db / 10)) if mean else -math.inf
        if not math.isfinite(reached):
            raise LoudnessError(
                "this mix has no loudness: it is silent, or shorter than 0.4 s",
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


def _out_of_reach(mastering: Mastering, excess_db: float, profile: Profile) -> LoudnessError:
    target, ceiling = profile.integrated_lufs, profile.ceiling_dbtp
    return LoudnessError(
        f"this mix cannot reach {target:g} LUFS under {ceiling:g} dBTP: its peaks would stand"
        f" {excess_db:.1f} dB too high, and with {mastering.limited_share:.0%} of it limited it"
        f" comes to {mastering.levels.integrated_lufs:.1f} LUFS",
        hint=f"without limiting it reaches {target - excess_db:.1f} LUFS: choose a quieter"
        " loudness profile, or soften the loudest voice, cue or bed",
    )
