"""Talking to espeak-ng: its process is started when needed, replaced when it dies, and stopped."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from undersong.errors import VoiceError

WORKER: Final = Path(__file__).with_name("espeak_worker.py")

TIMEOUT_S: Final = 30.0
"""A phrase takes some ten milliseconds; whoever takes this long hangs."""

TRIES: Final = 2
"""A request whose process dies is tried once more in a fresh one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One phrase: 16-bit mono PCM, and (position in the text, sample) of each word."""

    pcm: bytes
    rate_hz: int
    marks: tuple[tuple[int, int], ...]


class DiedError(Exception):
    """The process ended, or was ended for hanging, before it answered."""


class Worker:
    """One process. Not safe between threads; `Pool` hands each to one thread at a time."""

    def __init__(self, command: tuple[str, ...], timeout_s: float) -> None:
        """Start the process."""
        self._timeout_s = timeout_s
        self._process = subprocess.Popen(  # noqa: S603 - our own script, no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Have one request answered: a header, and PCM where there is any.

        Raises:
            DiedError: no answer will come.
            VoiceError: the answer is that it cannot be done.
        """
        watchdog = threading.Timer(self._timeout_s, self._process.kill)
        watchdog.start()
        try:
            header, pcm = self._exchange(json.dumps(request).encode() + b"\n")
        except (OSError, ValueError) as error:
            raise DiedError from error
        finally:
            watchdog.cancel()
        if not header["ok"]:
            raise VoiceError(header["error"])
        return header, pcm

    def _exchange(self, line: bytes) -> tuple[dict[str, Any], bytes]:
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._process.stdin.write(line)
        self._process.stdin.flush()
        header = json.loads(self._process.stdout.readline())
        pcm = self._process.stdout.read(header["bytes"])
        if len(pcm) != header["bytes"]:
            raise DiedError
        return header, pcm

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        with suppress(BrokenPipeError), self._process:  # closes the pipes and waits
            pass
        self._process.wait()


class Pool:
    """As many workers as threads ask at once; idle ones are used again."""

    def __init__(
        self,
        command: tuple[str, ...] = (sys.executable, "-I", str(WORKER)),
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Start nothing yet."""
        self._command = command
        self._timeout_s = timeout_s
        self._idle: SimpleQueue[Worker] = SimpleQueue()

    def ask(self, request: dict[str, Any]) -> Said:
        """Have one request said, in a fresh process if need be.

        Raises:
            VoiceError: it cannot be said, or processes keep dying over it.
        """
        header, pcm = self._answer(request)
        marks = tuple((int(place), int(sample)) for place, sample in header["marks"])
        return Said(pcm=pcm, rate_hz=int(header["rate_hz"]), marks=marks)

    def spell(self, texts: Sequence[str], voice: str) -> tuple[str, ...]:
        """Return how a voice of espeak-ng pronounces each text, in IPA without punctuation.

        Raises:
            VoiceError: no such voice, or processes keep dying over it.
        """
        header, _ = self._answer({"spell": list(texts), "voice": voice})
        return tuple(str(ipa) for ipa in header["ipa"])

    def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        for _ in range(TRIES):
            worker = self._hire()
            try:
                found = worker.ask(request)
            except DiedError:
                worker.stop()
                continue
            except VoiceError:
                self._idle.put(worker)
                raise
            except BaseException:  # interrupted: what it still says would answer the next request
                worker.stop()
                raise
            self._idle.put(worker)
            return found
        raise VoiceError(
            "espeak-ng stopped while speaking",
            hint="`undersong doctor` tells whether it works here at all",
        )

    def close(self) -> None:
        """Stop all idle workers; a later request starts new ones."""
        while True:
            try:
                self._idle.get_nowait().stop()
            except Empty:
                return

    def _hire(self) -> Worker:
        try:
            return self._idle.get_nowait()
        except Empty:
            return Worker(self._command, self._timeout_s)
