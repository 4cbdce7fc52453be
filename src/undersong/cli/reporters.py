"""How a build is shown: live on a terminal, plain lines elsewhere, or JSON events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from undersong.batch.clock import Clock
from undersong.batch.events import Event, as_json
from undersong.cli.building import Reporter, lines_of
from undersong.cli.screen import err


@contextmanager
def reporter(clock: Clock, *, machine: bool) -> Iterator[Reporter]:
    """Yield the reporter that suits: events as JSON, a live view, or plain lines."""
    if machine:
        yield _Machine()
    elif err.is_terminal:
        from undersong.cli.liveview import LiveView

        with LiveView(clock) as view:
            yield view
    else:
        yield _Lines(clock)


class _Machine:
    def tell(self, event: Event) -> None:
        print(json.dumps(as_json(event), ensure_ascii=True), flush=True)


class _Lines:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def tell(self, event: Event) -> None:
        self._clock.take(event)
        for line in lines_of(event, self._clock):
            err.print(line)
