"""Whatever mixture of faults: no hang, no short or wrong take, no phrase dropped."""

from collections.abc import Iterator

import pytest
from edge_mixtures import Tally, run
from edge_stand_in import StandIn, standing_in


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standing_in(monkeypatch) as stand_in:
        yield stand_in


@pytest.mark.parametrize("block", range(6))
def test_sixty_random_mixtures(service: StandIn, block: int) -> None:
    tally = Tally()
    for seed in range(10 * block, 10 * block + 10):
        run(seed, service, tally)
    assert tally.ends["whole"] >= 30


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_a_thousand_random_mixtures(service: StandIn, block: int) -> None:
    tally = Tally()
    for seed in range(1000 + 50 * block, 1050 + 50 * block):
        run(seed, service, tally)
    print(f"block {block}: {tally}")  # noqa: T201 - the figures of docs/campaign.md
    assert tally.ends["whole"] >= 150
