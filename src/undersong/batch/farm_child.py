"""A scheduler or worker of the farm on this machine, which goes when its keeper goes."""

import os
import signal
import sys
import threading
import time
from importlib import import_module
from typing import Final

_GRACE_S: Final = 5.0


def main() -> None:
    """Run dask's own command of a role; standard input ends when the keeper does."""
    role = sys.argv.pop(1)
    threading.Thread(target=_go_with_keeper, daemon=True).start()
    import_module(f"distributed.cli.dask_{role}").main()


def _go_with_keeper() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
