"""The nouns of one conversation with the Edge service."""

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """How long the service may take, and how often it is asked.

    The defaults leave room for the slowest answers that makers report; all are seconds but one.

    Attributes:
        first_s: from the call to the first sound or mark, connecting included.
        gap_s: between two messages.
        turn_s: for a whole turn, and
        letter_s: as much more per letter: edge-tts itself waits for ever.
        close_s: for saying goodbye; a service that has stalled does not answer it.
        tries: how often a phrase is asked for in all, at least 1.
        pause_s: before the second try; it doubles with each further one, up to
        longest_pause_s: and each is longer by up to `pause_s` at random.
        total_s: for all tries and pauses of a phrase, and twice `letter_s` more per letter.
    """

    first_s: float = 15.0
    gap_s: float = 10.0
    turn_s: float = 30.0
    letter_s: float = 0.3
    close_s: float = 1.0
    tries: int = 4
    pause_s: float = 0.5
    longest_pause_s: float = 8.0
    total_s: float = 90.0

    def turn_limit_s(self, text: str) -> float:
        """Return how long one turn that says `text` may last."""
        return self.turn_s + self.letter_s * len(text)

    def total_limit_s(self, text: str) -> float:
        """Return how long all tries at `text` may last together."""
        return self.total_s + 2 * self.letter_s * len(text)


class Wish(Struct, frozen=True, kw_only=True):
    """One request as the service understands it.

    Attributes:
        text: at most `split.PIECE_BYTES` when escaped.
        proxy: address of an HTTP proxy, or None for what the system says.
    """

    text: str
    voice: str
    rate_percent: int
    pitch_hz: int
    proxy: str | None

    @property
    def speed(self) -> float:
        """How many times faster than the voice's own speed."""
        return 1 + self.rate_percent / 100


class Named(Struct, frozen=True, kw_only=True):
    """A word as the service names it, in seconds from the start of its take."""

    text: str
    start_s: float
    length_s: float


class Turn(Struct, frozen=True, kw_only=True):
    """What came of one request. Not yet: a take, for nothing is proven.

    Attributes:
        audio: MP3 as it came.
        named: in the order in which they came.
        confirmed: bytes of audio that had come when the service ended its turn; 0 if it never did.
    """

    audio: bytes
    named: tuple[Named, ...]
    confirmed: int
