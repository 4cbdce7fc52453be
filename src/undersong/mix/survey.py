"""How loud a bed is, all along: what the mix is planned from."""

import base64
import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from undersong.audio import PASS, BlockSource, Tick, shared_out, spans
from undersong.dsp.loudness import STEPS_PER_S, Energies
from undersong.mix.curves import F64
from undersong.timeline.model import Timeline
from undersong.units import SAMPLE_RATE

HOP = SAMPLE_RATE // STEPS_PER_S
"""Samples per hop: 10 ms, so that the edges of a phrase are known as a listener hears them."""

LONGEST = 240 * int(SAMPLE_RATE)
"""Samples that one copy of a bed is listened to for at a time. Where a part begins, a bed is made
twice: for the warm-up, and what is around it, as generators make some seconds at once."""

WARM_UP_HOPS = 40
"""Hops read before a survey begins, so that its values do not depend on where that is: the
slowest pole of the K-weighting (38 Hz) falls by far more than float64 can hold in 0.4 s."""


def survey(source: BlockSource, start: int, n: int) -> F64:
    """Return the K-weighted mean square of every hop of samples [start, start + n).

    An incomplete last hop is left out.
    """
    energies = Energies(source.channels, per_s=STEPS_PER_S)
    first = start - WARM_UP_HOPS * HOP
    for offset, count in spans(start + n - first, PASS):
        energies.push(source.read(first + offset, count))
    return energies.hops[WARM_UP_HOPS:].copy()


def survey_beds(
    timeline: Timeline, copies: Sequence[Mapping[str, BlockSource]], tick: Tick | None = None
) -> dict[str, F64]:
    """Survey every bed where the timeline uses it; its `copies` are listened to side by side.

    Hop k is samples [k HOP, (k + 1) HOP) of the track, up to its last sample; it is 0 where the
    bed is not heard. `tick` counts samples; all scenes together are `surveyed(timeline)`.
    """
    hops = -(-timeline.length // HOP)
    found = {scene.ambience: np.zeros(hops) for scene in timeline.scenes}
    for scene in timeline.scenes:
        first, last = _hops(scene.start, scene.end)
        parts = _parts(first, last)
        works = [partial(_survey_part, beds[scene.ambience]) for beds in copies]
        for (start, n), heard in zip(parts, shared_out(works, parts), strict=True):
            found[scene.ambience][start // HOP : (start + n) // HOP] = heard
            if tick is not None:
                tick(n)
    return found


def _parts(first: int, last: int) -> list[tuple[int, int]]:
    """Return hops [first, last) as an even number of spans of samples: two threads are usual."""
    pairs = max(1, -(-(last - first) * HOP // (2 * LONGEST)))
    share = -(-(last - first) // (2 * pairs))
    return [((first + at) * HOP, n * HOP) for at, n in spans(last - first, share)]


def _survey_part(source: BlockSource, part: tuple[int, int]) -> F64:
    return survey(source, *part)


def to_text(survey: F64) -> str:
    """Return a survey as text, in float32: three hours are a million hops."""
    return base64.b64encode(survey.astype("<f4").tobytes()).decode("ascii")


def from_text(kept: str) -> F64:
    """Return the survey, to seven digits, of which `to_text` made `kept`."""
    return np.frombuffer(base64.b64decode(kept), "<f4").astype(np.float64)


def to_json(surveys: Mapping[str, F64]) -> dict[str, str]:
    """Return plain values of which `from_json` makes the surveys."""
    return {name: to_text(values) for name, values in surveys.items()}


def from_json(kept: Mapping[str, str]) -> dict[str, F64]:
    """Return the surveys of which `to_json` made `kept`."""
    return {name: from_text(values) for name, values in kept.items()}


def survey_joins(timeline: Timeline, beds: Mapping[str, BlockSource]) -> tuple[float, ...]:
    """Return how alike each scene and the next are where they cross: -1 to 1, in 0.01.

    Beds of different makers have nothing to do with one another; those that share a recording
    may. Where scenes do not cross it is 0.
    """
    return tuple(
        round(_correlation(beds[a.ambience], beds[b.ambience], b.start, a.end), 2)
        for a, b in pairwise(timeline.scenes)
    )


def _correlation(one: BlockSource, other: BlockSource, start: int, end: int) -> float:
    both = own = others = 0.0
    for offset, n in spans(max(end - start, 0)):
        x, y = (source.read(start + offset, n).astype(np.float64) for source in (one, other))
        x, y = x.mean(axis=1), y.mean(axis=1)
        both, own, others = both + float(x @ y), own + float(x @ x), others + float(y @ y)
    return both / math.sqrt(own * others) if own and others else 0.0


def surveyed(timeline: Timeline) -> int:
    """Return the samples that `survey_beds` will count."""
    spans = (_hops(scene.start, scene.end) for scene in timeline.scenes)
    return sum((last - first) * HOP for first, last in spans)


def _hops(start: int, end: int) -> tuple[int, int]:
    return start // HOP, -(-end // HOP)
