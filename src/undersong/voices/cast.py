"""Which engine speaks a voice: the first that can, for the whole track, never two of them mixed."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.voices.contract import Engine, Foreseeing, Request
from undersong.voices.level import Survey
from undersong.voices.registry import engine_class
from undersong.voices.speak import Line, speak
from undersong.voices.takes import Origin, TakeStore, take_key
from undersong.voices.tone import Tone
from undersong.voices.voice import EngineChoice, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All that one voice says in a track.

    Attributes:
        places: `file:line` of each request.
    """

    voice: Voice
    requests: tuple[Request, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A part that has been spoken, every take of it in the store.

    Attributes:
        keys: of the takes, by request; equal requests share one.
        surveys: by key, with the tone.
        passed_over: a sentence for each engine before this one that could not speak.
        tone: of the engine that spoke, or else of the voice.
        exact: marks of the engine are in time with its takes: no codec lies between.
    """

    engine: str
    fingerprint: str
    draft: bool
    keys: tuple[str, ...]
    surveys: dict[str, Survey]
    passed_over: tuple[str, ...]
    tone: Tone | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where and how parts are spoken.

    Attributes:
        library: folder of the library, for engines that look there.
        engine: the only engine to be asked, or None for those of the voice in their order.
        offline: ask no engine that needs the network.
    """

    library: Path
    store: TakeStore
    engine: str | None
    offline: bool


class Count:
    """Tells `tick` of each utterance once, however many engines try it."""

    def __init__(self, tick: Tick | None) -> None:
        """Count from nothing."""
        self._tick = tick
        self._told = 0

    def attempt(self) -> Tick:
        """Begin again; what has been told before is not told again."""
        done = 0

        def count(n: int) -> None:
            nonlocal done
            done += n
            if self._tick is not None and done > self._told:
                self._tick(done - self._told)
            self._told = max(self._told, done)

        return count


def cast(part: Part, stage: Stage, tick: Tick | None) -> Cast:
    """Let the first engine that can speak all of a part.

    An engine whose takes are all in the store needs neither to run here nor to be reached.

    Raises:
        VoiceError: no engine could; the message says of each why.
        UnknownNameError: `stage.engine` is no engine.
        OutputError: the store cannot be used.
    """
    reasons: list[str] = []
    count = Count(tick)
    for choice in _choices(part.voice, stage.engine):
        try:
            return _spoken(part, stage, choice, count.attempt(), tuple(reasons))
        except VoiceError as error:
            reasons.append(f"{choice.engine}: {error.message}")
    raise VoiceError(
        "\n".join((f"the voice `{part.voice.name}` cannot be spoken:", *reasons)),
        hint="`undersong doctor` says what works here",
    )


def _choices(voice: Voice, engine: str | None) -> tuple[EngineChoice, ...]:
    if engine is None:
        return voice.engines
    chosen = tuple(choice for choice in voice.engines if choice.engine == engine)
    if chosen:
        return chosen
    try:
        options = engine_class(engine).Options()
    except ValidationError as error:
        raise VoiceError(
            f"the voice `{voice.name}` says nothing about the engine `{engine}`, which needs it",
            hint=f"add it to the engines of the voice file; it asks for {_asked(error)}",
        ) from error
    return (EngineChoice(engine=engine, options=options),)


def _asked(error: ValidationError) -> str:
    return ", ".join(f"`{fault['loc'][0]}`" for fault in error.errors())


def _spoken(
    part: Part, stage: Stage, choice: EngineChoice, tick: Tick, passed_over: tuple[str, ...]
) -> Cast:
    made, tone = engine_class(choice.engine), choice.tone or part.voice.tone
    with closing(made(choice.options, stage.library)) as engine:
        origin = Origin.of(engine, choice.options)
        keys = tuple(take_key(origin, request) for request in part.requests)
        lines = tuple(_lines(part, keys, tone))
        unsaid = [line for line in lines if stage.store.get(line.key) is None]
        if unsaid:
            _expect_able(engine, unsaid, offline=stage.offline)
        return Cast(
            engine=choice.engine,
            fingerprint=origin.fingerprint,
            draft=engine.draft,
            keys=keys,
            surveys=speak(engine, origin, lines, stage.store, tick),
            passed_over=passed_over,
            tone=tone,
            exact=not engine.online,
        )


def _lines(part: Part, keys: Sequence[str], tone: Tone | None) -> Iterator[Line]:
    """Yield each different request once, in order of first use."""
    for key in dict.fromkeys(keys):
        first = keys.index(key)
        yield Line(
            key=key,
            request=part.requests[first],
            place=part.places[first],
            count=keys.count(key),
            tone=tone,
        )


def _expect_able(engine: Engine, unsaid: Sequence[Line], *, offline: bool) -> None:
    """Raise a VoiceError if it can be told beforehand that the engine will not do."""
    if offline and engine.online:
        raise VoiceError("it needs the network, and this run is offline")
    if why := engine.check():
        raise VoiceError(why)
    if not isinstance(engine, Foreseeing):
        return
    cannot = engine.unsayable([line.request for line in unsaid])
    if cannot:
        listed = [f"  {unsaid[k].place}: {why}" for k, why in sorted(cannot.items())]
        takes = "1 phrase" if len(listed) == 1 else f"{len(listed)} phrases"
        raise VoiceError("\n".join((f"{takes} cannot be said:", *listed)))
