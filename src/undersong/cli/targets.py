"""Files that a command is asked to write."""

from pathlib import Path

import typer


def sound_target(option: str, path: Path) -> Path:
    """Return the path of a sound file given to `option`; wrong suffixes are a usage error."""
    from undersong.deliver.sound import PLAIN

    if path.suffix.lower() not in PLAIN:
        known = " or ".join(PLAIN)
        raise typer.BadParameter(f"{path} should end in {known}", param_hint=option)
    return path
