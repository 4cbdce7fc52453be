"""One engine says all lines of a track, several at once where it can."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from msgspec import Struct

from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.voices.contract import Engine, RawTake, Request
from undersong.voices.level import Survey
from undersong.voices.measured import recall
from undersong.voices.takes import Origin, TakeStore
from undersong.voices.tone import Tone
from undersong.voices.trim import survey


class Line(Struct, frozen=True, kw_only=True):
    """One request, said once however many utterances want it.

    Attributes:
        place: `file:line` of the first utterance that wants it.
        count: how many utterances want it.
        locked: its take is in the store and must never be made again.
        tone: with which it will be heard, and so surveyed.
    """

    key: str
    request: Request
    place: str
    count: int
    locked: bool = False
    tone: Tone | None = None


def speak(
    engine: Engine, origin: Origin, lines: Sequence[Line], store: TakeStore, tick: Tick
) -> dict[str, Survey]:
    """Bring all lines into the store and return how loud each is, by key.

    Only what the store does not hold is said, and what cannot be cut later is not kept. When one
    line fails, or on Ctrl-C, the engine is closed, no thread is left, and the store holds every
    take that was finished.

    Raises:
        VoiceError: a line could not be said; the message begins with its place.
        OutputError: the store cannot be used.
    """
    stop = threading.Event()
    surveys: dict[str, Survey] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, engine.parallel), thread_name_prefix="voice")
    try:
        futures = {pool.submit(_obtain, engine, origin, line, store, stop): line for line in lines}
        for future in as_completed(futures):
            line = futures[future]
            surveys[line.key] = _result(future, line)
            tick(line.count)
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        engine.close()
        pool.shutdown(wait=True)
    return surveys


def _result(future: Future[Survey], line: Line) -> Survey:
    try:
        return future.result()
    except VoiceError as error:
        message = f"{line.place}: {error.message} (“{line.request.written}”)"
        raise type(error)(message, hint=error.hint) from error


def _obtain(
    engine: Engine, origin: Origin, line: Line, store: TakeStore, stop: threading.Event
) -> Survey:
    """Return the survey of a line, after saying it if the store does not hold it."""
    fresh: list[Survey] = []

    def make() -> RawTake:
        if line.locked:
            raise VoiceError("its locked take left the cache meanwhile", hint="run again")
        with store.turn(engine, stop):
            if stop.is_set():
                raise VoiceError("stopped before it was said")
            take = engine.say(line.request)
        fresh.append(survey(take, line.tone))
        return take

    take = store.get_or_make(line.key, make, origin, stop)
    if fresh:
        return fresh[0]
    known = recall(store, line.key, line.tone)
    return known.survey if known is not None else survey(take, line.tone)
