"""The nouns of a recipe. All times are exact seconds; nothing here knows how long speech takes."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from msgspec import Struct


class Position(Struct, frozen=True, kw_only=True):
    """A place in the recipe file, both 1-based; columns count characters."""

    line: int
    column: int


class Elastic(Struct, frozen=True, kw_only=True):
    """How far an elastic pause may stretch, in seconds: floor <= natural <= cap.

    Without a `length` every elastic pause lasts `natural`; with one, all share what speech and
    explicit times leave, in proportion to `natural`, each within floor and cap.
    """

    floor: Fraction
    natural: Fraction
    cap: Fraction


PauseKind = Literal["comma", "sentence", "paragraph", "section", "pause", "long"]


class Pace(Struct, frozen=True, kw_only=True):
    """A named pause profile: what each kind of elastic pause may last.

    `comma` None keeps clauses together in one utterance (the engine pauses by itself).
    """

    name: str
    comma: Elastic | None
    sentence: Elastic
    paragraph: Elastic
    section: Elastic
    pause: Elastic
    long: Elastic

    def elastic(self, kind: PauseKind) -> Elastic:
        """Return the bounds for one kind of pause."""
        bounds: Elastic | None = getattr(self, kind)
        return bounds if bounds is not None else self.sentence


class Word(Struct, frozen=True, kw_only=True):
    """One written word with its punctuation, and how it wants to be said.

    Attributes:
        text: as written, for captions: `(Qi)[sub:"chee"],` gives `Qi,`.
        position: of its first character in the file.
        sub: say this instead; on the first word of a marked span, "" on the span's others.
        ipa: pronunciation in IPA, in the same way.
        emphasis: `strong`, `moderate`, `reduced` or `none`, where an engine can.
    """

    text: str
    position: Position
    sub: str | None = None
    ipa: str | None = None
    emphasis: str | None = None


class Utterance(Struct, frozen=True, kw_only=True):
    """Words said in one breath: one request to an engine, one take.

    Attributes:
        index: place among all utterances of the script, from 0.
        words: at least one.
        position: of the first word.
        language: BCP 47 tag, of the recipe or of a `[lang:"..."]` mark.
        rate: speed relative to the voice's own, 0.5 to 2.
        voice: name of another voice file than the recipe's, or None.
    """

    index: int
    words: tuple[Word, ...]
    position: Position
    language: str
    rate: float = 1.0
    voice: str | None = None

    @property
    def text(self) -> str:
        """The words as written, joined by single spaces."""
        return " ".join(word.text for word in self.words)


class Heading(Struct, frozen=True, kw_only=True):
    """A chapter begins."""

    title: str
    position: Position


class Pause(Struct, frozen=True, kw_only=True):
    """An explicit pause: sacred, exact to the sample."""

    seconds: Fraction
    position: Position


class ElasticPause(Struct, frozen=True, kw_only=True):
    """A pause that gives and takes within its pace profile, `weight` times as long as others."""

    kind: PauseKind
    position: Position
    weight: Fraction = Fraction(1)


class BreathPhase(Struct, frozen=True, kw_only=True):
    """One phase of a guided breath: lasts exactly `seconds` from its start.

    Attributes:
        name: in, hold, out or rest.
        seconds: exact length; what is said in it starts with it and must fit.
        cycle: from 1.
        utterance: what is said at its start, or None for a silent phase.
    """

    name: Literal["in", "hold", "out", "rest"]
    seconds: Fraction
    cycle: int
    position: Position
    utterance: Utterance | None = None


class SceneChange(Struct, frozen=True, kw_only=True):
    """The bed becomes another one from here, crossfading over `over` seconds; None is no bed."""

    ambience: str | None
    over: Fraction
    position: Position


class BedLevel(Struct, frozen=True, kw_only=True):
    """From here the bed goes to `gain_db`, seen from its usual level, within `over` seconds.

    Every bed after it stands there too, until the script says otherwise.
    """

    gain_db: float
    over: Fraction
    position: Position


class SoundCue(Struct, frozen=True, kw_only=True):
    """A bell or another single sound starts here.

    Attributes:
        sound: name of a cue generator (`bell`) or a sound file of the library.
        hold: how long the script waits before it goes on; None waits until the sound has ended.
        gain_db: change of its usual level.
    """

    sound: str
    hold: Fraction | None
    gain_db: float
    position: Position


Cue = Utterance | Heading | Pause | ElasticPause | BreathPhase | SceneChange | BedLevel | SoundCue
"""What a script is made of, in the order in which it happens."""


class Script(Struct, frozen=True, kw_only=True):
    """The spoken and silent course of a track. Not: any length of speech."""

    cues: tuple[Cue, ...]

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """All utterances in order of their index, those inside breath phases included."""
        said = (cue.utterance if isinstance(cue, BreathPhase) else cue for cue in self.cues)
        return tuple(cue for cue in said if isinstance(cue, Utterance))

    @property
    def sounds(self) -> tuple[str, ...]:
        """Names of all sounds that cues ask for, each once, sorted."""
        return tuple(sorted({cue.sound for cue in self.cues if isinstance(cue, SoundCue)}))


class Fades(Struct, frozen=True, kw_only=True):
    """How the bed comes and goes.

    The bed is alone for `before` seconds, rising over the first `fade_in` of them; after the last
    word it stays for `after` seconds, falling over the last `fade_out` of them.
    """

    fade_in: Fraction
    fade_out: Fraction
    before: Fraction
    after: Fraction


class Recipe(Struct, frozen=True, kw_only=True):
    """One track to be made: a recipe file with its library's defaults and one variant's choices.

    Attributes:
        path: file as given, for messages.
        slug: stable name of the track: file name, plus the variant's choices.
        voice: name of a voice file; `ambience` of a bed file, or None for no bed.
        length: exact length of the track, or None for what comes naturally.
        difference_lu: how far the voice stands above the bed while speaking.
        pause_difference_lu: how far the voice's level stands above the bed in pauses.
        duck: the whole bed steps back, or the band of words more than the rest.
        loudness: name of a delivery profile.
        anchor: what has its loudness: the whole programme, or the speech in it.
        formats: of mp3, flac, wav, opus, in order, each once.
        artwork: cover picture, path resolved from the file that names it.
        about: free facts such as time, region, kind.
        seed: of everything random in the track.
        lines: positions of front matter keys, for later messages (`lines["length"]`).
    """

    path: str
    slug: str
    title: str
    author: str
    album: str
    language: str
    voice: str
    ambience: str | None
    length: Fraction | None
    pace: Pace
    difference_lu: float
    pause_difference_lu: float
    duck: Literal["whole", "clear"] = "whole"
    fades: Fades
    loudness: str
    anchor: Literal["programme", "speech"]
    formats: tuple[str, ...]
    style: Literal["directive", "receptive"]
    about: Mapping[str, str]
    artwork: str | None
    seed: int
    variant: Mapping[str, str]
    script: Script
    lines: Mapping[str, Position]

    @property
    def beds(self) -> tuple[str, ...]:
        """Names of all beds in order of first use."""
        changes = [cue.ambience for cue in self.script.cues if isinstance(cue, SceneChange)]
        return tuple(dict.fromkeys(bed for bed in (self.ambience, *changes) if bed))
