"""The nouns of a timeline: integers at `units.SAMPLE_RATE`, spans half-open.

A timeline is not sound: it is compared with `==`, printed as a table and kept as golden JSON.
"""

from typing import Any, Final

from msgspec import Struct

from undersong.files import plain
from undersong.recipes.model import Position
from undersong.units import Lufs, Samples

STEMS: Final = ("voice", "bed", "bed-ducked", "cues")
"""The buses of a mix, each of which can be had alone; `bed` is the one before the duck."""


class WordTime(Struct, frozen=True, kw_only=True):
    """When one written word of an utterance is said: samples from the speech onset."""

    start: Samples
    length: Samples


class TakeFacts(Struct, frozen=True, kw_only=True):
    """All that planning may know of a take: lengths and level, never samples.

    A take is `lead + speech + tail` frames long; speech starts after `lead` (breath, run-in) and
    the release rings on through `tail`. Pauses are measured from speech edge to speech edge.

    Attributes:
        level_lufs: loudness of the speech, while it sounds, as it will be mixed.
        words: one per written word of the utterance, in order.
    """

    lead: Samples
    speech: Samples
    tail: Samples
    level_lufs: Lufs
    words: tuple[WordTime, ...]


class Phrase(Struct, frozen=True, kw_only=True):
    """A placed take: speech fills [start, end); the take's first frame lies at start - lead."""

    utterance: int
    text: str
    start: Samples
    end: Samples
    lead: Samples
    tail: Samples
    level_lufs: Lufs
    position: Position


class Gap(Struct, frozen=True, kw_only=True):
    """A placed pause: nobody speaks in [start, end).

    Attributes:
        kind: `explicit`, an elastic kind, `breath in/hold/out/rest`, `cue`, `before`, `after`, or
            `join` between utterances that nothing parts.
        elastic: whether its length was ours to choose.
    """

    kind: str
    start: Samples
    end: Samples
    elastic: bool
    position: Position | None


class Scene(Struct, frozen=True, kw_only=True):
    """A bed sounding over [start, end), rising over `fade_in` and falling over `fade_out` samples.

    Where two scenes overlap they crossfade at equal power; any other rise or fall, as the track's
    own at both ends, is a raised cosine.
    """

    ambience: str
    start: Samples
    end: Samples
    fade_in: Samples
    fade_out: Samples


class LevelMove(Struct, frozen=True, kw_only=True):
    """Over [start, end) all beds go from where they stand to `gain_db`, and stay there."""

    start: Samples
    end: Samples
    gain_db: float


class PlacedCue(Struct, frozen=True, kw_only=True):
    """A bell or other single sound that starts at `start` and lasts `length` samples."""

    sound: str
    start: Samples
    length: Samples
    gain_db: float


class Chapter(Struct, frozen=True, kw_only=True):
    """A chapter over [start, end); the first starts at 0, the last ends with the track."""

    title: str
    start: Samples
    end: Samples


class CaptionWord(Struct, frozen=True, kw_only=True):
    """A written word and the span in which it is said."""

    text: str
    start: Samples
    end: Samples


class Caption(Struct, frozen=True, kw_only=True):
    """Words shown together over [start, end). Captions never overlap."""

    start: Samples
    end: Samples
    words: tuple[CaptionWord, ...]

    @property
    def text(self) -> str:
        """The words joined by spaces."""
        return " ".join(word.text for word in self.words)


class Lengths(Struct, frozen=True, kw_only=True):
    """What a track may last: elastic pauses at their floors, as they come, at their caps."""

    shortest: Samples
    natural: Samples
    longest: Samples


class Timeline(Struct, frozen=True, kw_only=True):
    """Where everything is in a track of `length` samples, and the seed of all its randomness.

    All are in order of start; moves in `levels` never overlap. Phrases and gaps together tile
    [0, length). A scene starts within its predecessor's fall, or after it where the script asked
    for a time without a bed.
    """

    length: Samples
    seed: int
    phrases: tuple[Phrase, ...]
    gaps: tuple[Gap, ...]
    scenes: tuple[Scene, ...]
    cues: tuple[PlacedCue, ...]
    chapters: tuple[Chapter, ...]
    captions: tuple[Caption, ...]
    levels: tuple[LevelMove, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values, ready for `json.dumps` and for golden files."""
        return plain(self)

    def as_heard(self) -> dict[str, Any]:
        """Return what can be heard or read of a track: its plain values without places in a file.

        Two recipes that differ by comments and empty lines are equal here, so digests are made
        of it.
        """
        found = self.as_json()
        for part in (*found["phrases"], *found["gaps"]):
            del part["position"]
        return found
