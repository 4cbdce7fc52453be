"""Playing a short file through whatever player this machine has."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct


class Player(Struct, frozen=True, kw_only=True):
    """A way to play a file: its name, whether it is here, and how to use it."""

    name: str
    found: Callable[[], bool]
    play: Callable[[Path], None]


class PlayingError(Exception):
    """A player could not play; the file is there all the same."""


def _program(name: str, *options: str) -> Player:
    def play(path: Path) -> None:
        try:
            subprocess.run([name, *options, str(path)], check=True)  # noqa: S603 - a fixed program, a path as one argument
        except (OSError, subprocess.CalledProcessError) as error:
            raise PlayingError(str(error)) from error

    return Player(name=name, found=lambda: shutil.which(name) is not None, play=play)


def _through_sounddevice(path: Path) -> None:
    import sounddevice  # noqa: PLC0415 - optional
    import soundfile  # noqa: PLC0415 - only when played this way

    frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    try:
        sounddevice.play(frames, rate, blocking=True)
    except sounddevice.PortAudioError as error:
        raise PlayingError(str(error)) from error


def _has_sounddevice() -> bool:
    """Tell whether it is here and finds PortAudio: on Linux its wheel comes without."""
    try:
        import sounddevice  # noqa: F401, PLC0415 - optional
    except (ImportError, OSError):
        return False
    return True


PLAYERS = (
    _program("mpv", "--no-video", "--really-quiet"),
    _program("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    Player(
        name="sounddevice",
        found=_has_sounddevice,
        play=_through_sounddevice,
    ),
)
"""In order of preference."""


def find_player() -> Player | None:
    """Return the first player that is installed here, or None."""
    return next((player for player in PLAYERS if player.found()), None)
