"""How to master for a codec: what to set first, and what next when the decoded file misses.

Pure numbers. A master at gain g and ceiling c is exactly d dB louder at g + d and c + d: the
limiter then does what it did. Gain alone does less where the limiter works, as it takes a share
back; that share shows as soon as two trials differ in gain and ceiling by different amounts.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from undersong.manifest import Levels
from undersong.recipes.profiles import Goal

TOLERANCE_LU: Final = 0.08
"""How far a decoded file may be from the loudness asked for: what we promise, but for the 0.02 LU
that another meter may read otherwise."""

PROMISE_LU: Final = 0.1
"""What we promise, and take from the last encode."""

MAX_ENCODES: Final = 4
"""One is typical of speech, two of dense beds; four were the worst in our measurements."""

_PEAK_STEP_DB = 0.1  # aimed for below the ceiling, as decoded peaks scatter from encode to encode
_LIMITED_DB = 0.5  # with less room than this below the ceiling the limiter is surely at work
_USUAL_SHARE = 0.8  # of a change of gain that is heard then, until it is measured
_LEAST_SHARE = 0.2  # more gain than five times what is missing would only squash
_TELLING_DB = 0.02  # a smaller difference says nothing about the limiter's share


class Setting(Struct, frozen=True, kw_only=True):
    """How the master is set: static gain, and the limiter's ceiling."""

    gain_db: float
    ceiling_dbtp: float


class Trial(Struct, frozen=True, kw_only=True):
    """A setting, and what was measured on the file that came of it."""

    setting: Setting
    levels: Levels


def holds(goal: Goal, trials: Sequence[Trial]) -> bool:
    """Tell whether the last file has the loudness asked for and stays below its ceiling."""
    levels = trials[-1].levels
    tolerance_lu = TOLERANCE_LU if len(trials) < MAX_ENCODES else PROMISE_LU
    close = abs(levels.integrated_lufs - goal.target_lufs) <= tolerance_lu
    return close and levels.true_peak_dbtp <= goal.ceiling_dbtp


def next_setting(goal: Goal, trials: Sequence[Trial]) -> Setting:
    """Return the setting to try after `trials`, of which there is at least one."""
    last = trials[-1]
    missing_lu = goal.target_lufs - last.levels.integrated_lufs
    room_db = goal.ceiling_dbtp - last.levels.true_peak_dbtp
    ceiling_db = min(missing_lu, room_db - _PEAK_STEP_DB)
    share = _heard_share(trials) or (_USUAL_SHARE if room_db < _LIMITED_DB else 1.0)
    return Setting(
        gain_db=last.setting.gain_db + (missing_lu - (1 - share) * ceiling_db) / share,
        ceiling_dbtp=last.setting.ceiling_dbtp + ceiling_db,
    )


def _heard_share(trials: Sequence[Trial]) -> float | None:
    """Return how much of a change of gain alone was heard between the last two trials."""
    if len(trials) == 1:
        return None
    before, after = trials[-2:]
    gain_db = after.setting.gain_db - before.setting.gain_db
    ceiling_db = after.setting.ceiling_dbtp - before.setting.ceiling_dbtp
    heard_lu = after.levels.integrated_lufs - before.levels.integrated_lufs
    if abs(gain_db - ceiling_db) < _TELLING_DB:
        return None
    return min(max((heard_lu - ceiling_db) / (gain_db - ceiling_db), _LEAST_SHARE), 1.0)
