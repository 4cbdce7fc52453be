"""Which engine speaks a voice: the first that can, for the whole track, never two of them mixed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct, field
from pydantic import ValidationError

from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.voices.accept import LockedTakeError, Said, accept, missing_pins, refusal
from undersong.voices.contract import Engine, Foreseeing, Request
from undersong.voices.level import Survey
from undersong.voices.pins import Pin, phrase_digest
from undersong.voices.registry import engine_class
from undersong.voices.speak import Line, speak
from undersong.voices.takes import Origin, TakeStore, take_key
from undersong.voices.tone import Tone
from undersong.voices.voice import EngineChoice, Voice


class Part(Struct, frozen=True, kw_only=True):
    """All that one voice says in a track.

    Attributes:
        places: `file:line` of each request.
    """

    voice: Voice
    requests: tuple[Request, ...]
    places: tuple[str, ...]


class Cast(Struct, frozen=True, kw_only=True):
    """A part that has been spoken, every take of it in the store.

    Attributes:
        keys: of the takes, by request; equal requests share one.
        surveys: by key, with the tone.
        passed_over: a sentence for each engine before this one that could not speak.
        pins: of takes that are to be locked once the whole track is spoken.
        tone: of the engine that spoke, or else of the voice.
        exact: marks of the engine are in time with its takes: no codec lies between.
    """

    engine: str
    fingerprint: str
    draft: bool
    keys: tuple[str, ...]
    surveys: dict[str, Survey]
    passed_over: tuple[str, ...]
    pins: tuple[Pin, ...] = ()
    tone: Tone | None = None
    exact: bool = False


class Stage(Struct, frozen=True, kw_only=True):
    """Where and how parts are spoken.

    Attributes:
        library: folder of the library, for engines that look there.
        engine: the only engine to be asked, or None for those of the voice in their order.
        offline: ask no engine that needs the network.
        online: where a voice has engines that need the network, ask only those.
        pins: locked takes by phrase.
    """

    library: Path
    store: TakeStore
    engine: str | None
    offline: bool
    online: bool = False
    pins: Mapping[str, Pin] = field(default_factory=dict)


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
        LockedTakeError: a locked take is not in the store. No engine after it is asked, unless the
            run is offline and could not have asked this one.
        VoiceError: no engine could; the message says of each why.
        UnknownNameError: `stage.engine` is no engine.
        OutputError: the store cannot be used.
    """
    reasons: list[str] = []
    count = Count(tick)
    for choice in choices(part.voice, stage.engine, online=stage.online):
        try:
            return _spoken(part, stage, choice, count.attempt(), tuple(reasons))
        except VoiceError as error:
            if isinstance(error, LockedTakeError) and not _is_ruled_out(choice, stage):
                raise
            reasons.append(f"{choice.engine}: {error.message}")
    raise VoiceError(
        "\n".join((f"the voice `{part.voice.name}` cannot be spoken:", *reasons)),
        hint="`undersong doctor` says what works here",
    )


def _is_ruled_out(choice: EngineChoice, stage: Stage) -> bool:
    return stage.offline and engine_class(choice.engine).online


def choices(voice: Voice, engine: str | None, *, online: bool = False) -> tuple[EngineChoice, ...]:
    """Return the engines of a voice that may speak, in their order.

    Args:
        voice: whose engines they are.
        engine: the only one wanted, with the voice's options for it or its own defaults.
        online: where the voice has engines that need the network, only those.

    Raises:
        VoiceError: `engine` needs options that the voice does not give.
        UnknownNameError: there is no such engine.
    """
    if engine is None:
        if not online:
            return voice.engines
        return tuple(e for e in voice.engines if engine_class(e.engine).online) or voice.engines
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
    held = _held(part, stage, choice)
    made, tone = engine_class(choice.engine), choice.tone or part.voice.tone
    with closing(made(choice.options, stage.library)) as engine:
        origin = _origin(engine, choice, needed=None in held)
        keys = tuple(
            pin.name if pin else take_key(origin, request)
            for pin, request in zip(held, part.requests, strict=True)
        )
        lines = tuple(_lines(part, keys, {pin.name for pin in held if pin}, tone))
        unsaid = [line for line in lines if stage.store.get(line.key) is None]
        if unsaid:
            expect_able(engine, unsaid, offline=stage.offline)
        surveys = speak(engine, origin, lines, stage.store, tick)
        fresh = () if engine.repeatable else _accepted(lines, choice, origin, stage.store)
        names = {pin.key: pin.name for pin in fresh}
        said_by = {origin.fingerprint if pin is None else pin.fingerprint for pin in held}
        return Cast(
            engine=choice.engine,
            fingerprint=", ".join(sorted(said_by)),
            draft=engine.draft,
            keys=tuple(names.get(key, key) for key in keys),
            surveys={names.get(key, key): found for key, found in surveys.items()},
            passed_over=passed_over,
            pins=fresh,
            tone=tone,
            exact=not engine.online,
        )


def _held(part: Part, stage: Stage, choice: EngineChoice) -> tuple[Pin | None, ...]:
    """Return the locked take of each request, or None.

    Raises:
        LockedTakeError: one of them is not in the store.
    """
    held = tuple(stage.pins.get(phrase_digest(choice, request)) for request in part.requests)
    places: dict[Pin, str] = {}
    for pin, place in zip(held, part.places, strict=True):
        if pin:
            places.setdefault(pin, place)
    missing = missing_pins(stage.store, places)
    if missing:
        raise refusal((places[pin], pin) for pin in missing)
    return held


def _origin(engine: Engine, choice: EngineChoice, *, needed: bool) -> Origin:
    """Describe the engine; one that has nothing to say need not be able to tell what it is."""
    if needed:
        return Origin.of(engine, choice.options)
    return Origin(engine=choice.engine, fingerprint="", options=choice.options)


def _accepted(
    lines: Sequence[Line], choice: EngineChoice, origin: Origin, store: TakeStore
) -> tuple[Pin, ...]:
    """Return a pin for every take that is not locked yet."""
    said = (
        Said(choice=choice, request=line.request, key=line.key, fingerprint=origin.fingerprint)
        for line in lines
        if not line.locked
    )
    return tuple(accept(store, each) for each in said)


def _lines(
    part: Part, keys: Sequence[str], locked: Collection[str], tone: Tone | None
) -> Iterator[Line]:
    """Yield each different request once, in order of first use."""
    for key in dict.fromkeys(keys):
        first = keys.index(key)
        yield Line(
            key=key,
            request=part.requests[first],
            place=part.places[first],
            count=keys.count(key),
            locked=key in locked,
            tone=tone,
        )


def expect_able(engine: Engine, unsaid: Sequence[Line], *, offline: bool) -> None:
    """See that an engine can say lines, as far as can be told beforehand.

    Raises:
        VoiceError: it cannot; with the reason, and with the places of lines that it cannot say.
    """
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
