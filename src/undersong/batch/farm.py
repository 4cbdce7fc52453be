"""A build on many machines: the same errands, carried out by workers of dask.distributed.

Sound never goes through the scheduler: inputs and tracks lie in a store that all share, and only
small records travel. A worker that dies loses the one track it was making; when the scheduler dies
the build ends, and the next one takes up what is in the store.
"""

import logging
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from undersong.batch.errand import Errand
from undersong.batch.events import Event, Failed
from undersong.batch.farm_depot import HINT, Depot
from undersong.batch.farm_door import security
from undersong.batch.farm_model import Delivery, Parcel
from undersong.batch.farm_pack import Packer
from undersong.batch.farm_work import carry_out, heard
from undersong.batch.model import Farm
from undersong.batch.pool import log_file
from undersong.errors import FarmError, OutputError, UndersongError
from undersong.files import write_text

if TYPE_CHECKING:
    from distributed import Client, Future

RETRIES: Final = 3
"""How often a track goes to another worker because one, or the store, failed it."""

CONNECT_S: Final = 20.0
DESERTED_S: Final = 600.0
"""How long to wait for workers when there is none: preempted machines take minutes to return."""

_FAREWELL_S: Final = 2.0
_ROUND_S: Final = 1.0
_AHEAD: Final = 2
"""Parcels underway for each worker: the next is there when one ends; few for the scheduler."""

_LEAST_AHEAD: Final = 16
_SILENT: Final = ("distributed", "distributed.client", "distributed.comm", "distributed.core")


class _Flight(Struct):
    """An errand that was handed over."""

    errand: Errand
    rank: int
    parcel: Parcel
    future: "Future[Delivery | Failed]"
    tries: int = 0


