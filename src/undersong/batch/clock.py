"""How far a build is and when it will be done: from what tracks cost the last time."""

import time
from collections.abc import Iterable
from statistics import median

from undersong.batch.events import Event, Failed, Made
from undersong.batch.model import Verdict
from undersong.units import format_seconds


class Clock:
    """Counts the tracks of a build and foretells its end.

    A track that was never made is taken to cost as much as the median of the others. One that was
    not made now, but found or brought, counts with what making it costs: if a half of those so far
    were, the outlook is that a half of the others will be.
    """

    def __init__(self, todo: Iterable[Verdict]) -> None:
        """Start the clock."""
        self._costs_s = {verdict.job.slug: verdict.cost_s for verdict in todo}
        self._begun_s = time.monotonic()
        self._ended: set[str] = set()
        self._played_s = 0.0

    @property
    def total(self) -> int:
        """How many tracks are to be made."""
        return len(self._costs_s)

    @property
    def done(self) -> int:
        """How many have ended, well or not."""
        return len(self._ended)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun_s

    def take(self, event: Event) -> None:
        """Note an event."""
        if isinstance(event, Made | Failed) and event.slug in self._costs_s:
            self._ended.add(event.slug)
        if isinstance(event, Made) and event.rendered:
            self._played_s += event.facts["length_s"]
            self._costs_s[event.slug] = event.cost_s

    def left_s(self) -> float | None:
        """Return the seconds that are left, or None before anything is known."""
        known_s = [cost_s for cost_s in self._costs_s.values() if cost_s]
        if not known_s or not self._ended:
            return None
        usual_s = median(known_s)
        spent_s = sum(self._costs_s[slug] or usual_s for slug in self._ended)
        whole_s = sum(cost_s or usual_s for cost_s in self._costs_s.values())
        return self.elapsed_s * (whole_s - spent_s) / spent_s

    def outlook(self) -> str:
        """Return what is left, in words."""
        left_s = self.left_s()
        return "" if left_s is None else f"{format_seconds(left_s)} left{self.rate()}"

    def said(self) -> str:
        """Return how long it took and how fast sound was made, in words."""
        return f"{format_seconds(self.elapsed_s)}{self.rate()}"

    def rate(self) -> str:
        """Return how fast sound is made, in words; "" before any was."""
        times = self._played_s / self.elapsed_s
        return f", {times:.0f} times real time" if self._played_s else ""
