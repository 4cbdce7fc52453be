"""The way to the compiled kernels, for those who can also do without them."""

from functools import lru_cache
from threading import Thread
from types import ModuleType


@lru_cache(1)
def kernels() -> ModuleType | None:
    """Return `undersong.dsp.kernels`, compiled; None where numba does not work.

    The first call on a machine takes some seconds, the first of a process a fifth of one.
    """
    try:
        from undersong.dsp import kernels as found  # noqa: PLC0415 - when something is measured
    except (ImportError, OSError):
        return None
    return found


def compile_ahead() -> None:
    """Have the kernels compiled beside whatever comes first; who needs them early will wait."""
    Thread(target=kernels, name="compiling", daemon=True).start()
