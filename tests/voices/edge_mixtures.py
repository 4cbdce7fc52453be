"""Random mixtures of the service's faults, each run by its seed, and what must come of them."""

import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edge_stand_in import (
    FAST,
    FINAL,
    HANDSHAKES,
    HARMLESS,
    LASTING,
    PATIENT,
    SLOW_FAULTS,
    StandIn,
    rendering,
)
from msgspec import Struct, field

from undersong.errors import VoiceError
from undersong.testing.engines import sentence
from undersong.voices.contract import Blocked, Refused, Transient
from undersong.voices.edge import Edge, EdgeOptions
from undersong.voices.edge.breaker import BREAKER
from undersong.voices.takes import TakeStore

TEXTS = (
    "Let yourself arrive in this place.",
    "There is nowhere else to be.",
    "Notice the weight of your hands.",
    "Each breath comes in like a wave.",
    "And it leaves you, slow and soft.",
    "Rest here for as long as you like.",
)
SPARE_S = 10.0

QUICK_FAULTS = tuple(name for name in (*LASTING, *HARMLESS) if name not in SLOW_FAULTS + FINAL)
MIXED = tuple(name for name in QUICK_FAULTS if name not in HANDSHAKES and name != "slow")


class Tally(Struct):
    """How phrases ended, over runs."""

    runs: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    turns: int = 0
    peak: int = 0
    slowest_s: float = 0.0

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        return (
            f"{self.runs} runs: {ends}; {self.turns} connections, at most {self.peak} at once, "
            f"slowest phrase {self.slowest_s:.1f} s"
        )


def run(seed: int, service: StandIn, tally: Tally) -> None:
    """Make one run and hold it to what must come of it."""
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    service.heal()
    service.asked.clear()
    service.crowd, begun = (), service.connections
    (_foretold if seed % 2 else _at_once)(dice, service, tally)
    service.heal()
    tally.runs += 1
    tally.turns += service.connections - begun
    tally.peak = max(tally.peak, service.peak)
    assert service.peak <= 3, (seed, service.crowd)


def _foretold(dice: random.Random, service: StandIn, tally: Tally) -> None:
    """One phrase after the other: each ends exactly as its faults say."""
    Edge.limits = PATIENT
    lasting = dice.choice(list(LASTING)) if dice.random() < 0.1 else ""
    lasting = lasting if lasting not in SLOW_FAULTS else ""
    faults = deque(_fault(dice, final=0.1, slow=0.0) for _ in range(dice.randrange(0, 8)))
    for text in dice.sample(TEXTS, 3):
        service.faults, service.lasting = deque(faults), lasting
        wanted = _expected(faults, lasting)
        BREAKER.reset()
        ended = _say(text, tally, PATIENT.total_s)
        assert ended is wanted, (text, wanted, ended, lasting)
        assert list(service.faults) == list(faults)


def _at_once(dice: random.Random, service: StandIn, tally: Tally) -> None:
    """Six phrases at once: each is whole or says why not, and what is missing comes later."""
    few = dice.random() < 0.5
    Edge.limits = PATIENT if few else FAST
    count = dice.randrange(0, FAST.tries if few else 12)
    service.faults = deque(
        _fault(dice, final=0.0 if few else 0.05, slow=0.0 if few else 0.1) for _ in range(count)
    )
    got_over = few and sum("forbidden" in fault for fault in service.faults) < 2
    limit_s = 2 * (Edge.limits.total_s + FAST.longest_pause_s)
    with ThreadPoolExecutor(len(TEXTS)) as pool:
        ends = dict(
            zip(TEXTS, pool.map(lambda text: _say(text, tally, limit_s), TEXTS), strict=True)
        )
    assert not got_over or not any(ends.values()), ends
    service.heal()
    Edge.limits = PATIENT
    for text in (text for text, failure in ends.items() if failure):
        assert _say(text, tally, PATIENT.total_s) is None


def _fault(dice: random.Random, *, final: float, slow: float) -> str:
    if dice.random() < final:
        return dice.choice(FINAL)
    if dice.random() < slow:
        return dice.choice(SLOW_FAULTS)
    if dice.random() < 0.3:
        return "+".join(sorted(dice.sample(MIXED, 2)))
    return dice.choice(QUICK_FAULTS)


def _say(text: str, tally: Tally, limit_s: float) -> type[VoiceError] | None:
    """Return None after a whole take, else the kind of its failure."""
    begun_s = time.monotonic()
    edge = Edge(EdgeOptions(), Path())
    try:
        with TakeStore().turn(edge):
            take = edge.say(sentence(text))
    except (Blocked, Refused, Transient) as error:
        kind = next(kind for kind in (Blocked, Refused, Transient) if isinstance(error, kind))
        tally.ends[kind.__name__] += 1
        return kind
    finally:
        taken_s = time.monotonic() - begun_s
        tally.slowest_s = max(tally.slowest_s, taken_s)
        assert taken_s < limit_s + SPARE_S
    assert take.audio == rendering(text).audio
    assert [mark.word for mark in take.marks] == list(range(len(text.split())))
    tally.ends["whole"] += 1
    return None


def _expected(faults: deque[str], lasting: str) -> type[VoiceError] | None:
    """Foretell how a phrase ends, and take from `faults` what it meets on its way."""
    asked = _asked(faults, lasting)
    for _ in range(FAST.tries):
        fault = next(asked)
        if fault == "hangs up":  # aiohttp asks once more
            fault = next(asked)
        if fault == "forbidden":  # edge_tts does, with a corrected clock
            fault = next(asked)
            fault = next(asked) if fault == "hangs up" else fault
            if fault == "forbidden":
                return Blocked
        if not fault or set(fault.split("+")) <= set(HARMLESS):
            return None
        if fault in FINAL:
            return Refused if fault == "bad request" else Blocked
    return Transient


def _asked(faults: deque[str], lasting: str) -> Iterator[str]:
    while True:
        yield faults.popleft() if faults else lasting
