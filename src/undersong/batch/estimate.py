"""What a build will take, before it begins: sound, disk, time, and characters to be said."""

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Final

from msgspec import Struct

from undersong.batch.model import Plan

TRACK_MB_PER_S: Final = 0.12
"""Disk for a second of a track: a FLAC file of narration over a bed (0.10 MB, docs/bench.md) and an
MP3 file at 128 kb/s (0.016 MB)."""

COST_S_PER_S: Final = 0.05
"""Processor seconds for a second of a track, before any was measured here (docs/bench.md)."""


class Estimate(Struct, frozen=True, kw_only=True):
    """What a build will take.

    Attributes:
        played_s: length of all tracks to be made; `disk_mb`: their size.
        cost_s: processor seconds; with several workers the clock shows less.
        asked: characters sent to engines that need the network, by engine.
    """

    tracks: int
    played_s: float
    disk_mb: float
    cost_s: float
    asked: Mapping[str, int]


def estimate(plan: Plan) -> Estimate:
    """Estimate a build from its plan, and from what tracks cost here before."""
    records = plan.state.tracks
    rates = [r.cost_s / r.length_s for r in records.values() if r.length_s and r.cost_s]
    rate = median(rates) if rates else COST_S_PER_S
    asked: Counter[str] = Counter()
    played_s = cost_s = 0.0
    for verdict in plan.todo:
        slug = verdict.job.slug
        known = plan.known.get(slug)
        length_s = known.length_s if known else records[slug].length_s
        played_s += length_s
        cost_s += verdict.cost_s or length_s * rate
        asked.update(known.asked if known else {})
    return Estimate(
        tracks=len(plan.todo),
        played_s=played_s,
        disk_mb=played_s * TRACK_MB_PER_S,
        cost_s=cost_s,
        asked=dict(asked),
    )
