"""What contradicts itself in a recipe, as far as it is known before anything is spoken."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from undersong.errors import Fault
from undersong.recipes.model import BreathPhase, Fades, Pause, Script, SoundCue
from undersong.recipes.settings import Settings
from undersong.units import format_seconds

PAUSE_DIFFERENCE: Final = 9.0
"""LU between voice and bed in pauses when nobody chose: 8-12 (docs/craft.md)."""

ALONE_BEFORE: Final = Fraction(4)
ALONE_AFTER: Final = Fraction(5)
"""Seconds that the bed is heard at its own level between fade and voice when nobody chose: long
enough to take it in (our choice)."""


def fades(settings: Settings) -> Fades:
    """Return how the bed comes and goes; it is heard at its level when nobody chose otherwise."""
    fade_in, fade_out = settings.get("fades.in"), settings.get("fades.out")
    before, after = settings.get("fades.before"), settings.get("fades.after")
    return Fades(
        fade_in=fade_in,
        fade_out=fade_out,
        before=fade_in + ALONE_BEFORE if before is None else before,
        after=fade_out + ALONE_AFTER if after is None else after,
    )


def pause_difference(settings: Settings) -> float:
    """Return LU between voice and bed in pauses, by itself never above that while speaking."""
    chosen = settings.get("pause_difference")
    usual = min(PAUSE_DIFFERENCE, settings.get("difference"))
    return float(usual if chosen is None else chosen)


def contradictions(settings: Settings, script: Script) -> Iterator[Fault]:
    """Yield every contradiction, at the key that a maker would change."""
    bed = fades(settings)
    for key, alone, fade, what in (
        ("before", bed.before, bed.fade_in, "in"),
        ("after", bed.after, bed.fade_out, "out"),
    ):
        if alone < fade:
            yield settings.fault(
                settings.strongest(f"fades.{key}", f"fades.{what}"),
                f"`{key}` is shorter than the fade `{what}`",
                seen=format_seconds(alone),
                legal=f"at least {format_seconds(fade)}",
            )
    above = settings.get("difference")
    if pause_difference(settings) > above:
        yield settings.fault(
            settings.strongest("pause_difference", "difference"),
            "in pauses the voice would stand further above the bed than while speaking",
            seen=f"{pause_difference(settings):g} LU",
            legal=f"up to `difference`, {above:g} LU",
        )
    yield from _too_short(settings, bed, script)


def _too_short(settings: Settings, bed: Fades, script: Script) -> Iterator[Fault]:
    length, fixed = settings.get("length"), _fixed(script)
    if length is None or length >= bed.before + bed.after + fixed:
        return
    parts = f"{format_seconds(bed.before)} before, {format_seconds(bed.after)} after"
    if fixed:
        parts += f", {format_seconds(fixed)} of exact pauses and breaths"
    yield settings.fault(
        "length",
        "this length is shorter than what cannot give way, even without a word",
        seen=format_seconds(length),
        legal=f"more than {format_seconds(bed.before + bed.after + fixed)} ({parts})",
    )


def _fixed(script: Script) -> Fraction:
    """Return the time that the script fixes, whatever the speech lasts."""
    times = (
        cue.seconds if isinstance(cue, Pause | BreathPhase) else cue.hold or Fraction(0)
        for cue in script.cues
        if isinstance(cue, Pause | BreathPhase | SoundCue)
    )
    return sum(times, Fraction(0))
