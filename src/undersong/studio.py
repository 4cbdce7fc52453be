"""Where tracks are made: the library, the cache, who watches, and which engines may speak."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct, field

from undersong.audio import Tick
from undersong.files import digest_json
from undersong.machine import track_threads
from undersong.mix.mixer import Mixer
from undersong.mix.model import MixPlan
from undersong.recipes.library import Library
from undersong.recipes.model import Recipe
from undersong.recipes.profiles import Profile
from undersong.store.kinds import Kind
from undersong.store.program import SOUND, code_digest
from undersong.store.store import Store
from undersong.timeline.model import Timeline
from undersong.voices.narrate import Narration


class Watch(Protocol):
    """Whoever wants to see progress."""

    def stage(self, name: str, total: int) -> Tick:
        """A stage of `total` steps begins; the returned function takes steps done."""
        ...

    def note(self, text: str) -> None:
        """Something worth knowing happened."""
        ...


class Studio(Struct, frozen=True, kw_only=True):
    """What all tracks of a run share.

    Attributes:
        cache: folder of takes and of numbers worth remembering; it may be deleted at any time.
        engine: the only voice engine that may speak, or None for each voice's own order.
        offline: no engine that needs a network.
        online: where a voice has engines that need a network, one of those.
        threads: how many work on one track; where several are made at once, one each.
    """

    library: Library
    cache: Path
    watch: Watch
    engine: str | None = None
    offline: bool = False
    online: bool = False
    threads: int = field(default_factory=track_threads)

    def recall(self, kind: Kind, digest: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
        """Return what was once made under this digest by the code as it is, or make it, as JSON.

        Raises:
            OutputError: the cache cannot be used.
        """
        key = digest_json([digest, code_digest(*SOUND)])
        return Store(self.cache).recall(kind, key, make)


class Extras(Struct, frozen=True, kw_only=True):
    """What else to do and write, and whether to render what has not changed."""

    stems: bool = False
    listen: bool = False
    picture: bool = False
    force: bool = False


class Session(Struct, frozen=True, kw_only=True):
    """A track with every decision made and no sample mixed.

    Attributes:
        copies: mixers of the same sound that share nothing that changes, one for each thread.
        let_go: gives back the room that they keep sound in, when no more is to be read.
        digest: of everything that reaches its sound.
        credits: lines to show wherever it is offered.
        withheld: why it must not be published, in sentences.
    """

    recipe: Recipe
    narration: Narration
    timeline: Timeline
    plan: MixPlan
    copies: tuple[Mixer, ...]
    let_go: Callable[[], None]
    profile: Profile
    digest: str
    credits: tuple[str, ...]
    withheld: tuple[str, ...] = ()

    @property
    def mixer(self) -> Mixer:
        """The first of the copies, for one reader."""
        return self.copies[0]
