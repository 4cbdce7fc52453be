"""Whether the service, or the proxy before it, can be reached at all."""

import importlib
import socket
import threading
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

REACH_S: Final = 3.0


def why_unreachable(host: str, port: int) -> str | None:
    """Try to connect for REACH_S: in a thread, because looking up a name knows no time-out."""
    found: list[str | None] = []

    def reach() -> None:
        try:
            socket.create_connection((host, port), REACH_S).close()
            found.append(None)
        except OSError as error:
            found.append(error.strerror or str(error))

    thread = threading.Thread(target=reach, daemon=True)
    thread.start()
    thread.join(REACH_S)
    return found[0] if found else f"no answer within {REACH_S:g} s"


def first_hop(proxy: str | None) -> tuple[str, int]:
    """Return host and port to be reached: of the proxy, the system's proxy, or the service."""
    service = urlsplit(importlib.import_module("edge_tts.communicate").WSS_URL)
    host = service.hostname or ""
    secure = service.scheme == "wss"
    if proxy is None and not proxy_bypass(host):
        proxy = getproxies().get("https" if secure else "http")
    place = urlsplit(proxy or "")
    if place.hostname:
        return place.hostname, place.port or 80
    return host, service.port or (443 if secure else 80)
