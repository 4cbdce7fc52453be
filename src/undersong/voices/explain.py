"""What can speak here, what cannot, and why."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from pydantic import ValidationError

from undersong.errors import UndersongError, VoiceError
from undersong.recipes.library import Library
from undersong.voices.contract import EngineOptions, Requiring
from undersong.voices.plugins import engine_class, engine_names
from undersong.voices.registry import load_voice

AT_ONCE = 8
"""Checks that run at once: some of them wait for the network."""


class EngineStatus(Struct, frozen=True, kw_only=True):
    """Whether one engine can run here.

    Attributes:
        why_not: the reason in one sentence, or None when it can.
    """

    engine: str
    draft: bool
    online: bool
    why_not: str | None


class VoiceStatus(Struct, frozen=True, kw_only=True):
    """A voice of the library and its engines, in its order of preference.

    Where its file does not tell the terms of use, they are those of its engines. A voice
    whose file holds faults has one nameless engine, whose `why_not` is the first of them.
    """

    name: str
    title: str
    language: str
    about: str
    terms: str
    engines: tuple[EngineStatus, ...]


def explain_engines() -> tuple[EngineStatus, ...]:
    """Return every installed engine, checked with its defaults where it has them all."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(_installed, engine_names()))


def explain_voices(library: Library) -> tuple[VoiceStatus, ...]:
    """Return every voice of a library by name, each of its engines checked."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(lambda name: _voice(name, library), library.voice_names()))


def _installed(name: str) -> EngineStatus:
    try:
        options = engine_class(name).Options()
    except VoiceError as error:
        return EngineStatus(engine=name, draft=False, online=False, why_not=error.message)
    except ValidationError:  # its voice files must say more: little can be checked without them
        made = engine_class(name)
        why = _missing(made)
        return EngineStatus(engine=name, draft=made.draft, online=made.online, why_not=why)
    return _status(name, options, Path())


def _missing(made: object) -> str | None:
    return made.missing() if isinstance(made, Requiring) else None


def _voice(name: str, library: Library) -> VoiceStatus:
    try:
        voice = load_voice(name, library)
    except UndersongError as error:
        why = error.message.split("\n")[0]
        wrong = EngineStatus(engine="", draft=False, online=False, why_not=why)
        return VoiceStatus(name=name, title=name, language="", about="", terms="", engines=(wrong,))
    checks: Iterator[EngineStatus] = (
        _status(choice.engine, choice.options, library.root) for choice in voice.engines
    )
    return VoiceStatus(
        name=name,
        title=voice.title,
        language=voice.language,
        about=voice.about,
        terms=voice.terms or _terms(choice.engine for choice in voice.engines),
        engines=tuple(checks),
    )


def _terms(engines: Iterable[str]) -> str:
    """Return what engines themselves say of what may be done with their sound."""
    told = (getattr(engine_class(name), "terms", "") for name in engines)
    return " ".join(dict.fromkeys(terms for terms in told if terms))


def _status(name: str, options: EngineOptions, library: Path) -> EngineStatus:
    made = engine_class(name)
    with closing(made(options, library)) as engine:
        return EngineStatus(
            engine=name, draft=made.draft, online=made.online, why_not=engine.check()
        )
