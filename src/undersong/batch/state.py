"""The record of the last build, kept beside the tracks; without it all is looked at again."""

import json
from pathlib import Path
from typing import Final

from undersong.batch.model import State, state_from_json
from undersong.files import digest_bytes, write_bytes

FOLDER: Final = ".undersong"
"""In the folder of tracks: what a build keeps for itself."""

_FILE: Final = "build.json"
SCHEMA: Final = "undersong build 1"


def read_state(out: Path) -> State:
    """Return what the last build into `out` left; nothing known when it is missing or damaged."""
    try:
        head, _, text = (out / FOLDER / _FILE).read_bytes().partition(b"\n")
        if head.decode() != f"{SCHEMA} {digest_bytes(text)}":
            return State()
        return state_from_json(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()


def write_state(out: Path, state: State) -> None:
    """Keep what is known for the next build.

    Raises:
        OutputError: it cannot be written.
    """
    text = json.dumps(state.as_json(), separators=(",", ":"), ensure_ascii=False).encode()
    write_bytes(out / FOLDER / _FILE, f"{SCHEMA} {digest_bytes(text)}\n".encode() + text)
