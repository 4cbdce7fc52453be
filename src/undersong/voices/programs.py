"""Running other people's programs: no shell, a time limit, their complaint quoted, none left."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from undersong.errors import VoiceError
from undersong.interrupts import unbroken

QUOTED: Final = 300
"""How many letters of a complaint are repeated."""


class Programs:
    """The programs that an engine has under way. Safe between threads."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, arguments: Sequence[str], timeout_s: float, folder: Path | None = None) -> bytes:
        """Run one program to its end, in `folder`, and return what it printed.

        Raises:
            VoiceError: it cannot be started, fails, takes too long, or was stopped.
        """
        name = Path(arguments[0]).name
        try:
            process = self._started(arguments, folder)
        except (OSError, ValueError) as error:
            raise VoiceError(f"`{name}` cannot be started: {error}") from error
        try:
            printed, complaint = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise VoiceError(f"`{name}` did not finish within {timeout_s:g} s") from error
        finally:
            with self._lock:
                self._running.discard(process)
            _end(process)
        if process.returncode:
            raise VoiceError(f"`{name}` failed ({_code(process.returncode)}){_quoted(complaint)}")
        return printed

    def _started(self, arguments: Sequence[str], folder: Path | None) -> "subprocess.Popen[bytes]":
        """Start a program; `stop` waits until it is known, so that none is missed."""
        with self._lock, unbroken():
            process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
                arguments,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._running.add(process)
        return process

    def stop(self) -> None:
        """End all that run; whoever waits for them gets a VoiceError."""
        with self._lock:
            for process in self._running:
                _kill(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that still runs, close its pipes and wait for it."""
    _kill(process)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it has started: those would hold on to its pipes."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":  # pragma: no cover - the other platform
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _code(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _quoted(complaint: bytes) -> str:
    text = " ".join(complaint.decode("utf-8", "replace").split())
    return f": {text[-QUOTED:]}" if text else ""
