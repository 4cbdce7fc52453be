"""One build at a time in a folder of tracks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from undersong.batch.state import FOLDER
from undersong.files import unwritable
from undersong.lock import StoppedError, locked


@contextmanager
def alone(out: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the folder of tracks: one build at a time; `waiting` is called before a wait.

    Raises:
        OutputError: the folder cannot be written.
    """
    path = out / FOLDER / "build.lock"
    try:
        try:
            with locked(path, _AtOnce()):
                pass
        except StoppedError:
            waiting()
        with locked(path):
            yield
    except OSError as error:
        raise unwritable(path, error) from error


class _AtOnce:
    def is_set(self) -> bool:
        return True
