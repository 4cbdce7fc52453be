"""Timed text as podcasts carry it: WebVTT and SubRip read, SubRip and JSON written."""

import html
import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

SRT_WIDTH: Final = 32
SRT_LINES: Final = 2
"""Podcast namespace, `transcript`, SRT: at most two lines of 32 characters."""

VTT_WIDTH: Final = 65
"""Podcast namespace, `transcript`, VTT: characters in a line."""

_VTT_TIMES: Final = re.compile(
    r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})[ \t]+-->[ \t]+"
    r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:[ \t]+.*)?"
)
_SRT_TIMES: Final = re.compile(
    r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d),(\d{3})\s*"
)


class Cue(Struct, frozen=True, kw_only=True):
    """Text shown over [start_ms, end_ms); lines as written, marks of WebVTT taken out."""

    start_ms: int
    end_ms: int
    text: str


def parse_vtt(text: str) -> tuple[Cue, ...]:
    """Read WebVTT (W3C, 2019): cues in order of time; notes and styles are passed over.

    Raises:
        ValueError: what is wrong, and in which line or block.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    head, *blocks = re.split(r"\n{2,}", lines.strip("\n"))
    if re.match(r"WEBVTT(?:[ \t\n]|$)", head) is None:
        msg = "the first line is not WEBVTT"
        raise ValueError(msg)
    return _in_time(list(_vtt_cues(blocks)))


def parse_srt(text: str) -> tuple[Cue, ...]:
    """Read SubRip: numbered blocks in order of time.

    Raises:
        ValueError: what is wrong, and in which block.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").strip("\n")
    cues = []
    for number, block in enumerate(re.split(r"\n{2,}", lines) if lines else (), 1):
        name, _, rest = block.partition("\n")
        times, _, words = rest.partition("\n")
        found = _SRT_TIMES.fullmatch(times)
        if name.strip() != str(number) or found is None or not words.strip():
            msg = f"block {number} is not number, times and text"
            raise ValueError(msg)
        cues.append(_cue(found.groups(), words))
    return _in_time(cues)


def parse_json(text: str) -> tuple[Cue, ...]:
    """Read a transcript in the podcast namespace's JSON.

    Raises:
        ValueError: not as the specification has it.
    """
    try:
        segments = json.loads(text)["segments"]
        cues = [
            Cue(
                start_ms=round(float(one["startTime"]) * 1000),
                end_ms=round(float(one["endTime"]) * 1000),
                text=str(one["body"]),
            )
            for one in segments
        ]
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        msg = "there is no list of `segments` with startTime, endTime and body"
        raise ValueError(msg) from error
    return _in_time(cues)


def to_json(cues: Sequence[Cue]) -> str:
    """Return the podcast namespace's JSON transcript, version 1.0.0."""
    segments = [
        {"startTime": cue.start_ms / 1000, "endTime": cue.end_ms / 1000, "body": _joined(cue.text)}
        for cue in cues
    ]
    return json.dumps({"version": "1.0.0", "segments": segments}, ensure_ascii=False) + "\n"


def to_srt(cues: Sequence[Cue]) -> str:
    """Return SubRip within the podcast namespace's bounds: long cues become several."""
    parts = [part for cue in cues for part in _split(cue)]
    return "\n".join(
        f"{number}\n{_stamp(part.start_ms)} --> {_stamp(part.end_ms)}\n{part.text}\n"
        for number, part in enumerate(parts, 1)
    )


def _split(cue: Cue) -> Iterator[Cue]:
    """Yield a cue in parts of two short lines; time goes by the number of letters."""
    lines = textwrap.wrap(_joined(cue.text), SRT_WIDTH) or [""]
    pages = [lines[k : k + SRT_LINES] for k in range(0, len(lines), SRT_LINES)]
    total = sum(len(line) for line in lines) or 1
    start, said = cue.start_ms, 0
    for page in pages:
        said += sum(len(line) for line in page)
        end = cue.start_ms + (cue.end_ms - cue.start_ms) * said // total
        if end > start:
            yield Cue(start_ms=start, end_ms=end, text="\n".join(page))
        start = end


def _vtt_cues(blocks: Sequence[str]) -> Iterator[Cue]:
    for number, block in enumerate(blocks, 1):
        if re.match(r"(NOTE|STYLE|REGION)(?:[ \t\n]|$)", block):
            continue
        name, _, rest = block.partition("\n")
        times, words = (name, rest) if "-->" in name else rest.partition("\n")[::2]
        found = _VTT_TIMES.fullmatch(times)
        if found is None or "-->" in words:
            msg = f"block {number} after the head has no times of the form 00:00.000 --> 00:01.000"
            raise ValueError(msg)
        yield _cue(found.groups(), html.unescape(re.sub(r"<[^<>]*>", "", words)))


def _cue(clock: Sequence[str | None], text: str) -> Cue:
    hours, minutes, seconds, millis = (int(part or 0) for part in clock[:4])
    start = ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis
    hours, minutes, seconds, millis = (int(part or 0) for part in clock[4:])
    end = ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis
    return Cue(start_ms=start, end_ms=end, text=text)


def _in_time(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    for cue in cues:
        if cue.end_ms <= cue.start_ms:
            msg = f"a cue ends before it begins, at {_stamp(cue.start_ms)}"
            raise ValueError(msg)
    for before, after in pairwise(cues):
        if after.start_ms < before.start_ms:
            msg = f"cues are not in order of time, at {_stamp(after.start_ms)}"
            raise ValueError(msg)
    return tuple(cues)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _stamp(millis: int) -> str:
    seconds, millis = divmod(millis, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d},{millis:03d}"
