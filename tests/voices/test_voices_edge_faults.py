"""Every fault of the service, once and for good: a whole take comes of it, or its typed failure."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_stand_in import (
    FAST,
    FINAL,
    HARMLESS,
    LASTING,
    SLOW_FAULTS,
    StandIn,
    rendering,
    standing_in,
)

from undersong.testing.engines import sentence
from undersong.voices.contract import Blocked, RawTake, Refused, Transient
from undersong.voices.edge import Edge, EdgeOptions

TEXT = "Let yourself arrive, and notice the sound of the water."
LINE = sentence(TEXT)
TURNS = {"forbidden": 2, "hangs up": 6}
"""edge_tts asks again with a corrected clock, aiohttp when nobody has answered at all."""
SPARE_S = 5.0
"""Beyond the limits: decoding, and a machine with much else to do."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(monkeypatch) as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def hurry(
    request: pytest.FixtureRequest, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults that take time are met with limits in a hurry."""
    if request.getfixturevalue("fault") in SLOW_FAULTS:
        monkeypatch.setattr(Edge, "limits", FAST)


def say(text: str = TEXT) -> RawTake:
    return Edge(EdgeOptions(), Path()).say(sentence(text))


def expect_whole(take: RawTake, text: str = TEXT) -> None:
    assert take.audio == rendering(text).audio
    assert [mark.word for mark in take.marks] == list(range(len(text.split())))


@pytest.mark.parametrize("fault", [fault for fault in LASTING if fault not in FINAL])
def test_a_fault_that_comes_once_is_got_over(service: StandIn, fault: str) -> None:
    service.faults.append(fault)
    expect_whole(say())
    assert (service.connections, service.peak) == (2, 1)


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts_ends_in_its_typed_failure_in_time(service: StandIn, fault: str) -> None:
    service.lasting = fault
    kind, words = LASTING[fault]
    begun_s = time.monotonic()
    with pytest.raises(kind, match=re.escape(words)) as caught:
        say()
    assert time.monotonic() - begun_s < Edge.limits.total_s + SPARE_S
    assert ("tried 3 times" in caught.value.message) == (kind is Transient)
    assert service.connections == TURNS.get(fault, 3 if kind is Transient else 1)
    assert service.peak == 1


@pytest.mark.parametrize("fault", HARMLESS)
def test_what_is_only_odd_does_no_harm(service: StandIn, fault: str) -> None:
    service.lasting = fault
    expect_whole(say())
    assert service.connections == 1


@pytest.mark.parametrize("fault", FINAL)
def test_what_says_all_at_once_is_not_asked_again(service: StandIn, fault: str) -> None:
    service.faults.append(fault)
    with pytest.raises((Blocked, Refused)):
        say()
    assert service.connections == 1
