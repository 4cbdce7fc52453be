"""Did the voice say the script? Every phrase is heard again, with the script's words in mind."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from undersong.audio import Tick
from undersong.errors import VoiceError
from undersong.files import plain
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe
from undersong.voices import ear
from undersong.voices.contract import RawTake
from undersong.voices.ear import Ear, tokens
from undersong.voices.narrate import requests_of
from undersong.voices.narration import Narration
from undersong.voices.takes import TakeStore

CLEAR: Final = 0.6
"""Share of words below which a phrase is doubtful."""
FAILED: Final = 0.45
"""Share of words below which a phrase was not said."""
FEWEST: Final = 4
"""Phrases of fewer words are not judged: a single short word is often missed in good speech."""


class HeardPhrase(Struct, frozen=True, kw_only=True):
    """What was heard of one phrase.

    Attributes:
        place: `file:line`.
        words: how many were to be said; `missed` are those that were not heard.
        verdict: `clear`, `doubtful`, `failed`, or `short` for a phrase that is not judged.
    """

    place: str
    text: str
    words: int
    missed: tuple[str, ...]
    verdict: str

    @property
    def told(self) -> str:
        """One line: place, what was not heard, the phrase."""
        return f"{self.place}: not heard: {', '.join(self.missed)} (“{self.text}”)"


class Hearing(Struct, frozen=True, kw_only=True):
    """What was heard of a whole track."""

    listener: str
    phrases: tuple[HeardPhrase, ...]

    @property
    def share(self) -> float:
        """Share of all words that was heard."""
        words = sum(phrase.words for phrase in self.phrases)
        return 1 - sum(len(phrase.missed) for phrase in self.phrases) / words if words else 1.0

    def of(self, verdict: str) -> tuple[HeardPhrase, ...]:
        """Return the phrases of a verdict."""
        return tuple(phrase for phrase in self.phrases if phrase.verdict == verdict)

    def as_json(self) -> dict[str, Any]:
        """Return the report for a manifest: the sums, and the phrases that need an ear."""
        return {
            "listener": self.listener,
            "heard_share": round(self.share, 3),
            "phrases": len(self.phrases),
            "doubtful": [plain(phrase) for phrase in self.of("doubtful")],
            "failed": [plain(phrase) for phrase in self.of("failed")],
        }


def listen(
    recipe: Recipe,
    library: Library,
    narration: Narration,
    store: TakeStore,
    tick: Tick | None = None,
) -> Hearing:
    """Hear all takes of a narration, each different one once.

    Raises:
        VoiceError: the `listen` extra is missing, a take is, or the language is not English.
    """
    requests = requests_of(recipe, library)
    other = next((r.language for r in requests if not ear.understands(r.language)), None)
    if other is not None:
        raise VoiceError(f"only English can be listened to; this recipe has phrases in {other}")
    script = [[token for word in request.words for token in tokens(word)] for request in requests]
    listener = Ear([request.words for request in requests])
    listener.expect(script)
    heard: dict[str, list[str]] = {}
    phrases = []
    for utterance, said, take in zip(
        recipe.script.utterances, script, narration.takes, strict=True
    ):
        if take.key not in heard:
            heard[take.key] = listener.words(_take(store, take.key))
        place = f"{recipe.path}:{utterance.position.line}"
        phrases.append(judged(place, utterance.text, said, heard[take.key]))
        if tick is not None:
            tick(1)
    return Hearing(listener=ear.version(), phrases=tuple(phrases))


def heard_well(
    recipe: Recipe,
    library: Library,
    narration: Narration,
    cache: Path,
    tick: Tick | None = None,
) -> Hearing:
    """Listen, and let nothing pass that was not said. A draft voice is reported, never refused.

    Raises:
        VoiceError: as for `listen`, and for phrases of a finished voice that were not said.
    """
    found = listen(recipe, library, narration, TakeStore(cache), tick)
    failed = () if narration.draft else found.of("failed")
    if failed:
        lines = [f"  {phrase.told}" for phrase in failed]
        raise VoiceError(
            "\n".join(("the voice did not say the script:", *lines)),
            hint="hear these takes; if one is bad, delete or make it again, else respell its words",
        )
    return found


def _take(store: TakeStore, key: str) -> RawTake:
    take = store.get(key)
    if take is None:
        raise VoiceError("a take left the cache before it was listened to", hint="run again")
    return take


def judged(place: str, text: str, said: Sequence[str], heard: Sequence[str]) -> HeardPhrase:
    """Compare what should have been said with what was heard."""
    blocks = SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks()
    found = {k for block in blocks for k in range(block.a, block.a + block.size)}
    missed = tuple(word for k, word in enumerate(said) if k not in found)
    share = 1 - len(missed) / len(said) if said else 1.0
    verdict = "clear" if share >= CLEAR else "doubtful" if share >= FAILED else "failed"
    return HeardPhrase(
        place=place,
        text=text,
        words=len(said),
        missed=missed,
        verdict=verdict if len(said) >= FEWEST else "short",
    )
