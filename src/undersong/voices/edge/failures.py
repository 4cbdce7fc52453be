"""What each way of failing means, and what a maker can do about it."""

from collections.abc import Callable
from typing import Final

import aiohttp
from edge_tts import __version__ as edge_tts_version
from edge_tts.drm import DRM
from edge_tts.exceptions import EdgeTTSException, NoAudioReceived, SkewAdjustmentError

from undersong.errors import VoiceError
from undersong.voices.contract import Blocked, Refused, Transient

EXPECTED: Final = (
    EdgeTTSException,
    aiohttp.ClientError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)
"""All that edge-tts has been seen to raise; the last four when an answer is no answer of its."""

CLOCK_OFF_S: Final = 300.0
"""The service's keys are good for five minutes."""

UPGRADE: Final = f"upgrade edge-tts (`pip install --upgrade edge-tts`; this is {edge_tts_version})"
ADDRESS: Final = (
    "if it blocks your address, as it does with some VPNs and rented servers, leave the VPN or name"
    " a proxy (`proxy:` in the voice file, or $UNDERSONG_PROXY)"
)


class NoSound(Transient):
    """The service ended its turn and sent nothing: a withdrawn voice, or a bad moment."""


class Withdrawn(Blocked):
    """The service no longer has this one voice; others may speak."""


def failure(error: Exception) -> VoiceError:
    """Return the typed failure that an exception of EXPECTED amounts to."""
    made: VoiceError = next(make(error) for kind, make in _ROWS if isinstance(error, kind))
    return made


def _refused_by_gate(_: Exception) -> VoiceError:
    off_s = abs(DRM.clock_skew_seconds)
    clock = f"set this computer's clock, which is {off_s / 60:.0f} minutes off"
    cures = [clock, UPGRADE] if off_s > CLOCK_OFF_S else [UPGRADE, "set this computer's clock"]
    return Blocked(f"the Edge service refuses us (403): {'; '.join((*cures, ADDRESS))}")


def _no_date(_: Exception) -> VoiceError:
    return Blocked(
        "the Edge service refuses us (403) and does not tell the time: "
        f"set this computer's clock; {UPGRADE}; {ADDRESS}"
    )


def _gone(error: Exception) -> VoiceError:
    return Blocked(
        f"the Edge service is not where it was ({_status(error)}): {UPGRADE}; if this network wants"
        f" you to log in on a page first, do; {ADDRESS}"
    )


def _busy(error: Exception) -> VoiceError:
    return Transient(
        f"the Edge service answers {_status(error)}: it is busy or down; try again in some minutes"
    )


def _refused(error: Exception) -> VoiceError:
    return Refused(f"the Edge service refuses this request ({_status(error)})")


def _proxy_answered(error: Exception) -> VoiceError:
    return Blocked(
        f"the proxy does not let us through to the Edge service ({_status(error)}): "
        "check its address, name and password (`proxy:` in the voice file, $UNDERSONG_PROXY, or "
        "the proxy of the system)"
    )


_BY_STATUS: Final[dict[int, Callable[[Exception], VoiceError]]] = {
    400: _refused,
    403: _refused_by_gate,
    407: _proxy_answered,
    408: _busy,
    413: _refused,
    414: _refused,
    422: _refused,
    425: _busy,
    429: _busy,
}
"""Beyond these, 5xx is a busy service, and all else is something in its place."""


def _answered(error: Exception) -> VoiceError:
    status = _status(error)
    server_fault = 500
    return _BY_STATUS.get(status, _busy if status >= server_fault else _gone)(error)


def _status(error: Exception) -> int:
    return error.status if isinstance(error, aiohttp.ClientResponseError) else 0


def _proxy_away(_: Exception) -> VoiceError:
    return Transient(
        "the proxy before the Edge service cannot be reached: check its address "
        "(`proxy:` in the voice file, $UNDERSONG_PROXY, or the proxy of the system)"
    )


def _certificate(_: Exception) -> VoiceError:
    return Blocked(
        "the Edge service's certificate is not to be trusted here: set this computer's clock; if "
        "this network looks into encrypted connections, use another one"
    )


def _no_name(_: Exception) -> VoiceError:
    return Transient("the Edge service's name cannot be looked up: is there a network?")


def _no_sound(_: Exception) -> VoiceError:
    return NoSound("the Edge service sent no sound")


def _broken(error: Exception) -> VoiceError:
    return Transient(f"the connection to the Edge service failed: {_words(error)}")


def _strange(error: Exception) -> VoiceError:
    return Transient(
        f"the Edge service answered what edge-tts does not understand ({_words(error)}); "
        f"if that goes on, {UPGRADE}"
    )


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).split("\n")[0][:200]


_ROWS: Final[tuple[tuple[type[Exception], Callable[[Exception], VoiceError]], ...]] = (
    (SkewAdjustmentError, _no_date),
    (NoAudioReceived, _no_sound),
    (EdgeTTSException, _strange),
    (aiohttp.ClientHttpProxyError, _proxy_answered),
    (aiohttp.ClientResponseError, _answered),
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (aiohttp.ClientProxyConnectionError, _proxy_away),
    (aiohttp.ClientConnectorDNSError, _no_name),
    (aiohttp.ClientError, _broken),
    (OSError, _broken),
    (Exception, _strange),
)
"""The first row that fits an exception says what it amounts to."""
