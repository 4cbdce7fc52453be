"""Is this turn all of the phrase, and nothing else? What is not proven is not a take."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
from msgspec import Struct

from undersong.errors import VoiceError
from undersong.soundbytes import read_bytes
from undersong.units import db_to_gain
from undersong.voices.contract import RawTake, Transient
from undersong.voices.edge.model import Named, Turn, Wish
from undersong.voices.edge.mp3 import FRAME_SAMPLES, RATE_HZ, NotMp3Error, count_frames
from undersong.voices.edge.words import atoms, coverage, letters
from undersong.voices.trim import survey

COVERED: Final = 0.8
"""Share of the words that must be named: the service renames a few, and forgets none."""

PAST_END_S: Final = 0.1
"""A last word may end so much later than the sound, by rounding and the codec's delay."""

LAG_S: Final = 0.4
"""Marks are in time before the codec: real takes begin up to 0.3 s after their first mark."""
LEAST_SPAN_S: Final = 0.15
"""A word is listened for at least so long: a stop consonant alone may be as short as silence."""
HEARD_DBFS: Final = -60.0
"""A word that never exceeds this has not been said."""

LETTERS_PER_S: Final = (2.0, 40.0)
"""Real voices say 7 to 18 letters a second at their own speed, pauses between words included."""
SLACK_S: Final = 2.5
"""Pauses at commas and dots that a short phrase may hold besides."""

CODEC_FRAMES: Final = 3
"""A decoder may leave out so many frames at the ends: delay and padding."""


class Heard(Struct, frozen=True, kw_only=True):
    """A turn that is whole and has been decoded, shape (n,), at 24 kHz."""

    wish: Wish
    named: tuple[Named, ...]
    length_s: float
    samples: npt.NDArray[np.float32]


def accept(turn: Turn, wish: Wish) -> float:
    """Return how long the take is, in seconds, if it is all of the phrase.

    Raises:
        Transient: it is not; the sentence says in what it fails.
    """
    heard = _heard(turn, wish)
    for check in CHECKS:
        if why := check(heard):
            raise Transient(why)
    try:
        survey(RawTake(audio=turn.audio))
    except VoiceError as error:
        raise Transient(f"the Edge service sent no speech: {error.message}") from error
    return heard.length_s


def _heard(turn: Turn, wish: Wish) -> Heard:
    if not turn.audio or turn.confirmed != len(turn.audio):
        raise Transient("the Edge service broke off in the middle of a phrase")
    try:
        frames = count_frames(turn.audio)
        samples = read_bytes(turn.audio)[0][:, 0]
    except (NotMp3Error, soundfile.LibsndfileError) as error:
        raise Transient(f"the Edge service sent damaged sound: {error}") from error
    if len(samples) < (frames - CODEC_FRAMES) * FRAME_SAMPLES:
        raise Transient("the Edge service sent damaged sound: it is longer than what it holds")
    return Heard(
        wish=wish,
        named=tuple(word for word in turn.named if atoms(word.text)),
        length_s=frames * FRAME_SAMPLES / RATE_HZ,
        samples=samples,
    )


def _loud(heard: Heard) -> npt.NDArray[np.intp]:
    """Return the places of all samples that can be heard, in order."""
    return np.flatnonzero(np.abs(heard.samples) > db_to_gain(HEARD_DBFS))


def _not_silent(heard: Heard) -> str | None:
    return None if _loud(heard).size else "the Edge service sent silence"


def _all_words_named(heard: Heard) -> str | None:
    found, wanted = coverage(heard.wish.text, heard.named)
    if found >= COVERED * wanted:
        return None
    return f"the Edge service named only {found} of {wanted} words"


def _words_in_order(heard: Heard) -> str | None:
    starts = [word.start_s for word in heard.named]
    lengths = [word.length_s for word in heard.named]
    if starts == sorted(starts) and min((*starts, *lengths), default=0.0) >= 0.0:
        return None
    return "the Edge service named words at impossible times"


def _words_inside(heard: Heard) -> str | None:
    end_s = max((word.start_s + word.length_s for word in heard.named), default=0.0)
    if end_s <= heard.length_s + PAST_END_S:
        return None
    return f"the sound ends after {heard.length_s:.1f} s, before its last word does ({end_s:.1f} s)"


def _words_heard(heard: Heard) -> str | None:
    loud = _loud(heard)
    lag_s = min(max(loud[0] / RATE_HZ - heard.named[0].start_s, 0.0), LAG_S)
    for word in heard.named:
        middle_s = word.start_s + lag_s + word.length_s / 2
        half_s = max(word.length_s, LEAST_SPAN_S) / 2
        span = (round((middle_s - half_s) * RATE_HZ), round((middle_s + half_s) * RATE_HZ))
        first, end = np.searchsorted(loud, span)
        if first == end:
            return f"nothing is heard where the Edge service names “{word.text}”"
    return None


def _speed_plausible(heard: Heard) -> str | None:
    loud = _loud(heard)
    span_s = (loud[-1] + 1 - loud[0]) / RATE_HZ
    count = letters(heard.wish.text)
    slow, fast = (heard.wish.speed * per_s for per_s in LETTERS_PER_S)
    if count / fast <= span_s <= count / slow + SLACK_S / heard.wish.speed:
        return None
    return f"{span_s:.1f} s of speech cannot be the {count} letters of this phrase"


CHECKS: Final[tuple[Callable[[Heard], str | None], ...]] = (
    _not_silent,
    _words_in_order,
    _all_words_named,
    _words_inside,
    _words_heard,
    _speed_plausible,
)
"""Each says why a take is none; those that find more tell more, so they come later."""
