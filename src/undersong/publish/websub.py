"""WebSub: a hub is told that the feed has changed, and tells those who asked."""

import http.client
import ssl
from typing import Final
from urllib.parse import urlencode, urlsplit

from undersong.errors import PublishError

TIMEOUT_S: Final = 20.0
_ACCEPTED: Final = range(200, 300)


def ping(hub: str, feed_url: str) -> None:
    """Tell a hub that a feed has changed (W3C WebSub, section 7; `hub.mode=publish`).

    Raises:
        PublishError: the hub cannot be reached, or does not take it.
    """
    parts = urlsplit(hub)
    body = urlencode({"hub.mode": "publish", "hub.url": feed_url, "hub.topic": feed_url})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection = _connection(parts.scheme, str(parts.hostname), parts.port)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, kind)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise _untold(hub, str(error) or type(error).__name__) from error
    if status not in _ACCEPTED:
        raise _untold(hub, f"status {status}")


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)


def _untold(hub: str, why: str) -> PublishError:
    return PublishError(
        f"the hub {hub} was not told of the new feed: {why}",
        hint="everything is published; apps that ask by themselves find it",
    )
