"""One request to the service, and no more time for it than it may have."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from edge_tts import Communicate
from edge_tts.typing import TTSChunk

from undersong.voices.contract import Transient
from undersong.voices.edge.failures import EXPECTED, failure
from undersong.voices.edge.model import Limits, Named, Turn, Wish
from undersong.voices.edge.mp3 import BYTES_PER_S

TICKS_PER_S: Final = 10_000_000
ENOUGH_S: Final = 20.0
ENOUGH_PER_LETTER_S: Final = 2.0
"""A take longer than this, and as much more per letter, is none: the service runs on and on."""

CANCELS: Final = 3
"""A cancelled turn of edge-tts first says goodbye; cancelled again, it goes without."""


async def take_turn(wish: Wish, limits: Limits) -> Turn:
    """Ask once and listen until the service has ended its turn or the connection has.

    Raises:
        Refused: the service will not take such a request.
        Transient: nothing came, it stalled, it ran on, or the connection failed.
        Blocked: the service shuts us out.
    """
    try:
        talk = Communicate(
            wish.text,
            wish.voice,
            rate=f"{wish.rate_percent:+d}%",
            pitch=f"{wish.pitch_hz:+d}Hz",
            boundary="WordBoundary",
            proxy=wish.proxy,
        )
        return await _listen(talk, wish, limits)
    except EXPECTED as error:
        raise failure(error) from error


async def _listen(talk: Communicate, wish: Wish, limits: Limits) -> Turn:
    others = asyncio.all_tasks()
    stream = talk.stream()
    audio = bytearray()
    named: list[Named] = []
    enough = BYTES_PER_S * (ENOUGH_S + ENOUGH_PER_LETTER_S * len(wish.text))
    clock = asyncio.get_running_loop().time
    end_s, wait_s = clock() + limits.turn_limit_s(wish.text), limits.first_s
    try:
        while True:
            chunk = await _next(stream, min(wait_s, end_s - clock()), limits.close_s)
            if chunk is None:
                break
            _keep(chunk, audio, named)
            if len(audio) > enough:
                raise Transient("the Edge service runs on without an end")
            wait_s = limits.gap_s
    except TimeoutError as error:
        if not talk.state["cumulative_audio_bytes"]:  # it had not even ended its turn
            why = "did not finish in time" if clock() >= end_s else "has stalled"
            raise Transient(f"the Edge service {why}") from error
    finally:
        await _close(stream, others, limits.close_s)
    confirmed = talk.state["cumulative_audio_bytes"]
    return Turn(audio=bytes(audio), named=tuple(named), confirmed=confirmed)


async def _next(
    stream: AsyncGenerator[TTSChunk, None], wait_s: float, close_s: float
) -> TTSChunk | None:
    """Return the next chunk, or None at the end of the stream.

    Raises:
        TimeoutError: it did not come within `wait_s`; the stream has been ended.
    """
    step = asyncio.ensure_future(anext(stream, None))
    try:
        await asyncio.wait({step}, timeout=max(0.0, wait_s))
        if step.done():
            return step.result()
    finally:
        await _end(step, close_s)
    raise TimeoutError


async def _close(
    stream: AsyncGenerator[TTSChunk, None], others: set[asyncio.Task[Any]], close_s: float
) -> None:
    """End the stream and its connection, before the next one is opened.

    edge-tts leaves the connection of a stream that was not read to its end to a task of its own,
    which would go on listening to a service that goes on talking.
    """
    await asyncio.wait({asyncio.ensure_future(stream.aclose())}, timeout=close_s)
    await asyncio.sleep(0)  # that task is made in the loop's next round
    for task in asyncio.all_tasks() - others:
        await _end(task, close_s)


async def _end(step: asyncio.Future[Any], close_s: float) -> None:
    """See that a step of the stream is over, politely at first."""
    for _ in range(CANCELS):
        if step.done():
            break
        await asyncio.wait({step}, timeout=close_s if step.cancel() else 0.0)
    if step.done() and not step.cancelled():
        step.exception()  # seen, so that nobody complains of it later


def _keep(chunk: TTSChunk, audio: bytearray, named: list[Named]) -> None:
    if chunk["type"] == "audio":
        audio += chunk["data"]
        return
    start_s, length_s = chunk["offset"] / TICKS_PER_S, chunk["duration"] / TICKS_PER_S
    named.append(Named(text=str(chunk["text"]), start_s=start_s, length_s=length_s))
