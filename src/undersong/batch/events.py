"""What happens while a library is built, as it happens."""

from dataclasses import dataclass, field
from typing import Any

from undersong.files import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A worker takes up a track."""

    slug: str
    worker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A track has got so far: `share` (0 to 1) of a stage."""

    slug: str
    worker: int
    stage: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A maker should know this of a track."""

    slug: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A track is there.

    Attributes:
        rendered: something of it was made; False when its files turned out to be as they should be,
            or were `brought` from the cache.
        outputs: names of its files.
        locked: digest of the locked takes that it uses now.
        cost_s: processor seconds; `wall_s`, seconds by the clock.
        facts: of its manifest, what reports show.
    """

    slug: str
    rendered: bool
    outputs: tuple[str, ...]
    locked: str
    cost_s: float
    wall_s: float
    facts: dict[str, Any] = field(default_factory=dict)
    brought: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A track could not be made; the others go on.

    Attributes:
        log: file with all that was said meanwhile, or "".
    """

    slug: str
    message: str
    hint: str = ""
    exit_code: int = 1
    log: str = ""


Event = Begun | Reached | Noted | Made | Failed


def as_json(event: Event) -> dict[str, Any]:
    """Return an event as plain values, its kind under `event`."""
    return {"event": type(event).__name__.lower(), **plain(event)}
