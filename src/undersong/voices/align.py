"""Word times for takes whose engine does not know them, found by listening."""

from typing import Final

from undersong.voices import ear
from undersong.voices.contract import Mark, RawTake, Request
from undersong.voices.ear import Ear, tokens

ENGINE: Final = "engine"
ALIGNED: Final = "aligned"
PROPORTIONAL: Final = "proportional"
"""Where word times come from: the engine's own marks, listening, or a share by letters."""


class Aligner:
    """Finds when each word of a take is said, where the `listen` extra is here."""

    @property
    def version(self) -> str:
        """Names what listens; "" when nothing here can."""
        return ear.version()

    def marks(self, take: RawTake, request: Request) -> tuple[Mark, ...]:
        """Return one mark per spoken word, or none when the words cannot be found."""
        said = [(k, token) for k, word in enumerate(request.words) for token in tokens(word)]
        if not (said and self.version and ear.understands(request.language)):
            return ()
        places = Ear([request.words]).place(take, [token for _, token in said])
        found: dict[int, Mark] = {}
        for (word, _), (start_s, length_s) in zip(said, places, strict=False):
            first = found.get(word, Mark(word=word, start_s=start_s, length_s=length_s))
            end_s = start_s + length_s
            found[word] = Mark(word=word, start_s=first.start_s, length_s=end_s - first.start_s)
        return tuple(found.values())
