"""A phrase is asked for until a take of it is proven, or until it is clear that none will come."""

import asyncio
from collections.abc import Sequence

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from undersong.errors import VoiceError
from undersong.voices.contract import Blocked, Transient
from undersong.voices.edge.accept import accept
from undersong.voices.edge.breaker import BREAKER
from undersong.voices.edge.failures import ADDRESS, UPGRADE, NoSound, Withdrawn
from undersong.voices.edge.living import LIVING, nearest_voices
from undersong.voices.edge.model import Limits, Named, Turn, Wish
from undersong.voices.edge.turn import take_turn


async def obtain(wishes: Sequence[Wish], limits: Limits) -> Turn:
    """Return one proven turn: those of all wishes, joined in order.

    Raises:
        Refused, Transient, Blocked: the first that could not be had, and why.
    """
    audio = bytearray()
    named: list[Named] = []
    begun_s = 0.0
    for wish in wishes:
        turn, length_s = await _one(wish, limits)
        audio += turn.audio
        named += (
            Named(text=word.text, start_s=begun_s + word.start_s, length_s=word.length_s)
            for word in turn.named
        )
        begun_s += length_s
    return Turn(audio=bytes(audio), named=tuple(named), confirmed=len(audio))


async def _one(wish: Wish, limits: Limits) -> tuple[Turn, float]:
    failures: list[VoiceError] = []
    try:
        async with asyncio.timeout(limits.total_limit_s(wish.text)):
            return await _retrying(limits)(_attempt, wish, limits, failures)
    except Blocked as error:
        BREAKER.shut(error, *_key(wish)[: None if isinstance(error, Withdrawn) else 1])
        raise
    except (Transient, TimeoutError) as error:
        last = failures[-1] if failures else Transient("the Edge service did not finish in time")
        raise type(last)(f"{last.message} ({_tries(failures)})", hint=last.hint) from error


def _key(wish: Wish) -> tuple[str, str]:
    return (wish.proxy or "", wish.voice)


def _retrying(limits: Limits) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception_type(Transient),
        stop=stop_after_attempt(limits.tries),
        wait=wait_exponential(multiplier=limits.pause_s, max=limits.longest_pause_s)
        + wait_random(0, limits.pause_s),
        reraise=True,
    )


def _tries(failures: Sequence[VoiceError]) -> str:
    return "tried once" if len(failures) <= 1 else f"tried {len(failures)} times"


async def _attempt(wish: Wish, limits: Limits, failures: list[VoiceError]) -> tuple[Turn, float]:
    BREAKER.expect_open(*_key(wish))
    try:
        turn = await take_turn(wish, limits)
        return turn, accept(turn, wish)
    except NoSound as error:
        failures.append(await _why_no_sound(error, wish, limits, last=len(failures) + 1))
        raise failures[-1] from error
    except Transient as error:
        failures.append(error)
        raise


async def _why_no_sound(error: NoSound, wish: Wish, limits: Limits, *, last: int) -> VoiceError:
    """Return what it means that nothing was said: a voice may be gone, or a moment bad."""
    living = await LIVING.names(wish.proxy, limits.first_s)
    if living and wish.voice not in living:
        near = ", ".join(nearest_voices(wish.voice, living))
        return Withdrawn(
            f"the Edge service no longer has the voice {wish.voice}: name another in the voice file"
            f"; nearest to it are {near}"
        )
    if last < limits.tries:
        return error
    if living:
        return Transient(
            f"{error.message}, though it has the voice {wish.voice}: "
            f"perhaps the text does not suit the voice's language; {UPGRADE}; {ADDRESS}"
        )
    return Withdrawn(
        f"{error.message}, nor its list of voices: {UPGRADE}; {ADDRESS}; if the voice {wish.voice} "
        "was withdrawn, name another in the voice file"
    )
