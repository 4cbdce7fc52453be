"""What is said about an episode: a summary, and notes in the HTML that every app shows."""

import html
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from undersong.errors import Fault, FaultsError
from undersong.publish.tracks import Chapter, Track

NOTES_MAX_BYTES: Final = 4000
"""Of a description (Apple Podcasts for Creators, article 823; PSP-1)."""

CHAPTERS_MIN: Final = 3
"""Fewer timestamps than these are no chapters to Apple."""

CARE: Final = (
    "Please listen where you can safely rest, never while driving or working with machinery. "
    "This goes alongside medical or psychological care and takes the place of none."
)
"""Said under English episodes when nobody said anything else about safety."""

_OPENING_MAX: Final = 280
_ENDS: Final = ".!?\u2026\u3002\uff01\uff1f"  # the last three are Chinese and Japanese


def summary_of(script: str, chapters: Sequence[Chapter]) -> str:
    """Return the first words of a transcript, whole sentences where they fit, in quotes."""
    titles = {chapter.title for chapter in chapters}
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", script))
    said = " ".join(block for block in blocks if block and block not in titles)
    if not said:
        return ""
    sentences = re.findall(rf".+?(?:[{_ENDS}](?=\s|$)|$)\s*", said)
    lengths = list(accumulate(len(sentence) for sentence in sentences))
    fitting = [k for k, length in enumerate(lengths, 1) if length <= _OPENING_MAX]
    if fitting:
        return f"“{''.join(sentences[: fitting[-1]]).strip()}”"
    return f"“{said[:_OPENING_MAX].rsplit(' ', 1)[0].rstrip(' ,;:')} …”"


def care_of(language: str, *told: str) -> str:
    """Return the first thing told of safety; when there is none, ours, which we say in English."""
    return next((text for text in told if text), CARE if language[:2] == "en" else "")


def notes_of(track: Track, summary: str, care: str) -> str:
    """Return the notes of an episode: summary, what sounds, care, chapters, credits.

    When they are too long, timestamps go first (chapters travel in files too), then the end of
    the summary.

    Raises:
        FaultsError: care and credits alone are too long.
    """
    made = track.made
    sounds = made.about.get("sounds", "")
    fixed = [_paragraph(text[:1].upper() + text[1:]) for text in (sounds, care) if text]
    credits_list = _listed(made.credits)
    marks = _listed(timestamps(made.chapters))
    for chapters in (marks, ""):
        room = NOTES_MAX_BYTES - sum(
            len(part.encode()) for part in (*fixed, credits_list, chapters)
        )
        shown = _fitted(summary, room)
        if shown is not None and (shown == _paragraphs(summary) or not chapters):
            return "".join((shown, *fixed, chapters, credits_list))
    raise FaultsError(
        [
            Fault(
                file=str(track.folder),
                message="care and credits are too long for a feed",
                legal=f"at most {NOTES_MAX_BYTES} bytes with the summary",
            )
        ]
    )


def timestamps(chapters: Sequence[Chapter]) -> list[str]:
    """Return `00:01:28 Title` lines, the first at zero; none when they would not count."""
    if len(chapters) < CHAPTERS_MIN or int(chapters[0].start_s) != 0:
        return []
    return [f"{_clock(chapter.start_s)} {chapter.title}" for chapter in chapters]


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _fitted(summary: str, room: int) -> str | None:
    """Return the summary as HTML in at most `room` bytes, cut at a word; None for no room."""
    whole = _paragraphs(summary)
    if len(whole.encode()) <= room:
        return whole
    words = summary.split()
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_paragraph(" ".join(words[:middle]) + " …").encode()) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return _paragraph(" ".join(words[:low]) + " …") if low else None


def _paragraphs(text: str) -> str:
    return "".join(_paragraph(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(' '.join(text.split()), quote=False)}</p>"


def _listed(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{html.escape(line, quote=False)}</li>" for line in lines)
    return f"<ul>{items}</ul>"
