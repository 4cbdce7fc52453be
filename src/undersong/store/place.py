"""Where the cache is."""

import os
import sys
from pathlib import Path

from undersong.files import at_home


def default_cache() -> Path:
    """Return the cache folder: $UNDERSONG_CACHE, or where this platform keeps caches."""
    if named := os.environ.get("UNDERSONG_CACHE"):
        return at_home(named)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "undersong" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "undersong"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "undersong"
