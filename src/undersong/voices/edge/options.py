"""What a voice file may say about an Edge voice, and which proxy leads to the service."""

import os
import re
from typing import Final

from pydantic import Field

from undersong.voices.contract import EngineOptions, Refused

RATE_PERCENT: Final = (-50, 100)
"""Beyond these the service's voices become hard to follow."""

VOICE_NAME: Final = r"^[a-z]{2,3}-[A-Z][A-Za-z]+(-[A-Za-z]+)*-[A-Za-z0-9]+Neural$"
"""Nothing that could be markup: edge-tts puts the name into its XML as it is. Pydantic's `$` is
the very end; a line break after the name is refused."""

PROXY: Final = r"^https?://[^\s/]+/?$"
PROXY_VARIABLE: Final = "UNDERSONG_PROXY"


class EdgeOptions(EngineOptions):
    """What a voice file may say about an Edge voice."""

    voice: str = Field(
        default="en-US-AvaNeural",
        pattern=VOICE_NAME,
        description="Short name of the voice; `edge-tts --list-voices` knows them all.",
    )
    rate_percent: int = Field(
        default=0,
        ge=RATE_PERCENT[0],
        le=RATE_PERCENT[1],
        description="How much faster than the voice's own speed.",
    )
    pitch_hz: int = Field(
        default=0, ge=-50, le=50, description="How much higher than the voice's own pitch."
    )
    proxy: str | None = Field(
        default=None,
        pattern=PROXY,
        exclude=True,  # the same take comes through any proxy: it is no part of the take's key
        description="HTTP proxy that leads to the service, such as http://proxy.example:3128; "
        f"else ${PROXY_VARIABLE}, else the proxy of the system.",
    )


def chosen_proxy(options: EdgeOptions) -> str | None:
    """Return the proxy of the voice file, or of $UNDERSONG_PROXY, or None for the system's own.

    Raises:
        Refused: the variable holds no address of an HTTP proxy.
    """
    if options.proxy:
        return options.proxy
    named = os.environ.get(PROXY_VARIABLE, "").strip()
    if named and not re.fullmatch(PROXY, named):
        raise Refused(
            f"${PROXY_VARIABLE} is no address of an HTTP proxy, such as http://proxy.example:3128"
        )
    return named or None
