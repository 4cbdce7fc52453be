"""What is known of a take without decoding it again, kept beside it in the cache."""

from typing import Any, Final

from msgspec import Struct

from undersong.errors import VoiceError
from undersong.files import digest_json, plain
from undersong.store.program import code_digest
from undersong.timeline.model import TakeFacts, WordTime
from undersong.units import Lufs, Samples
from undersong.voices.align import ALIGNED, ENGINE, PROPORTIONAL, Aligner
from undersong.voices.contract import RawTake, Request
from undersong.voices.level import Survey
from undersong.voices.takes import TakeStore
from undersong.voices.tone import Tone
from undersong.voices.trim import cut

CODE: Final = ("audio", "dsp", "manifest", "soundbytes", "timeline.model", "units", "voices")
"""Modules that reach these numbers."""


class Measured(Struct, frozen=True, kw_only=True):
    """The survey of a take, and its facts at one gain.

    Attributes:
        timing: where its word times come from, and `aligner`, what might have found them.
    """

    survey: Survey
    gain_db: float
    facts: TakeFacts
    timing: str
    aligner: str


def recall(store: TakeStore, key: str, tone: Tone | None = None) -> Measured | None:
    """Return what was measured with this tone by the code as it is, or None."""
    kept = store.measured(_name(key, tone))
    if kept is None:
        return None
    return Measured(
        survey=Survey(mean=kept["survey"]["mean"], sounding=kept["survey"]["sounding"]),
        gain_db=kept["gain_db"],
        facts=_facts(kept["facts"]),
        timing=kept["timing"],
        aligner=kept["aligner"],
    )


class Finish(Struct, frozen=True, kw_only=True):
    """What a raw take goes through before it is mixed.

    Attributes:
        exact: its engine's marks are in time with the take, as those of a local engine are.
    """

    gain_db: float
    tone: Tone | None = None
    exact: bool = False


def measure_take(  # noqa: PLR0913 - a take, what it says, and what is done to it
    store: TakeStore,
    key: str,
    request: Request,
    known_survey: Survey,
    *,
    finish: Finish,
    aligner: Aligner,
) -> Measured:
    """Return the facts of a finished take: those kept, or measured now and kept.

    Raises:
        VoiceError: the take is not in the cache any more.
        OutputError: the cache cannot be used.
    """
    known = recall(store, key, finish.tone)
    if known is not None and known.gain_db == finish.gain_db and _timed(known, aligner):
        return known
    take = _take(store, key)
    marks, timing = take.marks, ENGINE
    if not marks:
        marks = aligner.marks(take, request)
        timing = ALIGNED if marks else PROPORTIONAL
    found = Measured(
        survey=known_survey,
        gain_db=finish.gain_db,
        facts=cut(take, finish.gain_db, finish.tone).facts(
            request.words, marks, exact=finish.exact or timing != ENGINE
        ),
        timing=timing,
        aligner=aligner.version,
    )
    store.keep_measured(_name(key, finish.tone), plain(found))
    return found


def _timed(known: Measured, aligner: Aligner) -> bool:
    """Tell whether its word times are still the best that can be had."""
    return known.timing == ENGINE or known.aligner == aligner.version


def _take(store: TakeStore, key: str) -> RawTake:
    take = store.get(key)
    if take is None:
        raise VoiceError("a take left the cache while the track was being made", hint="run again")
    return take


def _name(key: str, tone: Tone | None) -> str:
    return digest_json([key, tone.digest if tone else None, code_digest(*CODE)])


def _facts(kept: dict[str, Any]) -> TakeFacts:
    return TakeFacts(
        lead=Samples(kept["lead"]),
        speech=Samples(kept["speech"]),
        tail=Samples(kept["tail"]),
        level_lufs=Lufs(kept["level_lufs"]),
        words=tuple(
            WordTime(start=Samples(word["start"]), length=Samples(word["length"]))
            for word in kept["words"]
        ),
    )
