"""A neural model in its file: loaded when first needed, run on one core, stopped on request.

onnxruntime is the only neural library, and comes with the extra `neural`. Options of the session
are fixed, so that the same model, text and machine give the same sound.
"""

import importlib.util
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from undersong.errors import VoiceError
from undersong.store.digests import digest_once
from undersong.voices.onnx_graph import NoGraphError, exposed

EXTRA: Final = "onnxruntime is not installed: pip install 'undersong[neural]'"
ADDING: Final = "`undersong voices add` brings a voice with all its files"

Array = npt.NDArray[Any]
Run = Callable[[Mapping[str, Array]], dict[str, Array]]


def missing_runtime() -> str | None:
    """Return a sentence when the extra `neural` is not installed, else None."""
    return None if importlib.util.find_spec("onnxruntime") else EXTRA


def missing_file(path: Path) -> str | None:
    """Return a sentence when there is no such file, else None."""
    return None if path.is_file() else f"there is no {path.name} in {path.parent}; {ADDING}"


def fingerprint(*paths: Path) -> str:
    """Return a digest of files; a missing one counts as such."""
    return " ".join(_digest(path) for path in paths)


class Model:
    """One ONNX file. Safe between threads."""

    def __init__(self, path: Path, *, expose: str | None = None) -> None:
        """Read nothing yet; `expose` names an operator whose result is to be returned as well."""
        self._path = path
        self._expose = expose
        self._lock = threading.Lock()
        self._session: Any = None
        self._running: set[Any] = set()

    @property
    def inputs(self) -> Mapping[str, str]:
        """Type of each input by name, such as `tensor(int64)`.

        Raises:
            VoiceError: the file cannot be loaded.
        """
        return {each.name: each.type for each in self._loaded().get_inputs()}

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what it returns.

        Raises:
            VoiceError: the file cannot be loaded.
        """
        return tuple(each.name for each in self._loaded().get_outputs())

    @contextmanager
    def turn(self) -> Iterator[Run]:
        """Hand out a function from inputs to outputs by name; `stop` ends the whole turn.

        Raises:
            VoiceError: the file cannot be loaded, does not fit the input, or was stopped.
        """
        session, until = self._loaded(), _runtime().RunOptions()
        names = self.outputs

        def run(feed: Mapping[str, Array]) -> dict[str, Array]:
            try:
                found = session.run(None, dict(feed), until)
            except _failures() as error:
                why = "was stopped" if until.terminate else f"failed: {_first_line(error)}"
                raise VoiceError(f"{self._path.name} {why}") from error
            return {name: np.asarray(array) for name, array in zip(names, found, strict=True)}

        with self._lock:
            self._running.add(until)
        try:
            yield run
        finally:
            with self._lock:
                self._running.discard(until)

    def stop(self) -> None:
        """End what runs, and forget the model until it is needed again."""
        with self._lock:
            for run in self._running:
                run.terminate = True
            self._session = None

    def _loaded(self) -> Any:  # noqa: ANN401 - a session of a library that has no types
        with self._lock:
            if self._session is None:
                self._session = self._open()
            return self._session

    def _open(self) -> Any:  # noqa: ANN401 - as above
        if why := missing_runtime() or missing_file(self._path):
            raise VoiceError(why)
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # faults come as errors; nothing is to be printed
        failures: tuple[type[Exception], ...] = (NoGraphError, OSError, *_failures())
        try:
            model: bytes | str = str(self._path)
            if self._expose:
                model = exposed(self._path.read_bytes(), self._expose)
            return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except failures as error:
            raise VoiceError(
                f"{self._path.name} cannot be loaded, it may be damaged: {_first_line(error)}",
                hint="remove it and add the voice again",
            ) from error


def _runtime() -> Any:  # noqa: ANN401 - a library that has no types
    import onnxruntime  # noqa: PLC0415 - an extra, and slow

    return onnxruntime


@cache
def _failures() -> tuple[type[Exception], ...]:
    """Return every kind of error that onnxruntime raises: it has no common one."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = [kind for kind in vars(state).values() if isinstance(kind, type)]
    own = (kind for kind in kinds if issubclass(kind, Exception))
    return (*own, ValueError, RuntimeError)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _digest(path: Path) -> str:
    """Return the digest of a file; of hundreds of megabytes, read once for all voices."""
    try:
        return digest_once(path)
    except OSError:
        return f"no {path.name}"
