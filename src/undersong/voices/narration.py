"""The nouns of a spoken track: its takes, and how their samples are had again when mixing."""

import threading
from collections import Counter, OrderedDict
from typing import Final

from msgspec import Struct

from undersong.audio import Frames
from undersong.errors import VoiceError
from undersong.files import digest_json
from undersong.manifest import Speaker
from undersong.timeline.model import TakeFacts
from undersong.voices.takes import TakeStore
from undersong.voices.tone import Tone
from undersong.voices.trim import VERSION, cut

SHELF_TAKES: Final = 8
"""How many decoded takes stay in memory, whatever the length of the track."""


class Shelf:
    """Decoded takes, the last few used; safe between threads."""

    def __init__(self, store: TakeStore, keep: int = SHELF_TAKES) -> None:
        """Take raw takes from `store`."""
        self._store = store
        self._keep = keep
        self._cuts: OrderedDict[tuple[str, float, Tone | None], Frames] = OrderedDict()
        self._lock = threading.Lock()

    def frames(self, key: str, gain_db: float, tone: Tone | None = None) -> Frames:
        """Return a take's frames (n, 1), toned, levelled and cut; they cannot be written.

        Raises:
            VoiceError: the take is no longer in the cache.
            OutputError: the cache cannot be read.
        """
        name = (key, gain_db, tone)
        with self._lock:
            if name in self._cuts:
                self._cuts.move_to_end(name)
                return self._cuts[name]
            take = self._store.get(key)
            if take is None:
                raise _gone()
            frames = cut(take, gain_db, tone).frames
            frames.flags.writeable = False
            self._cuts[name] = frames
            if len(self._cuts) > self._keep:
                self._cuts.popitem(last=False)
            return frames


class Take(Struct, frozen=True, kw_only=True):
    """One utterance as it was said. The samples are decoded when asked for, not before.

    Attributes:
        facts: lengths, level and word times, for planning.
        key: names the raw take in the cache.
        gain_db: of its voice, the same for all its takes in the track, and its own correction.
        tone: of its voice, or None.
        timing: where its word times come from: `engine`, `aligned` or `proportional`.
    """

    facts: TakeFacts
    key: str
    gain_db: float
    tone: Tone | None = None
    timing: str = "engine"
    shelf: Shelf

    def frames(self) -> Frames:
        """Return lead, speech and tail, shape (n, 1), read-only.

        Raises:
            VoiceError: the take has left the cache or changed since the track was planned.
            OutputError: the cache cannot be read.
        """
        frames = self.shelf.frames(self.key, self.gain_db, self.tone)
        if len(frames) != self.facts.lead + self.facts.speech + self.facts.tail:
            raise _gone()
        return frames


class Narration(Struct, frozen=True, kw_only=True):
    """All that is said in a track. Not: where anything is.

    Attributes:
        voice: name of the recipe's voice.
        engine: what spoke it, and `engine_version`, its fingerprint; "" when nothing is said.
        draft: whether any of the track's voices was spoken by a draft engine.
        takes: by utterance index.
        notes: what the maker should know: engines passed over and why, takes made again.
        credits: lines to show wherever the track is offered.
        speakers: of every voice in the track, what spoke it.
        locked: how many takes were locked just now.
    """

    voice: str
    engine: str
    engine_version: str
    draft: bool
    takes: tuple[Take, ...]
    notes: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    locked: int = 0

    @property
    def casting(self) -> tuple[str, ...]:
        """A line for each voice that says what speaks it, and one for takes locked just now."""
        lines = [
            f"voice `{each.voice}` is spoken by {each.engine}{' (draft)' if each.draft else ''}"
            for each in self.speakers
        ]
        if self.locked:
            takes = "1 take is" if self.locked == 1 else f"{self.locked} takes are"
            lines.append(f"{takes} now locked in takes.lock beside the recipe")
        return tuple(lines)

    @property
    def fingerprint(self) -> str:
        """Digest of everything that reaches the samples of the narration."""
        made = [
            [take.key, take.gain_db, take.tone.digest if take.tone else ""] for take in self.takes
        ]
        return digest_json([VERSION, made])

    @property
    def timings(self) -> dict[str, int]:
        """How many takes have word times from where, by `Take.timing`."""
        return dict(sorted(Counter(take.timing for take in self.takes).items()))


def _gone() -> VoiceError:
    return VoiceError(
        "a take left the cache, or changed, while the track was being made",
        hint="run again: it will be said again",
    )
