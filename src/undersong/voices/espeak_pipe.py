"""Talking to espeak-ng: a few processes, started when needed, replaced when they die, stopped."""

import json
import subprocess
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct

from undersong.errors import VoiceError

TRIES: Final = 2
"""A request whose process dies is tried once more, in a fresh one."""


class Answer(Struct, frozen=True, kw_only=True):
    """What a worker answered: its header, and the bytes that came with it."""

    header: Mapping[str, Any]
    payload: bytes


class DiedError(Exception):
    """The process ended, or was ended for hanging, before it answered."""

    def __init__(self, message: str, *, hung: bool) -> None:
        """Say how it ended."""
        super().__init__(message)
        self.hung = hung


class Worker:
    """One process. Not safe between threads; `Pool` hands each to one thread at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the process.

        Raises:
            OSError: it cannot be started.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own script, no shell
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> Answer:
        """Have one request served.

        Raises:
            DiedError: no answer will come; the worker is of no more use.
        """
        hung = threading.Event()

        def end() -> None:
            hung.set()
            self._process.kill()

        watchdog = threading.Timer(timeout_s, end)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._exchange(json.dumps(request).encode() + b"\n")
        except (EOFError, KeyError, OSError, ValueError) as error:
            raise DiedError(self._ending(), hung=hung.is_set()) from error
        finally:
            watchdog.cancel()

    def _exchange(self, line: bytes) -> Answer:
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._process.stdin.write(line)
        self._process.stdin.flush()
        header = json.loads(self._process.stdout.readline())
        payload = self._process.stdout.read(header["bytes"])
        if len(payload) != header["bytes"]:
            raise EOFError
        return Answer(header=header, payload=payload)

    def _ending(self) -> str:
        self._process.kill()
        return f"its process ended with status {self._process.wait()}"

    def kill(self) -> None:
        """End the process from another thread; whoever is asking it gets a DiedError."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, wait for it and close the pipes."""
        self._process.kill()
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        with suppress(OSError):  # what was left in the pipe has nobody to go to
            self._process.stdin.close()
        with self._process:  # closes the other pipe and waits
            pass


class Pool:
    """At most `size` workers, started when threads ask for them and used again."""

    def __init__(self, command: Callable[[], Sequence[str]], size: int) -> None:
        """Start nothing yet; `command` gives the command line of a worker."""
        self._command = command
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closings = 0
        self._last = weakref.finalize(self, _stop_all, self._idle)

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> Answer:
        """Have one request served, in a fresh process if the first one dies over it.

        Raises:
            VoiceError: processes cannot start, keep dying, hang, or the pool was closed meanwhile.
        """
        with self._places:
            closings = self._closings
            for left in reversed(range(TRIES)):
                try:
                    return self._ask_one(request, timeout_s)
                except DiedError as error:
                    self._explain(error, timeout_s, closed=closings != self._closings, left=left)
        raise AssertionError  # the last try returns or raises

    def close(self) -> None:
        """End all processes, busy ones too; a later request starts new ones."""
        with self._lock:
            self._closings += 1
            idle, self._idle[:] = list(self._idle), []
            for worker in self._busy:
                worker.kill()
        _stop_all(idle)

    def _ask_one(self, request: Mapping[str, Any], timeout_s: float) -> Answer:
        worker = self._hire()
        answer = None
        try:
            answer = worker.ask(request, timeout_s)
        finally:
            with self._lock:
                self._busy.discard(worker)
                if answer is not None:
                    self._idle.append(worker)
            if answer is None:
                worker.stop()
        return answer

    def _hire(self) -> Worker:
        with self._lock:
            try:
                worker = self._idle.pop() if self._idle else Worker(self._command())
            except OSError as error:
                msg = f"espeak-ng cannot be started: {error.strerror or error}"
                raise VoiceError(msg) from error
            self._busy.add(worker)
        return worker

    def _explain(self, error: DiedError, timeout_s: float, *, closed: bool, left: int) -> None:
        """Raise a VoiceError unless the request deserves another try."""
        if closed:
            raise VoiceError("espeak-ng was stopped while it spoke") from error
        if error.hung:
            raise VoiceError(f"espeak-ng gave no answer within {timeout_s:.3g} s") from error
        if not left:
            raise VoiceError(
                f"espeak-ng crashed {TRIES} times over one phrase: {error}",
                hint="`undersong doctor` tells whether it works here at all",
            ) from error


def _stop_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().stop()
