"""Workers on this machine: processes, so that a track which kills its worker fails alone.

Each worker takes one errand after the other over a pipe and tells of it over the same pipe. It
leaves Ctrl-C to us, stops cleanly at SIGTERM, and goes when we go, however we go.
"""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Self

from msgspec import Struct

from undersong.batch.errand import Errand
from undersong.batch.events import Begun, Event, Failed, Made
from undersong.errors import UndersongError
from undersong.interrupts import interrupt
from undersong.machine import collect_seldom, cores, leave_garbage, pin_threads, track_threads

NEED_MB: Final = 350
"""Memory that a worker may need (docs/bench.md: 210 MB, and room for a picture)."""

PATIENCE_S: Final = 5.0
"""How long a worker has to stop cleanly."""

_ROUND_S: Final = 0.25


def pool_size(wanted: int | None, errands: int) -> int:
    """Return how many workers to have: as many as cores and memory allow, or as asked for."""
    if wanted is not None:
        return max(1, min(wanted, errands))
    return max(1, min(cores(), _free_mb() // NEED_MB, errands))


def _free_mb() -> int:
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free_kb = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(free_kb) // 1024
    return 1 << 20  # other systems do not tell without another library: cores decide


class _Worker(Struct):
    number: int
    process: BaseProcess
    channel: "Connection[Errand | None, Event]"
    errand: Errand | None = None


class Pool:
    """Runs errands on several workers; use as a context, which ends them all."""

    def __init__(self, size: int, logs: Path) -> None:
        """Start nothing yet; `logs` is a folder for what workers say."""
        self._size, self._logs = size, logs
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all workers: cleanly, or after `PATIENCE_S` by force."""
        for worker in self._workers:
            with suppress(OSError):
                worker.channel.send(None)
            if worker.errand is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.channel.close()
        self._workers.clear()

    def run(self, errands: Sequence[Errand]) -> Iterator[Event]:
        """Yield what happens until every errand has ended; each ends in `Made` or `Failed`."""
        waiting = deque(errands)
        self._workers += [self._started(number) for number in range(min(self._size, len(waiting)))]
        for worker in self._workers:
            yield from self._send(worker, waiting)
        while busy := [worker for worker in self._workers if worker.errand is not None]:
            ready = wait([worker.channel for worker in busy], _ROUND_S)
            for worker in busy:
                if worker.channel in ready:
                    yield from self._heard(worker, waiting)

    def _heard(self, worker: _Worker, waiting: deque[Errand]) -> Iterator[Event]:
        errand = worker.errand
        try:
            event = worker.channel.recv()
        except (EOFError, OSError):
            event = self._replaced(worker, errand)
        yield event
        if isinstance(event, Made | Failed):
            worker.errand = None
            yield from self._send(worker, waiting)

    def _send(self, worker: _Worker, waiting: deque[Errand]) -> Iterator[Event]:
        if waiting:
            worker.errand = waiting.popleft()
            worker.channel.send(worker.errand)
            yield Begun(slug=worker.errand.slug, worker=worker.number)

    def _replaced(self, worker: _Worker, errand: Errand | None) -> Failed:
        """Start another process for a worker that has died, and say what died with it."""
        worker.process.join()
        code = worker.process.exitcode or 0
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        fresh = self._started(worker.number)
        worker.channel.close()
        worker.process, worker.channel = fresh.process, fresh.channel
        slug = errand.slug if errand else ""
        return Failed(
            slug=slug,
            message=f"the worker that made it died ({how})",
            hint="SIGKILL often means that memory ran out: try --jobs 1",
            log=str(self._log(slug)),
        )

    def _started(self, number: int) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        pin_threads()  # which the worker inherits
        process = context.Process(
            target=_serve,
            args=(theirs, number, self._logs, track_threads() if self._size == 1 else 1),
            name=f"worker-{number}",
            daemon=True,
        )
        process.start()
        theirs.close()
        return _Worker(number=number, process=process, channel=ours)

    def _log(self, slug: str) -> Path:
        return log_file(self._logs, slug)


def log_file(logs: Path, slug: str) -> Path:
    """Return where a worker writes down what it says while it makes a track."""
    return logs / f"{slug}.log"


def _serve(
    channel: "Connection[Event, Errand | None]", number: int, logs: Path, threads: int
) -> None:
    """Make one track after the other, with so many threads, until there is no more to do."""
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, interrupt)
    threading.Thread(target=_go_with_parent, daemon=True).start()
    with suppress(EOFError, OSError, KeyboardInterrupt):
        from undersong.batch.work import make  # noqa: PLC0415 - all of a render, for workers alone

        while (errand := channel.recv()) is not None:
            log = log_file(logs, errand.slug)
            tell = channel.send
            channel.send(_done(errand, partial(make, errand, number, tell, threads=threads), log))
    leave_garbage()


def _done(errand: Errand, work: Callable[[], Made], log: Path) -> Event:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
        faulthandler.enable(file)
        try:
            return work()
        except UndersongError as error:
            print(error.message, file=file)
            return Failed(
                slug=errand.slug,
                message=error.message,
                hint=error.hint or "",
                exit_code=error.exit_code,
                log=str(log),
            )
        except Exception as error:  # noqa: BLE001 - a bug fails its track, not the build
            traceback.print_exc(file=file)
            message = f"internal error: {type(error).__name__}: {error}"
            return Failed(slug=errand.slug, message=message, log=str(log))


def _go_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
