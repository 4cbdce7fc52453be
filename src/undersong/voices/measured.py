"""What is known of a take without decoding it again, kept beside it in the cache."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from undersong.errors import VoiceError
from undersong.timeline.model import TakeFacts, WordTime
from undersong.units import Lufs, Samples
from undersong.voices.contract import SpokenWord
from undersong.voices.level import Survey
from undersong.voices.takes import TakeStore
from undersong.voices.trim import VERSION, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The survey of a take, and its facts at one gain."""

    survey: Survey
    gain_db: float
    facts: TakeFacts


def recall(store: TakeStore, key: str) -> Measured | None:
    """Return what was measured by this version of `trim`, or None."""
    kept = store.measured(key)
    if kept is None or kept.get("version") != VERSION:
        return None
    return Measured(
        survey=Survey(hops=tuple(kept["survey"]["hops"]), mean=kept["survey"]["mean"]),
        gain_db=kept["gain_db"],
        facts=_facts(kept["facts"]),
    )


def take_facts(
    store: TakeStore, key: str, words: Sequence[SpokenWord], survey: Survey, gain_db: float
) -> TakeFacts:
    """Return the facts of a take at `gain_db`: those kept, or measured now and kept.

    Raises:
        VoiceError: the take is not in the cache any more.
        OutputError: the cache cannot be used.
    """
    known = recall(store, key)
    if known is not None and known.gain_db == gain_db:
        return known.facts
    take = store.get(key)
    if take is None:
        raise VoiceError("a take left the cache while the track was being made", hint="run again")
    facts = cut(take, gain_db).facts(words, take.marks)
    store.keep_measured(
        key,
        {
            "version": VERSION,
            "survey": asdict(survey),
            "gain_db": gain_db,
            "facts": asdict(facts),
        },
    )
    return facts


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
