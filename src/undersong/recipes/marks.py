"""Marks that stand by themselves: pauses, breaths, bells, sounds, changes of scene and level."""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct

from undersong.errors import nearest
from undersong.recipes.brackets import Piece, Reading, keyed, unquoted
from undersong.recipes.model import (
    BedLevel,
    ElasticPause,
    Pause,
    Position,
    SceneChange,
    SoundCue,
)
from undersong.recipes.values import WrongValueError, read_name, read_number, read_time

T = TypeVar("T")

PAUSE_MAX: Final = "30m"
"""Longest explicit pause."""

CROSSFADE: Final = "6s"
"""A change of scene takes this long when the mark does not say."""

LEVEL_MOVE: Final = "4s"
"""A change of the bed's level takes this long when the mark does not say."""

SILENT_DB: Final = -60.0
"""What `[bed: silence]` means: nobody hears it, and no file holds digital silence."""

BELL_HOLD: Final = "4s"
"""The script waits this long after a bell when the mark does not say."""

SPANS: Final = ("sub", "ipa", "rate", "emphasis", "lang", "voice")
"""Marks that follow text in parentheses; `spans` reads them."""

SAYS: Final = ("every", "first", "none")
"""In which cycles a breath is spoken."""

_TIME: Final = re.compile("[-+\u2212\u2013.]?[0-9]")
_HEAD: Final = re.compile(r"([A-Za-z][\w-]*)\s*(?::\s*(.*))?", re.DOTALL)
_KEY: Final = re.compile(r"[\s:=]")
_BARE_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


class Breath(Struct, frozen=True, kw_only=True):
    """A guided breath as written; `breath` makes its phases.

    Attributes:
        phases: name and exact length, in order, without those of no length.
        times: number of cycles.
        say: one of `SAYS`.
        places: where each phase is written, or the mark itself.
    """

    phases: tuple[tuple[str, Fraction], ...]
    times: int
    say: str
    places: Mapping[str, Position]


Placed = Pause | ElasticPause | SceneChange | BedLevel | SoundCue | Breath
"""What a mark that stands by itself means."""


def read_mark(reading: Reading, inside: Piece, start: int) -> Placed | None:
    """Return what a mark means, or None after noting what is wrong with it.

    Args:
        reading: where faults are noted.
        inside: what stands between the brackets.
        start: offset of the opening bracket.
    """
    body = inside.stripped()
    if _TIME.match(body.text):
        return _exact(reading, body, start)
    head = _HEAD.fullmatch(body.text)
    name = head[1].lower() if head else ""
    if head is None or name not in STANDING:
        _unknown(reading, body, name, start)
        return None
    rest = Piece(text=head[2] or "", at=body.at + max(head.start(2), 0))
    return STANDING[name](reading, tuple(rest.split(",")) if head[2] else (), start)


def stands_alone(inside: str) -> bool:
    """Tell whether brackets after parentheses hold a mark that has nothing to do with them."""
    head = _HEAD.match(inside.strip())
    return bool(_TIME.match(inside.strip())) or (head is not None and head[1].lower() in STANDING)


def read_sound(reading: Reading, inside: Piece, start: int) -> SoundCue | None:
    """Return the cue of a sound mark, `!["gong.wav", hold 2s]`.

    Without `hold` the script waits until the sound has ended.
    """
    parts = tuple(inside.split(",")) or (inside,)
    sound = _positional(reading, parts[0], partial(_sound, names=reading.names.sounds))
    found = keyed(reading, parts[1:], _CUE)
    return None if sound is None or found is None else _cue(reading, sound, None, found, start)


def _exact(reading: Reading, body: Piece, start: int) -> Pause | None:
    if _BARE_NUMBER.fullmatch(body.text):
        reading.fault(body.at, "a pause needs its unit", seen=body.text, legal=f"[{body.text}s]")
        return None
    seconds = _positional(reading, body, _pause_time)
    return None if seconds is None else Pause(seconds=seconds, position=reading.position(start))


def _break(reading: Reading, parts: Sequence[Piece], start: int) -> Pause | None:
    if len(parts) != 1:
        reading.fault(start, "a break holds one time", legal='[break:"2s"]')
        return None
    seconds = _positional(reading, parts[0], _pause_time)
    return None if seconds is None else Pause(seconds=seconds, position=reading.position(start))


def _pause(reading: Reading, parts: Sequence[Piece], start: int) -> ElasticPause | None:
    place = reading.position(start)
    if not parts:
        return ElasticPause(kind="pause", position=place)
    if len(parts) > 1:
        reading.fault(parts[1].at, "a pause holds one thing", legal=_PAUSES)
        return None
    if parts[0].text.lower() == "long":
        return ElasticPause(kind="long", position=place)
    weight = _positional(reading, parts[0], _weight)
    return None if weight is None else ElasticPause(kind="pause", weight=weight, position=place)


def _breathe(reading: Reading, parts: Sequence[Piece], start: int) -> Breath | None:
    found = keyed(reading, parts, _BREATHE)
    if found is None:
        return None
    lengths = {name: found.get(name, usual) for name, usual in _USUAL_BREATH.items()}
    mark = reading.position(start)
    at = {_KEY.split(part.text.lower())[0]: reading.position(part.at) for part in parts}
    return Breath(
        phases=tuple((name, seconds) for name, seconds in lengths.items() if seconds),
        times=found.get("times", 1),
        say=found.get("say", "every"),
        places={name: at.get(name, mark) for name in lengths},
    )


