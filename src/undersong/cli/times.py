"""Times on the command line."""

from fractions import Fraction
from typing import Final

import typer

from undersong.units import parse_seconds

LONGEST: Final = Fraction(12 * 3600)
"""No track is longer (recipes.schema.Length)."""


def seconds_option(option: str, text: str, *, least: Fraction = Fraction(1, 1000)) -> Fraction:
    """Read a time up to LONGEST given to `option`; wrong ones are a usage error that names it."""
    try:
        seconds = parse_seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    if seconds < least:
        raise typer.BadParameter(f"{text} is too short", param_hint=option)
    if seconds > LONGEST:
        raise typer.BadParameter(f"{text} is longer than any track", param_hint=option)
    return seconds
