"""Where espeak-ng lies, how its process is started, and what it calls languages."""

import importlib.util
import sys
from pathlib import Path
from typing import Final

from undersong.errors import VoiceError

LOADER: Final = "espeakng_loader"
WORKER: Final = Path(__file__).with_name("espeak_worker.py")
LIBRARIES: Final = ("libespeak-ng.so", "libespeak-ng.dylib", "espeak-ng.dll")

NAMES: Final = {
    "en": "en-us",
    "en-gb": "en",
    "en-au": "en",
    "en-ie": "en",
    "en-nz": "en",
    "es-ar": "es-419",
    "es-co": "es-419",
    "es-mx": "es-419",
    "es-us": "es-419",
    "he": "he",
    "iw": "he",
    "no": "nb",
    "nn": "nb",
    "tl": "fil",
    "zh": "cmn",
    "zh-hk": "yue",
}
"""Languages that espeak-ng knows by another name than BCP 47 does."""


def command() -> tuple[str, ...]:
    """Return the command line of a worker.

    Raises:
        VoiceError: as for `folder`.
    """
    return (sys.executable, "-I", str(WORKER), str(folder()))


def folder() -> Path:
    """Return where library and data lie, without importing the package that brought them.

    Raises:
        VoiceError: it is not installed, or has nothing for this platform.
    """
    found = importlib.util.find_spec(LOADER)
    if found is None or found.origin is None:
        raise VoiceError(
            "the package espeakng-loader is not installed",
            hint="pip install espeakng-loader",
        )
    home = Path(found.origin).parent
    if not any((home / name).is_file() for name in LIBRARIES):
        raise VoiceError(f"espeakng-loader has no library for this platform ({sys.platform})")
    if not (home / "espeak-ng-data" / "phontab").is_file():
        raise VoiceError("the data of espeakng-loader is missing; install it again")
    return home