def _scene(reading: Reading, parts: Sequence[Piece], start: int) -> SceneChange | None:
    if not parts:
        reading.fault(start, "a change of scene needs a name", legal="[ambience: forest, over 8s]")
        return None
    known = (*reading.names.beds, "none")
    bed = _positional(reading, parts[0], partial(read_name, what="ambience", known=known))
    found = keyed(reading, parts[1:], {"over": partial(read_time, low="0s", high="10m")})
    if bed is None or found is None:
        return None
    return SceneChange(
        ambience=None if bed == "none" else bed,
        over=found.get("over", read_time(CROSSFADE, "0s", "10m")),
        position=reading.position(start),
    )


def _bed(reading: Reading, parts: Sequence[Piece], start: int) -> BedLevel | None:
    if not parts:
        reading.fault(start, "a level of the bed needs its change", legal="[bed: -6 dB, over 8s]")
        return None
    gain = _positional(reading, parts[0], _bed_gain)
    found = keyed(reading, parts[1:], {"over": partial(read_time, low="0s", high="10m")})
    if gain is None or found is None:
        return None
    return BedLevel(
        gain_db=gain,
        over=found.get("over", read_time(LEVEL_MOVE, "0s", "10m")),
        position=reading.position(start),
    )


def _bell(reading: Reading, parts: Sequence[Piece], start: int) -> SoundCue | None:
    found = keyed(reading, parts, _CUE)
    hold = read_time(BELL_HOLD, "0s", "10m")
    return None if found is None else _cue(reading, "bell", hold, found, start)


def _cue(
    reading: Reading,
    sound: str,
    hold: Fraction | None,
    found: Mapping[str, object],
    start: int,
) -> SoundCue:
    seconds, gain = found.get("hold", hold), found.get("gain", 0.0)
    return SoundCue(
        sound=sound,
        hold=seconds if isinstance(seconds, Fraction) else None,
        gain_db=gain if isinstance(gain, float) else 0.0,
        position=reading.position(start),
    )


def _positional(reading: Reading, part: Piece, reader: Callable[[str], T]) -> T | None:
    """Return the value of a part without a key, or None after noting what is wrong with it."""
    try:
        return reader(unquoted(part.text))
    except WrongValueError as error:
        reading.wrong(part.at, part.text, error)
    return None


def _unknown(reading: Reading, body: Piece, name: str, start: int) -> None:
    if name in SPANS or body.text.startswith("/"):
        example = f'(text)[{name}:"…"]' if name else "(text)[/ipa/]"
        reading.fault(
            start, "this mark follows text in parentheses", seen=f"[{body.text}]", legal=example
        )
        return
    reading.fault(
        start,
        "unknown mark" if body.text else "an empty mark",
        seen=f"[{body.text}]",
        legal=rf"{KNOWN}; write \[ for a bracket",
        near=nearest(name, (*STANDING, *SPANS)) if name else None,
    )


def _bed_gain(text: str) -> float:
    if text.strip().lower() == "silence":
        return SILENT_DB
    try:
        return read_number(text, -40, 12, "dB", what="a change of level")
    except WrongValueError as error:
        legal = "-40 to 12 dB from its usual level, or `silence`"
        raise WrongValueError(error.message, legal=legal) from None


def _pause_time(text: str) -> Fraction:
    return read_time(text, "0s", PAUSE_MAX)


def _weight(text: str) -> Fraction:
    try:
        number = read_number(text, 0.1, 20, "", what="a weight")
    except WrongValueError as error:
        raise WrongValueError(error.message, legal=_PAUSES) from None
    return Fraction(str(number))


def _times(text: str) -> int:
    number = read_number(text, 1, 60, "", what="a number of breaths")
    if not number.is_integer():
        message = "this is not a whole number"
        raise WrongValueError(message, legal="1 to 60")
    return int(number)


def _sound(name: str, names: Sequence[str]) -> str:
    return read_name(name, "sound", names)


_PAUSES = "`long`, or a weight from 0.1 to 20; [4s] is an exact pause"

# safety ceilings: nobody is asked to breathe in for more than 12 s or hold for more than 20 s
_BREATHE: Final[Mapping[str, Callable[[str], object]]] = {
    "in": partial(read_time, low="1s", high="12s"),
    "hold": partial(read_time, low="0s", high="20s"),
    "out": partial(read_time, low="1s", high="20s"),
    "rest": partial(read_time, low="0s", high="20s"),
    "times": _times,
    "say": partial(read_name, what="way of saying", known=SAYS),
}

_USUAL_BREATH: Final = {
    "in": Fraction(4),
    "hold": Fraction(0),
    "out": Fraction(6),
    "rest": Fraction(0),
}
"""About six breaths a minute, out longer than in (docs/craft.md); the order in
which the phases follow."""

_CUE: Final[Mapping[str, Callable[[str], object]]] = {
    "hold": partial(read_time, low="0s", high="10m"),
    "gain": partial(read_number, low=-40, high=12, unit="dB", what="a gain"),
}

STANDING: Final[Mapping[str, Callable[[Reading, Sequence[Piece], int], Placed | None]]] = {
    "pause": _pause,
    "break": _break,
    "breathe": _breathe,
    "ambience": _scene,
    "bed": _bed,
    "bell": _bell,
}
"""Marks that stand by themselves, besides times, by name."""

KNOWN: Final = '[4s], [pause], [break:"2s"], [breathe], [ambience: …], [bed: …], [bell], !["…"]'
