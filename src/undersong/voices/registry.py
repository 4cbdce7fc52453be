"""Voices and engines by name."""

from undersong.recipes.document import load_yaml
from undersong.recipes.library import Library
from undersong.voices.plugins import engine_class, engine_names
from undersong.voices.voice import Voice, VoiceFile

__all__ = ["engine_class", "engine_names", "load_voice"]


def load_voice(name: str, library: Library) -> Voice:
    """Return a voice of the library, or of the starter library behind it.

    No engine is asked whether it can run: that is for those who are about to speak.

    Raises:
        UnknownNameError: no such voice.
        FaultsError: every fault of the voice file and of all its engines' options.
    """
    file = load_yaml(library.voice_file(name), VoiceFile)
    return Voice(
        name=name,
        title=file.title,
        language=file.language,
        engines=tuple(entry.choice for entry in file.engines),
        lexicon=file.lexicon,
        about=file.about,
        terms=file.terms,
        credit=file.credit,
        tone=file.tone,
        even_db=file.even_db,
    )
