"""What dask calls on a worker: one parcel at a time, one worker a process."""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from undersong.batch.events import Begun, Event, Failed, Noted, Reached, as_json
from undersong.batch.farm_bench import Bench
from undersong.batch.farm_depot import Depot
from undersong.batch.farm_model import Delivery, Parcel
from undersong.store.place import default_cache

TELL_EVERY_S: Final = 2.0
"""A thousand workers that tell more often would keep the scheduler busy with listening."""

_KINDS: Final[dict[str, type[Begun | Reached | Noted]]] = {
    kind.__name__.lower(): kind for kind in (Begun, Reached, Noted)
}


def carry_out(parcel: Parcel, topic: str) -> Delivery | Failed:
    """Make a track and bring it into the store; what happens is told under `topic`.

    Raises:
        FarmError, OutputError: this worker, or the store, fails: dask lets another try.
    """
    from distributed import get_worker  # noqa: PLC0415 - only workers of a farm have its extra

    worker = get_worker()
    bench = Bench(
        home=Path(worker.local_directory) / "undersong",
        cache=default_cache().absolute(),
        depot=_depot(parcel.store),
    )

    def tell(event: Event) -> None:
        worker.log_event(topic, as_json(event))

    return bench.make(parcel, _seldom(tell))


@cache
def _depot(address: str) -> Depot:
    return Depot(address)


def _seldom(tell: Callable[[Event], None]) -> Callable[[Event], None]:
    """Return a `tell` that leaves out steps which follow another one closely."""
    told_s, stage = 0.0, ""

    def told(event: Event) -> None:
        nonlocal told_s, stage
        if isinstance(event, Reached):
            if event.stage == stage and time.monotonic() - told_s < TELL_EVERY_S:
                return
            told_s, stage = time.monotonic(), event.stage
        tell(event)

    return told


def heard(message: dict[str, Any], numbers: Callable[[str], int]) -> Event:
    """Return the event that a worker told; the scheduler has put its address under `worker`."""
    kind = _KINDS[message["event"]]
    fields = {name: message[name] for name in kind.__struct_fields__}
    if "worker" in fields:
        fields["worker"] = numbers(message["worker"])
    return kind(**fields)
