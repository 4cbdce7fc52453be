"""Cues: single sounds that a script asks for by name, made by a cue maker or read from a file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct

from undersong.ambience.registry import cue_class, cue_names
from undersong.audio import Frames
from undersong.decode import read_sound
from undersong.dsp.noise import Stream
from undersong.dsp.resample import to_48k
from undersong.errors import UnknownNameError
from undersong.files import digest_file, digest_json
from undersong.recipes.library import Library


class Cue(Struct, frozen=True, kw_only=True):
    """One sound, ready to be placed.

    Attributes:
        length: in samples.
        digest: of all that it sounds like.
    """

    length: int
    digest: str
    _render: Callable[[], Frames]

    def frames(self) -> Frames:
        """Return the whole sound, stereo; the array belongs to the caller."""
        return self._render()


def open_cue(sound: str, library: Library, seed: int) -> Cue:
    """Return the cue called `sound`: of a cue maker, else of a sound file of the library.

    Args:
        sound: as the script names it.
        library: where its sound files are.
        seed: of what a cue maker leaves to chance.

    Raises:
        UnknownNameError: there is no such sound.
        AudioFileError: its file is damaged or of no known format.
        AmbienceError: its maker cannot be loaded.
    """
    if sound in cue_names():
        return _made(sound, seed)
    path = library.sound_file(sound)
    if path is None:
        raise UnknownNameError("sound", sound, library.sound_names())
    return _read(path)


def _made(sound: str, seed: int) -> Cue:
    maker_class = cue_class(sound)
    options = maker_class.Options()
    own_seed = Stream.of(seed, "cue", sound).key >> 64
    maker = maker_class(options, own_seed)
    facts = [sound, maker_class.version, options.model_dump(mode="json"), own_seed]
    return Cue(length=maker.length, digest=digest_json(facts), _render=maker.render)


def _read(path: Path) -> Cue:
    frames, rate = read_sound(path)
    if frames.shape[1] != 2:  # noqa: PLR2004 - stereo stays, all else becomes mono on both sides
        frames = np.repeat(frames.mean(axis=1, keepdims=True), 2, axis=1)
    stereo = to_48k(frames, rate)
    return Cue(length=len(stereo), digest=digest_file(path), _render=stereo.copy)
