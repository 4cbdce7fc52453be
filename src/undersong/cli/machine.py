"""What is asked of the machine itself: its clock, its network, its sound device."""

import os
import socket
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

REACH_S: Final = 3.0
TOLERANCE: Final = timedelta(days=1)
"""Files come from machines whose clocks differ a little, and from other time zones."""

LAST_YEAR: Final = 2100
HTTPS: Final = 443

ALSA: Final = Path("/proc/asound/cards")
SERVERS: Final = ("pulse/native", "pipewire-0")
"""Sockets of sound servers, in $XDG_RUNTIME_DIR."""


def newest(files: Iterable[Path]) -> datetime:
    """Return when the last changed of some files was changed."""
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)


def wrong_clock(now: datetime, changed: datetime) -> str | None:
    """Say why a clock cannot be right: files that exist are from its future. None when it can."""
    if now < changed - TOLERANCE:
        return f"it says {now:%Y-%m-%d %H:%M}, but files here are of {changed:%Y-%m-%d}: set it"
    if now.year > LAST_YEAR:
        return f"it says {now:%Y}: set it"
    return None


def gate(host: str, proxies: Mapping[str, str]) -> tuple[str, int]:
    """Return what must be reached to get to `host`: itself, or the proxy before it."""
    proxy = urlsplit(proxies.get("https", ""))
    return (proxy.hostname, proxy.port or 80) if proxy.hostname else (host, HTTPS)


def unreachable(host: str, port: int, patience_s: float = REACH_S) -> str | None:
    """Say why a connection cannot be made, or None. A thread tries: looking up has no time-out."""
    found: list[str | None] = []

    def reach() -> None:
        try:
            socket.create_connection((host, port), patience_s).close()
            found.append(None)
        except OSError as error:
            found.append(error.strerror or str(error))

    thread = threading.Thread(target=reach, daemon=True)
    thread.start()
    thread.join(patience_s)
    return found[0] if found else f"no answer within {patience_s:g} s"


def no_sound_device(environment: Mapping[str, str] = os.environ, cards: Path = ALSA) -> str | None:
    """Say why nothing can be heard on this machine, or None; only Linux is looked at."""
    if not sys.platform.startswith("linux"):
        return None
    runtime = Path(environment.get("XDG_RUNTIME_DIR", "/nonexistent"))
    if environment.get("PULSE_SERVER") or any((runtime / name).exists() for name in SERVERS):
        return None
    try:
        listed = cards.read_text(encoding="utf-8", errors="replace")
    except OSError:
        listed = ""
    if listed.strip() and "no soundcards" not in listed:
        return None
    return "no sound card and no sound server: previews can be written, not heard"
