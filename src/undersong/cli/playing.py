"""Playing a short file that a command has written, or saying where it lies."""

from pathlib import Path

from undersong.cli.screen import out


def play_file(path: Path) -> None:
    """Play a file through the player of this machine; without one, say where the file is."""
    from undersong.preview.player import PLAYERS, PlayingError, find_player

    player = find_player()
    if player is None:
        names = ", ".join(known.name for known in PLAYERS)
        out.print(f"Wrote {path}; to hear it from here install one of: {names}")
        return
    try:
        player.play(path)
    except PlayingError as error:
        out.print(f"Wrote {path}, but {player.name} could not play it: {error}")
