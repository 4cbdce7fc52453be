"""Units of sound and time, and every conversion between them.

Times are exact `Fraction` seconds until `timeline.arrange` rounds them, once, to samples.
"""

import math
import re
from fractions import Fraction
from typing import Final, NewType

Db = NewType("Db", float)  # a gain: a change of level
Lu = NewType("Lu", float)  # a difference of loudness
Lufs = NewType("Lufs", float)  # a measured loudness, ITU-R BS.1770
Dbtp = NewType("Dbtp", float)  # a true peak
Hz = NewType("Hz", int)
Samples = NewType("Samples", int)  # a position or length at SAMPLE_RATE
Seconds = Fraction

SAMPLE_RATE: Final = Hz(48_000)
"""The one rate of everything between a voice engine and an encoder."""

SPEECH_LUFS: Final = Lufs(-20.0)
"""Level to which narration is brought before it is mixed; the master moves it to the target."""

SILENCE_DB: Final = Db(-200.0)
"""What a level of nothing at all is called, where a finite number is needed."""

LOUDNESS_OFFSET_LU: Final = Lu(-0.691)
"""Between 10 log10 of a K-weighted mean square and LUFS (ITU-R BS.1770-5, annex 1)."""

_CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]?\d(?:\.\d+)?)")
_PARTS = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")


def db_to_gain(db: float) -> float:
    """Linear amplitude of a change in dB: 20 dB is 10."""
    return float(10.0 ** (db / 20.0))


def gain_to_db(gain: float) -> Db:
    """Change in dB of a linear amplitude; SILENCE_DB for nothing."""
    return Db(20.0 * math.log10(gain)) if gain > 0 else SILENCE_DB


def to_samples(seconds: Fraction) -> Samples:
    """Round exact seconds to the nearest sample, halves up."""
    above, below = seconds.numerator * SAMPLE_RATE, seconds.denominator
    return Samples((2 * above + below) // (2 * below))  # of integers: a fifth of Fraction's time


def to_seconds(samples: int) -> Fraction:
    """Exact seconds of a sample position."""
    return Fraction(samples, SAMPLE_RATE)


def parse_seconds(text: str) -> Fraction:
    """Read a time: `4s`, `1.5s`, `500ms`, `2m30s`, `1h`, `3:00`, `1:02:03.5`, or bare `90`.

    Raises:
        ValueError: when `text` is none of these; the message names the forms.
    """
    bare = text.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", bare):
        return Fraction(bare)
    if clock := _CLOCK.fullmatch(bare):
        hours, minutes, seconds = (Fraction(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    parts = _PARTS.fullmatch(bare)
    if not bare or parts is None:
        msg = f"not a time: {text!r}; write 4s, 1.5s, 500ms, 2m30s or 3:00"
        raise ValueError(msg)
    hours, minutes, seconds, millis = (Fraction(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds + millis / 1000


def format_seconds(seconds: Fraction | float) -> str:
    """Write a time the way people read it: `12:00`, `1:02:03`, `0:04.5`."""
    millis = round(Fraction(seconds) * 1000)
    sign, millis = ("-", -millis) if millis < 0 else ("", millis)
    whole, rest = divmod(millis, 1000)
    hours, minutes, secs = whole // 3600, whole // 60 % 60, whole % 60
    tail = f".{rest:03d}".rstrip("0") if rest else ""
    clock = f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"
    return sign + clock + tail
