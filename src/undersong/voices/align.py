"""Word times for takes whose engine does not know them, found by listening."""

from typing import Final

from undersong.voices.contract import Mark, RawTake, Request

ENGINE: Final = "engine"
ALIGNED: Final = "aligned"
PROPORTIONAL: Final = "proportional"
"""Where word times come from: the engine's own marks, listening, or a share by letters."""


class Aligner:
    """Finds when each word of a take is said."""

    @property
    def version(self) -> str:
        """Names what listens; "" when nothing here can."""
        return ""

    def marks(self, take: RawTake, request: Request) -> tuple[Mark, ...]:
        """Return one mark per spoken word, or none when the words cannot be found."""
        del take, request
        return ()

    def close(self) -> None:
        """Let go of the listener."""
