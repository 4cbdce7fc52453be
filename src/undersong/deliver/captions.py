"""Captions and transcript as text: WebVTT, SubRip, and words to read without listening.

Pure functions from timeline to text. Times are rounded down to milliseconds: none leaves the track.
"""

import html
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from undersong.timeline.model import Caption, Phrase, Timeline
from undersong.units import SAMPLE_RATE, Samples

VTT_WIDTH: Final = 65
"""Characters in a line of WebVTT; a browser wraps again where its window is narrower."""

SRT_WIDTH: Final = 42
"""Characters in a line of SubRip, as usual in subtitling; captions come two lines long."""

_NOTE: Final = 4 * SAMPLE_RATE  # how long a sound note is shown, where speech leaves it room
_SHORTEST_NOTE: Final = int(SAMPLE_RATE)
_NEW_PARAGRAPH: Final = frozenset({"paragraph", "section", "pause", "long", "explicit", "cue"})


class SoundNote(Struct, frozen=True, kw_only=True):
    """A sound worth knowing of, such as `waves`: worth showing within [start, end), samples."""

    start: Samples
    end: Samples
    text: str


class _Shown(Struct, frozen=True, kw_only=True):
    """Text on the screen over [start, end), samples."""

    start: int
    end: int
    text: str


def sound_notes(timeline: Timeline) -> tuple[SoundNote, ...]:
    """Return a note where each scene begins and each cue sounds, in order of time.

    A scene that goes on with the same bed is not noted again. No note outlasts the track.
    """
    scenes = timeline.scenes
    fresh = [*scenes[:1], *(b for a, b in pairwise(scenes) if a.ambience != b.ambience)]
    named = [(scene.start, scene.ambience) for scene in fresh]
    named += [(cue.start, cue.sound) for cue in timeline.cues]
    return tuple(
        SoundNote(start=start, end=Samples(min(start + _NOTE, timeline.length)), text=_spoken(name))
        for start, name in sorted(named, key=itemgetter(0))
    )


def vtt(captions: Sequence[Caption], notes: Sequence[SoundNote] = ()) -> str:
    """Return a WebVTT file (W3C WebVTT, 2019); notes stand in brackets where nobody speaks."""
    blocks = [
        f"{_span(shown, '.')}\n{_escape(_lines(shown.text, VTT_WIDTH))}\n"
        for shown in _shown(captions, notes)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def srt(captions: Sequence[Caption], notes: Sequence[SoundNote] = ()) -> str:
    """Return a SubRip file: numbered from 1, commas before the milliseconds."""
    return "\n".join(
        f"{number}\n{_span(shown, ',')}\n{_lines(shown.text, SRT_WIDTH)}\n"
        for number, shown in enumerate(_shown(captions, notes), 1)
    )


def transcript(timeline: Timeline) -> str:
    """Return what is said: chapter titles on lines of their own, then paragraphs.

    A paragraph ends where more than a sentence's pause was written. Chapters in which nothing is
    said are left out.
    """
    breaks = [gap.start for gap in timeline.gaps if gap.kind in _NEW_PARAGRAPH]
    blocks: list[str] = []
    for chapter in timeline.chapters:
        said = [
            phrase for phrase in timeline.phrases if chapter.start <= phrase.start < chapter.end
        ]
        if said:
            blocks += [chapter.title, *_paragraphs(said, breaks)]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _paragraphs(said: Sequence[Phrase], breaks: Sequence[Samples]) -> Iterator[str]:
    paragraph = [said[0].text]
    for before, phrase in pairwise(said):
        if bisect_left(breaks, phrase.start) > bisect_left(breaks, before.end):
            yield " ".join(paragraph)
            paragraph = []
        paragraph.append(phrase.text)
    yield " ".join(paragraph)


def _shown(captions: Sequence[Caption], notes: Sequence[SoundNote]) -> list[_Shown]:
    """Merge captions and notes in order of time, none over another."""
    spoken = [_Shown(start=c.start, end=c.end, text=c.text) for c in captions]
    joined = _joined(notes)
    limits = [*(note.start for note in joined[1:]), *(note.end for note in joined[-1:])]
    placed = (_placed(*pair, spoken) for pair in zip(joined, limits, strict=True))
    return sorted([*spoken, *(p for p in placed if p)], key=lambda shown: shown.start)


def _joined(notes: Sequence[SoundNote]) -> list[SoundNote]:
    """Make one note of those that come within a second."""
    joined: list[SoundNote] = []
    for note in notes:
        if joined and note.start - joined[-1].start < _SHORTEST_NOTE:
            joined[-1] = replace(joined[-1], text=f"{joined[-1].text}, {note.text}")
        else:
            joined.append(note)
    return joined


def _placed(note: SoundNote, limit: int, spoken: Sequence[_Shown]) -> _Shown | None:
    """Show a note after the words that run into it and before the next, if that is a second."""
    start = max([note.start, *(s.end for s in spoken if s.start <= note.start)])
    follows = [s.start for s in spoken if s.start >= start]
    end = min([note.end, limit, *follows])
    shown = _Shown(start=start, end=end, text=f"[{note.text}]")
    return shown if end - start >= _SHORTEST_NOTE else None


@lru_cache(maxsize=4096)
def _lines(text: str, width: int) -> str:
    """Wrap text into as few lines as fit, as equal as can be."""
    words = text.split()
    fewest = len(_wrap(words, width))
    if fewest <= 1:
        return " ".join(words)
    narrow = next(w for w in range(1, width + 1) if len(_wrap(words, w)) <= fewest)
    return "\n".join(_wrap(words, narrow))


def _wrap(words: Sequence[str], width: int) -> list[str]:
    """Wrap words greedily; a word wider than `width` has a line of its own."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def _spoken(name: str) -> str:
    """Return the name of a bed or sound file as people say it: `rain_on-leaves` is three words."""
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("-", " ").replace("_", " ")


def _escape(text: str) -> str:
    """Write the three characters that mean something in WebVTT as references."""
    return html.escape(text, quote=False)


def _span(shown: _Shown, point: str) -> str:
    return f"{_stamp(shown.start, point)} --> {_stamp(shown.end, point)}"


def _stamp(samples: int, point: str) -> str:
    millis = samples * 1000 // SAMPLE_RATE
    seconds, millis = divmod(millis, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{millis:03d}"
