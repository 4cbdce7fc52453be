"""When each written word of a take is said."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from undersong.timeline.model import WordTime
from undersong.units import SAMPLE_RATE, Samples, db_to_gain
from undersong.voices.contract import Mark, SpokenWord
from undersong.voices.edges import Mono

ANCHOR_S: Final = 0.25
"""Marks of an online voice are in time before its codec and lag by up to 0.2 s; a first mark this
close to the measured onset is moved onto it, and all others with it."""

HEARD_DBFS: Final = -46.0
"""Peak below which a take at `units.SPEECH_LUFS` counts as silent inside a phrase."""

SOON: Final = SAMPLE_RATE * 150 // 1000
"""No closed mouth lasts longer; whatever is later is another sound."""


def word_times(
    words: Sequence[SpokenWord],
    marks: Sequence[Mark],
    onset: int,
    speech: int,
    *,
    exact: bool = False,
) -> tuple[WordTime, ...]:
    """Return one time per written word, in samples from the speech onset, inside [0, speech).

    Marked words are where the marks say; the others share what lies between in proportion to
    their letters. A word that another one's substitute already says shares that one's time.

    Args:
        words: of the request, at least one with text.
        marks: as the engine returned them; those that cannot be true are left out.
        onset: sample of the take at which speech begins.
        speech: length of the speech in samples, at least 1.
        exact: marks are in time with the take itself. A soft consonant may then begin unheard
            before the onset; that says nothing about the words after it.
    """
    spoken = [index for index, word in enumerate(words) if word.text]
    lag = 0.0 if exact else _lag(marks, spoken[0], onset)
    spans = _spans(marks, len(words), onset + lag, speech, spoken[0])
    letters = [1 + sum(map(str.isalnum, words[index].text)) for index in spoken]
    begun = np.concatenate(([0.0], np.cumsum(letters)))
    anchors = {float(begun[0]): 0.0} | {
        float(begun[k]): spans[index][0] for k, index in enumerate(spoken) if index in spans
    }
    anchors[float(begun[-1])] = float(speech)
    places = np.interp(begun, list(anchors), np.maximum.accumulate(list(anchors.values())))
    starts = np.clip(np.floor(places).astype(np.int64), 0, speech - 1)
    times: dict[int, WordTime] = {}
    for k, index in enumerate(spoken):
        end = speech if k + 1 == len(spoken) else int(starts[k + 1])
        if index in spans:
            end = min(end, int(spans[index][1]))
        length = max(1, end - int(starts[k]))
        times[index] = WordTime(start=Samples(int(starts[k])), length=Samples(length))
    return tuple(times[_said_with(spoken, index)] for index in range(len(words)))


def heard(times: Sequence[WordTime], speech: Mono) -> tuple[WordTime, ...]:
    """Let every word that begins in silence begin when it is heard, if that is soon.

    A mark stands where the mouth closes for a `k` or a `t`; the reader waits for the sound.

    Args:
        times: of the words, inside the speech.
        speech: levelled, shape (n,).
    """
    loud = np.flatnonzero(np.abs(speech) > db_to_gain(HEARD_DBFS))
    found = []
    for time in times:
        place = int(np.searchsorted(loud, time.start))
        wait = int(loud[place]) - time.start if place < len(loud) else 0
        later = wait if wait < min(time.length, SOON) else 0
        found.append(
            WordTime(start=Samples(time.start + later), length=Samples(time.length - later))
        )
    return tuple(found)


def _lag(marks: Sequence[Mark], first: int, onset: int) -> float:
    """Return how many samples the first word's mark lies after the onset, 0 when it is far off."""
    if not marks or marks[0].word != first:
        return 0.0
    lag = marks[0].start_s * SAMPLE_RATE - onset
    return lag if abs(lag) <= ANCHOR_S * SAMPLE_RATE else 0.0


def _spans(
    marks: Sequence[Mark], count: int, zero: float, speech: int, first_word: int
) -> dict[int, tuple[float, float]]:
    """Return, by word, the span in which its marks say it, in samples from `zero`."""
    spans: dict[int, tuple[float, float]] = {}
    for mark in marks:
        start = mark.start_s * SAMPLE_RATE - zero
        end = min(start + mark.length_s * SAMPLE_RATE, float(speech))
        early = ANCHOR_S * SAMPLE_RATE if mark.word == first_word else 1.0
        if not (0 <= mark.word < count and -early <= start < speech and end >= start):
            continue
        start, end = max(start, 0.0), max(end, 0.0)
        first = spans.get(mark.word, (start, end))
        spans[mark.word] = (min(start, first[0]), max(end, first[1]))
    return spans


def _said_with(spoken: Sequence[int], index: int) -> int:
    """Return the word that says word `index`: itself, the nearest before it, else the first."""
    before = [other for other in spoken if other <= index]
    return before[-1] if before else spoken[0]
