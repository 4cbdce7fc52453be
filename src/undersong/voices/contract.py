"""The contract between Undersong and a voice engine.

An engine registers under the entry-point group `undersong.voices`, ours as strangers' do. It
says one request at a time; caching, trimming, levelling and retrying are not its business.
`undersong.testing.check_engine` proves that an engine keeps this contract.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from undersong.errors import VoiceError


class Refused(VoiceError):  # noqa: N818 - what the engine answered, in one word
    """This request can never be said as it is: asking again will not help."""


class Transient(VoiceError):  # noqa: N818 - as above
    """It did not work this time, however often it was tried: later it may."""


class Blocked(VoiceError):  # noqa: N818 - as above
    """Nothing can be said until somebody does what the message says: no use in asking on."""


class EngineOptions(BaseModel):
    """Base of every engine's options: what a voice file may say about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SpokenWord(Struct, frozen=True, kw_only=True):
    """What to say for one written word, in words that any engine can read.

    Attributes:
        text: letters, apostrophes and closing punctuation: no digits, symbols or markup. Several
            words for one (`20` is `twenty`, `4-7-8` is `four, seven, eight`), or "" for a word
            that another one's substitute already says.
        ipa: pronunciation in IPA, for engines that can take it.
    """

    text: str
    ipa: str | None = None


class Request(Struct, frozen=True, kw_only=True):
    """One utterance to be said.

    Attributes:
        words: one per written word of the utterance.
        written: the utterance as written, which finds takes made by a person.
        language: BCP 47 tag.
        rate: speed relative to the voice's own setting, 0.5 to 2.
    """

    words: tuple[SpokenWord, ...]
    written: str
    language: str
    rate: float = 1.0

    @property
    def text(self) -> str:
        """The spoken words joined by single spaces."""
        return " ".join(word.text for word in self.words if word.text)


class Mark(Struct, frozen=True, kw_only=True):
    """When word `word` (index into `Request.words`) is said, seconds from the take's start."""

    word: int
    start_s: float
    length_s: float


class RawTake(Struct, frozen=True, kw_only=True):
    """What an engine returns: encoded audio as it came, and what it knows of word times.

    Attributes:
        audio: bytes of a file that soundfile reads (WAV, FLAC, MP3), any rate, mono or stereo.
        marks: in order of time; empty when the engine does not know.
        room: it may hold a noise floor of its own, such as a person's room, which is no speech.
    """

    audio: bytes
    marks: tuple[Mark, ...] = ()
    room: bool = True


class Engine(Protocol):
    """A voice engine. Instances are made with their options and the library's folder.

    Class attributes:
        name: as in voice files.
        draft: good enough for hearing a mix, not for publishing.
        online: needs the network to speak.
        parallel: how many requests it serves at once from threads of one process; where it is
            `online`, from all processes of this machine that share a cache.
        repeatable: the same request always gives the same bytes.
        Options: schema of what a voice file may set.

    An engine may also have `terms: ClassVar[str]`: what may be done with what it says, shown for
    voices whose file does not tell. One that looks at `Request.written` must be repeatable and
    have `reads_written: ClassVar[bool] = True`, or it is not asked again when only that changes.
    """

    name: ClassVar[str]
    draft: ClassVar[bool]
    online: ClassVar[bool]
    parallel: ClassVar[int]
    repeatable: ClassVar[bool]
    Options: ClassVar[type[EngineOptions]]

    def __init__(self, options: EngineOptions, library: Path) -> None:
        """Prepare cheaply: no process, no network, no model before the first request."""
        ...

    @property
    def fingerprint(self) -> str:
        """All that changes its sound besides options and request: versions, digests of models.

        Files of single phrases (`Piecewise`) have no part in it.

        Must be had without speaking and without the network; it is part of every take's key.
        """
        ...

    def check(self) -> str | None:
        """Say in one sentence why the engine cannot run here, or None when it can."""
        ...

    def say(self, request: Request) -> RawTake:
        """Say one request.

        Raises:
            VoiceError: with a sentence that names the cause; Refused, Transient or Blocked where
                the engine knows which it is.
        """
        ...

    def close(self) -> None:
        """Let go of processes and connections. Safe to call twice.

        It may be called from another thread while a request is under way; that request then ends
        soon, with a `VoiceError`.
        """
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """An engine that can tell, before it speaks, which requests of a track it cannot say.

    Such an engine spares its maker from learning of ten missing takes one by one.
    """

    def unsayable(self, requests: Sequence[Request]) -> Mapping[int, str]:
        """Return, by index into `requests`, a sentence for each that cannot be said."""
        ...


@runtime_checkable
class Requiring(Protocol):
    """An engine that can tell, without any options, that it could not run here whatever they were.

    Such an engine is one whose options have no defaults: a voice file must name its model.
    """

    @staticmethod
    def missing() -> str | None:
        """Say in one sentence what is not installed, or return None."""
        ...


@runtime_checkable
class Sourced(Protocol):
    """An engine that speaks from files: a change of one of them is a change of its sound."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """Files and folders whose content is in the fingerprint, whether or not they are there."""
        ...


@runtime_checkable
class Piecewise(Protocol):
    """An engine with files of their own for single phrases: a change of one changes that phrase."""

    def files_of(self, written: str) -> tuple[Path, ...]:
        """Return the files that a phrase, as written, is said from, whether or not they are there.

        Their content is part of its take's key. It may be asked of an engine that was closed.

        Raises:
            VoiceError: they cannot be looked for.
        """
        ...
