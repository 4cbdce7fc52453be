"""A recording played as it was made, from its beginning to its end, and then again."""

from typing import Final

from undersong.ambience.recorded.join import fade_gains
from undersong.ambience.recorded.reader import Reader
from undersong.audio import Frames, room
from undersong.units import SAMPLE_RATE

FADE: Final = 4 * int(SAMPLE_RATE)
"""Its end passes into its beginning over so long: waves and gusts are as long."""


class Through:
    """The sound of a whole recording, over and over, its end crossfaded into its beginning."""

    channels = 2

    def __init__(self, reader: Reader, length: int) -> None:
        """Take a recording of `length` samples, more than two fades."""
        self._reader, self._fade = reader, min(FADE, length // 3)
        self._round = length - self._fade
        self._join: Frames | None = None

    def read(self, start: int, n: int) -> Frames:
        """Return samples [start, start + n); silence before 0."""
        if 0 <= start <= self._round - n:
            return self._reader.read(start, n)
        out = room(start, n, 2)
        position = max(start, 0)
        while position < start + n:
            rounds, at = divmod(position, self._round)
            joining = rounds > 0 and at < self._fade
            count = min((self._fade if joining else self._round) - at, start + n - position)
            heard = self._joined()[at : at + count] if joining else self._reader.read(at, count)
            out[position - start : position - start + count] = heard
            position += count
        return out

    def _joined(self) -> Frames:
        """Return the end of the recording passing into its beginning."""
        if self._join is None:
            end = self._reader.read(self._round, self._fade)
            beginning = self._reader.read(0, self._fade)
            falling, rising = fade_gains(end, beginning)
            self._join = end * falling + beginning * rising
        return self._join