class Hands:
    """The workers of a farm, as a pool of a build has them: `batch.errand.Workers`."""

    def __init__(self, farm: Farm, logs: Path) -> None:
        """Connect to nothing yet; `logs` is a folder for what is said of failures."""
        self._farm, self._logs = farm, logs
        self._topic = f"undersong-{uuid4().hex}"
        self._news: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._flights: dict[str, _Flight] = {}
        self._numbers: dict[str, int] = {}
        self._deserted_s = 0.0

    def __enter__(self) -> Self:
        """Connect to the scheduler.

        Raises:
            FarmError: the extra is missing, or nobody answers, or not with our certificate.
            UsageError: the address cannot be used safely.
        """
        self._packer = Packer(Depot(self._farm.store))
        self._depot = Depot(self._farm.store)
        self._client = _connected(self._farm)
        self._client.subscribe_topic(self._topic, self._told)
        return self

    def __exit__(self, *_: object) -> None:
        """Call back what has not begun; what has begun ends in the store, for the next build."""
        with suppress(OSError, RuntimeError):  # a farm that is gone needs no farewell
            self._client.cancel([flight.future for flight in self._flights.values()])
        with suppress(OSError, RuntimeError):
            self._client.close(timeout=_FAREWELL_S)

    def run(self, errands: Sequence[Errand]) -> Iterator[Event]:
        """Yield what happens until every errand has ended; each ends in `Made` or `Failed`.

        Raises:
            FarmError: the scheduler is gone, or no worker has been there for long.
        """
        try:
            yield from self._course(errands)
        except (OSError, RuntimeError, CancelledError) as error:
            if isinstance(error, CancelledError) or self._client.status != "running":
                raise self._gone() from error
            raise

    def _course(self, errands: Sequence[Errand]) -> Iterator[Event]:
        waiting = deque(enumerate(errands))
        while waiting or self._flights:
            while waiting and len(self._flights) < self._most():
                rank, errand = waiting.popleft()
                yield from self._begin(errand, rank)
            if self._flights:
                yield from self._next()

    def _begin(self, errand: Errand, rank: int) -> Iterator[Event]:
        try:
            parcel = self._packer.packed(errand)
        except UndersongError as error:
            yield self._failed(errand, error)
            return
        future = self._submitted(parcel, rank)
        self._flights[errand.slug] = _Flight(errand=errand, rank=rank, parcel=parcel, future=future)

    def _submitted(self, parcel: Parcel, rank: int) -> "Future[Delivery | Failed]":
        """Hand over a parcel; the dearest tracks, which come first, go before all others."""
        slug = parcel.slug
        future = self._client.submit(
            carry_out,
            parcel,
            self._topic,
            key=f"{slug}-{uuid4().hex}",
            priority=-rank,
            retries=RETRIES,
            pure=False,
        )
        future.add_done_callback(lambda _: self._news.put(("ended", slug)))
        return future

    def _told(self, event: tuple[float, Any]) -> None:
        """Take what a worker tells; called by dask, in a thread of its own."""
        self._news.put(("told", event[1]))

    def _next(self) -> Iterator[Event]:
        try:
            kind, what = self._news.get(timeout=_ROUND_S)
        except Empty:
            self._expect_life()
            return
        if kind == "ended":
            yield from self._ended(self._flights[what])
        elif what["slug"] in self._flights:
            yield heard(what, self._number)

    def _ended(self, flight: _Flight) -> Iterator[Event]:
        event = self._outcome(flight)
        if event is not None:
            del self._flights[flight.errand.slug]
            yield event

    def _outcome(self, flight: _Flight) -> Event | None:
        """Return how an errand ended, or None when it was handed over again."""
        error = flight.future.exception()
        if isinstance(error, CancelledError):
            raise error
        if error is not None:
            return self._failed(flight.errand, error)
        found = flight.future.result()
        return self._unpacked(flight, found) if isinstance(found, Delivery) else found

    def _unpacked(self, flight: _Flight, delivery: Delivery) -> Event | None:
        """Bring a track home; one that was damaged in the store is asked for again."""
        try:
            return self._packer.unpack(delivery, flight.errand)
        except FarmError as error:
            flight.tries += 1
            if flight.tries > RETRIES:
                return self._failed(flight.errand, error)
            self._depot.forget(flight.parcel.digest)
            flight.future = self._submitted(replace(flight.parcel, force=True), flight.rank)
            return None
        except UndersongError as error:
            return self._failed(flight.errand, error)

    def _failed(self, errand: Errand, error: BaseException) -> Failed:
        """Return a failure, all that is known of it in a log."""
        log = log_file(self._logs, errand.slug)
        with suppress(OutputError):
            write_text(log, "".join(traceback.format_exception(error)))
        if isinstance(error, UndersongError):
            said, hint, code = error.message, error.hint or "", error.exit_code
        elif type(error).__name__ == "KilledWorker":
            said, hint, code = "the workers that made it died, one after the other", _MEMORY, 1
        else:
            said, hint, code = f"internal error: {type(error).__name__}: {error}", "", 1
        return Failed(slug=errand.slug, message=said, hint=hint, exit_code=code, log=str(log))

    def _most(self) -> int:
        return max(_LEAST_AHEAD, _AHEAD * len(self._workers()))

    def _workers(self) -> dict[str, Any]:
        """Return the workers that are there, as the scheduler said within the last seconds."""
        found: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _number(self, address: str) -> int:
        return self._numbers.setdefault(address, len(self._numbers))

    def _expect_life(self) -> None:
        if self._client.status != "running":
            raise self._gone()
        self._deserted_s = 0.0 if self._workers() else self._deserted_s + _ROUND_S
        if self._deserted_s > DESERTED_S:
            raise FarmError(
                f"the farm at {self._farm.address} has had no worker for {DESERTED_S:.0f} s",
                hint="start workers and build again: what is finished is kept",
            )

    def _gone(self) -> FarmError:
        return FarmError(
            f"the scheduler at {self._farm.address} is gone",
            hint="start the farm again and build again: what is finished is kept",
        )


_MEMORY: Final = "memory often ran out: give each worker more, or have fewer on a machine"


def _connected(farm: Farm) -> "Client":
    try:
        from distributed import Client  # noqa: PLC0415 - only who has a farm has its extra
    except ImportError as error:
        raise FarmError("a farm needs more than is installed here", hint=HINT) from error
    for name in _SILENT:  # we say ourselves what happens
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Client(
            farm.address,
            security=security(farm),
            timeout=CONNECT_S,
            set_as_default=False,
            name="undersong-build",
        )
    except OSError as error:
        raise FarmError(
            f"no farm answers at {farm.address}: {str(error).partition(chr(10))[0]}",
            hint="is its scheduler running, and is its certificate signed by ours?",
        ) from error
