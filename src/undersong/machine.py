"""What this process asks of the machine: one thread per numeric library, and freed memory kept."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Settings of numeric libraries that would each take all cores for themselves."""

TRACK_THREADS: Final = 2
"""Threads that work on one track: more cores than two are for more tracks."""

_COLLECTED: Final = 200_000
"""New objects between two looks for garbage: as many as stay when a command has been imported."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt, from malloc.h
_KEPT_BYTES: Final = 32 << 20
"""glibc's own limit of what its threshold grows to; blocks of sound are a tenth of it."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def track_threads() -> int:
    """Return how many threads work on a track when it is made alone."""
    return min(TRACK_THREADS, cores())


@contextmanager
def on_core(number: int, of: int) -> Iterator[None]:
    """Keep a program that is started in this block on core `number` of `of`, if that is all cores.

    Programs that are fed through pipes are drawn to one core by the scheduler while the other has
    a rest: two encoders took 6 % longer than on a core each, at worst 40 %. With cores to spare
    the scheduler does better than we, as it knows which of them are one.
    """
    if sys.platform != "linux" or cores() != of:
        yield
        return
    allowed = os.sched_getaffinity(0)
    with suppress(OSError):  # where a sandbox forbids it
        os.sched_setaffinity(0, {sorted(allowed)[number]})  # of this thread, and of what it starts
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)


@contextmanager
def unhurried() -> Iterator[None]:
    """Let a program that is started in this block have its turns in longer stretches.

    An encoder is a row of threads that wake one another for every frame. As batch work, in the
    scheduler's words, they change places a quarter as often, for a fiftieth less time in all.
    """
    if sys.platform != "linux":
        yield
        return
    usual = os.sched_getscheduler(0) == os.SCHED_OTHER
    if usual:
        _schedule(os.SCHED_BATCH)
    try:
        yield
    finally:
        if usual:
            _schedule(os.SCHED_OTHER)


def _schedule(policy: int) -> None:
    with suppress(OSError):  # where a sandbox forbids it
        os.sched_setscheduler(0, policy, os.sched_param(0))


def pin_threads() -> None:
    """Let numeric libraries that are loaded from now on work in the thread that calls them.

    Theirs start with the library and spin: they cost time even when nobody calls. What the
    environment asks for stays.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")


def without_plugins() -> None:
    """Have pydantic ask no other package for plug-ins; every installed one is looked at for that.

    What the environment asks for stays.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def collect_seldom() -> None:
    """Look for garbage less often: most of what a command makes is there to stay."""
    gc.set_threshold(_COLLECTED)


def forget_last() -> None:
    """Free what the work just done has left in cycles, as sources of sound do: 10 MB a track.

    Whoever works for long calls it between two pieces of work. What is there at the first call is
    there to stay, and never looked at again; so later calls take some milliseconds.
    """
    if gc.get_freeze_count():
        gc.collect()
    else:
        gc.freeze()


def leave_garbage() -> None:
    """Spare the process that is about to end a last look for garbage: the system takes it all.

    Looking twice at everything that was imported would take longer than a tenth of a short command.
    """
    gc.freeze()


def keep_freed_memory() -> None:
    """Have the memory of a block of sound reused by the next, not given back and fetched anew.

    Each time the system hands out memory it clears it, a page at a time; for sound in blocks
    that was a tenth of all time spent. Only glibc is told; elsewhere nothing happens.
    """
    import ctypes  # noqa: PLC0415 - not for `--help`

    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            settle = ctypes.CDLL(None).mallopt
            settle(_MMAP_THRESHOLD, _KEPT_BYTES)
            settle(_TRIM_THRESHOLD, _KEPT_BYTES)
