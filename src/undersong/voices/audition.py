"""Hearing a voice say a line, without a recipe: through the same way that a track is spoken."""

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from undersong.audio import Frames, silence
from undersong.errors import UnknownNameError
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.units import SAMPLE_RATE
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore

REST: Final = SAMPLE_RATE // 2
"""Between two phrases of a line, and before and after it."""

USUAL: Final = "shore"


class Audition(Struct, frozen=True, kw_only=True):
    """A line as a voice said it.

    Attributes:
        frames: mono, levelled as in a track, shape (n, 1); a `BlockSource` by `read`.
        notes: what was decided on the way, such as engines passed over.
    """

    voice: str
    engine: str
    draft: bool
    frames: Frames
    notes: tuple[str, ...]

    @property
    def channels(self) -> int:
        """One."""
        return 1

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n) of those there are."""
        return self.frames[start : start + n]


class Wish(Struct, frozen=True, kw_only=True):
    """Who may say it: `engine` alone or any of the voice's; `offline` without the network."""

    engine: str | None = None
    offline: bool = False


def audition(text: str, voice: str, library: Library, store: TakeStore, wish: Wish) -> Audition:
    """Have a voice say a line, in which all marks of a script may stand; pauses become `REST`.

    Raises:
        UnknownNameError: no such voice or engine.
        VoiceError: it cannot be said; the message names engines and reasons.
        FaultsError: a mark is wrong, or the voice file is.
        OutputError: the take cache cannot be used.
    """
    library.voice_file(voice)
    with tempfile.TemporaryDirectory(prefix="undersong-") as folder:
        path = Path(folder) / "line.md"
        path.write_text(f"---\ntitle: A line\nvoice: {voice}\n---\n\n{text}\n", encoding="utf-8")
        recipe = load_recipe(path, library)[0]
        spoken = narrate(recipe, library, store, engine=wish.engine, offline=wish.offline)
        pieces = [silence(REST, 1)]
        for take in spoken.takes:
            pieces += [take.frames(), silence(REST, 1)]
    frames: Frames = np.concatenate(pieces)
    return Audition(
        voice=voice,
        engine=spoken.engine,
        draft=spoken.draft,
        frames=frames,
        notes=tuple(spoken.notes),
    )


def usual_voice(library: Library) -> str:
    """Return the voice of a library's defaults, else the starter library's, else the first one.

    Raises:
        UnknownNameError: there is no voice at all.
    """
    names = library.voice_names()
    for name in (library.defaults.get("voice"), USUAL, *names):
        if name in names:
            return str(name)
    raise UnknownNameError("voice", USUAL, names)
