"""What happens while a library is built, as it happens."""

from typing import Any

from msgspec import Struct, field

from undersong.files import plain


class Begun(Struct, frozen=True, kw_only=True):
    """A worker takes up a track."""

    slug: str
    worker: int


class Reached(Struct, frozen=True, kw_only=True):
    """A track has got so far: `share` (0 to 1) of a stage."""

    slug: str
    worker: int
    stage: str
    share: float


class Noted(Struct, frozen=True, kw_only=True):
    """A maker should know this of a track."""

    slug: str
    text: str


class Made(Struct, frozen=True, kw_only=True):
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


class Failed(Struct, frozen=True, kw_only=True):
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
