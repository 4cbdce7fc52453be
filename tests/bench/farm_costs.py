"""What a farm takes for many tracks: a simulation of workers, preemption and the machine at home.

    .venv/bin/python tests/bench/farm_costs.py

Each row of docs/farm.md is one run. Costs of a track and of fetching it are measured ones
(docs/bench.md, docs/farm.md); prices are examples, to be replaced by those of your provider.
"""

import heapq
import random
import sys

from msgspec import Struct

TRACK_S = 600.0
CPU_S = 0.05 * TRACK_S
"""Core seconds of a track of ten minutes, as `batch.estimate.COST_S_PER_S` has it."""
TRACK_MB = 0.016 * TRACK_S
"""An MP3 file at 128 kb/s."""
PLAN_S = 0.009
"""Seconds at home to read a recipe of 48 phrases, and all it names, for the first time."""
FETCH_S = 0.2
"""Seconds at home for a track: verify, write, sync. Six of 3 MB took 1.3 s on a busy machine."""
CORE_HOUR_USD = 0.02
GB_MONTH_USD = 0.023
REQUESTS_USD = 5e-6
REQUESTS = 7
"""Writes to the store for a track: its files, and what came of it."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What a build took: hours by the clock and of cores, and the share of work done twice."""

    wall_h: float
    core_h: float
    redone: float


def simulate(tracks: int, cores: int, homes: int, preempted_per_h: float, seed: int = 1) -> Outcome:
    """Carry out tracks; a worker that is preempted loses its track and is back after 3 minutes."""
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    begun_s = PLAN_S * tracks / homes
    free = [begun_s] * cores
    fetched = [begun_s] * homes
    spent_s = useful_s = 0.0
    for _ in range(tracks):
        left_s = CPU_S * dice.lognormvariate(0, 0.4)
        useful_s += left_s
        now_s = heapq.heappop(free)
        while preempted_per_h and (dies_s := dice.expovariate(preempted_per_h / 3600)) < left_s:
            spent_s += dies_s
            heapq.heappush(free, now_s + dies_s + 180.0)
            now_s = heapq.heappop(free)
        spent_s += left_s
        heapq.heappush(free, now_s + left_s)
        heapq.heapreplace(fetched, max(fetched[0], now_s + left_s) + FETCH_S)
    return Outcome(
        wall_h=max(*free, *fetched) / 3600,
        core_h=spent_s / 3600,
        redone=spent_s / useful_s - 1,
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    say("| tracks | cores | builds | preempted per hour | hours | core hours | done twice | USD |")
    say("|---|---|---|---|---|---|---|---|")
    rows = ((1000, 16, 1, 0.0), (10**6, 100, 1, 0.0), (10**6, 1000, 1, 0.0))
    for tracks, cores, homes, rate in (*rows, (10**6, 1000, 8, 0.0), (10**6, 1000, 8, 0.5)):
        found = simulate(tracks, cores, homes, rate)
        usd = found.core_h * CORE_HOUR_USD + tracks * REQUESTS * REQUESTS_USD
        say(
            f"| {tracks:,} | {cores} | {homes} | {rate:g} | {found.wall_h:.1f} "
            f"| {found.core_h:,.0f} | {found.redone:.1%} | {usd:,.0f} |"
        )
    size_tb = 10**6 * TRACK_MB / 1e6
    say(f"\nA million tracks: {size_tb:.1f} TB, {size_tb * 1000 * GB_MONTH_USD:,.0f} USD a month.")


if __name__ == "__main__":
    main()
