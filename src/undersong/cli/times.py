"""Times on the command line."""

from fractions import Fraction

import typer

from undersong.units import parse_seconds


def seconds_option(option: str, text: str, *, least: Fraction = Fraction(1, 1000)) -> Fraction:
    """Read a time given to `option`; wrong ones are a usage error that names it."""
    try:
        seconds = parse_seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    if seconds < least:
        raise typer.BadParameter(f"{text} is too short", param_hint=option)
    return seconds
