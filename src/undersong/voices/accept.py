"""Locked takes in the cache: how a take becomes one, and whether one is there."""

from collections.abc import Iterable

from msgspec import Struct

from undersong import files
from undersong.errors import VoiceError
from undersong.voices.contract import RawTake, Request
from undersong.voices.pins import Pin, phrase_digest
from undersong.voices.takes import TakeStore, read_entry
from undersong.voices.voice import EngineChoice

LISTED = 12
"""Missing phrases that a message lists before it only counts the others."""


class LockedTakeError(VoiceError):
    """A locked take is not in the cache. No other engine steps in and nothing is said anew."""


class Said(Struct, frozen=True, kw_only=True):
    """A take in the store that may be locked.

    Attributes:
        key: of the take in the store.
        fingerprint: of the engine that said it.
        take: its number.
    """

    choice: EngineChoice
    request: Request
    key: str
    fingerprint: str
    take: int = 1


def accept(store: TakeStore, said: Said) -> Pin:
    """Keep a take once more under a name that stands for its very sound, and return its pin.

    The pin is not written to any file yet.

    Raises:
        VoiceError: the take is not in the store.
        OutputError: the store cannot be used.
    """
    entry = store.entry(said.key)
    take = read_entry(entry) if entry is not None else None
    if entry is None or take is None:
        raise VoiceError("a take left the cache while it was being locked", hint="run again")
    pin = Pin(
        text=said.request.text,
        language=said.request.language,
        engine=said.choice.engine,
        fingerprint=said.fingerprint,
        take=said.take,
        phrase=phrase_digest(said.choice, said.request),
        key=said.key,
        audio_sha256=files.digest_bytes(take.audio),
    )
    store.put_entry(pin.name, entry, locked=True)
    return pin


def is_at_hand(store: TakeStore, pin: Pin) -> bool:
    """Whether the locked sound is in the store; it is mended from its first copy if need be.

    Raises:
        OutputError: the store cannot be used.
    """
    if _holds(store.get(pin.name), pin):
        return True
    entry = store.entry(pin.key)
    if entry is None or not _holds(read_entry(entry), pin):
        return False
    store.put_entry(pin.name, entry, locked=True)
    return True


def missing_pins(store: TakeStore, pins: Iterable[Pin]) -> tuple[Pin, ...]:
    """Return the pins whose sound is not in the store."""
    return tuple(pin for pin in pins if not is_at_hand(store, pin))


def refusal(missing: Iterable[tuple[str, Pin]]) -> LockedTakeError:
    """Say which locked takes are missing, given their places, and how to get them."""
    lines = [f"  {place}: take {pin.take} by {pin.engine}, “{pin.text}”" for place, pin in missing]
    count = "1 locked take is" if len(lines) == 1 else f"{len(lines)} locked takes are"
    more = [f"  and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return LockedTakeError(
        "\n".join((f"{count} not in the cache:", *lines[:LISTED], *more)),
        hint="bring them with `undersong takes import BUNDLE.zip` from where they were made, "
        "have them said anew and locked with `undersong takes again RECIPE --missing`, "
        "or speak the whole track with another engine with --engine",
    )


def _holds(take: RawTake | None, pin: Pin) -> bool:
    return take is not None and files.digest_bytes(take.audio) == pin.audio_sha256
