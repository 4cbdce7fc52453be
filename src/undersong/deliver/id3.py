"""ID3v2.4 tags, for MP3 files and inside WAVE files.

mutagen makes each frame; the order of frames is ours, for mutagen sorts them by length and
players then show chapters in that order (quodlibet/mutagen issue 506).
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mutagen import id3

from undersong.deliver.riff import append_chunk
from undersong.deliver.tags import (
    DRAFT_NOTE,
    Tags,
    language_code,
    replay_gain,
    timed_lines,
    to_millis,
)
from undersong.manifest import ChapterMark, Levels

MAX_CHAPTERS: Final = 255
"""A table of contents counts its entries in one byte (ID3v2 Chapter Frame Addendum 3.2)."""

_HEADER_BYTES: Final = 10
_UTF8: Final = id3.Encoding.UTF8
_NO_OFFSET: Final = 0xFFFF_FFFF  # times count, not byte offsets (addendum 3.1)
_MILLISECONDS: Final = 2  # time stamp format of synchronised lyrics
_LYRICS: Final = 1  # content type of synchronised lyrics


def write_mp3_tags(path: Path, tags: Tags, levels: Levels) -> None:
    """Put tags in front of an MP3 file that has none or older ones."""
    tag = tag_bytes(tags, levels)
    room = id3.ID3()
    room.save(path, v1=0, padding=lambda _: len(tag) - _HEADER_BYTES)
    with path.open("rb+") as file:
        file.write(tag)


def write_wav_tags(path: Path, tags: Tags, levels: Levels) -> None:
    """Put tags into a chunk `id3 ` at the end of a WAVE file, RIFF or RF64."""
    append_chunk(path, b"id3 ", tag_bytes(tags, levels))


def tag_bytes(tags: Tags, levels: Levels) -> bytes:
    """Return the whole tag, without padding: the same tags always give the same bytes."""
    body = b"".join(_bytes(frame) for frame in _frames(tags, levels))
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))  # ID3v2.4 section 3.1
    return b"ID3\x04\x00\x00" + size + body


def _bytes(frame: id3.Frame) -> bytes:
    alone = id3.ID3()
    alone.add(frame)
    out = io.BytesIO()
    alone.save(out, v1=0, padding=lambda _: 0)
    return out.getvalue()[_HEADER_BYTES:]


def _frames(tags: Tags, levels: Levels) -> Iterator[id3.Frame]:
    yield from _text_frames(tags, levels)
    yield from _chapter_frames(tags.chapters[:MAX_CHAPTERS])
    code = language_code(tags.language)
    if tags.note:
        yield id3.COMM(encoding=_UTF8, lang=code, desc="", text=[tags.note])
    if tags.lyrics:
        yield id3.USLT(encoding=_UTF8, lang=code, desc="", text=tags.lyrics)
    if tags.captions:
        yield id3.SYLT(
            encoding=_UTF8,
            lang=code,
            format=_MILLISECONDS,
            type=_LYRICS,
            desc="",
            text=timed_lines(tags.captions),
        )
    if tags.cover is not None:
        yield id3.APIC(
            encoding=_UTF8,
            mime=tags.cover.mime,
            type=id3.PictureType.COVER_FRONT,
            desc="",
            data=tags.cover.content,
        )


def _text_frames(tags: Tags, levels: Levels) -> Iterator[id3.Frame]:
    number = "" if tags.track is None else str(tags.track)
    texts = {
        "TIT2": tags.title,
        "TPE1": tags.artist,
        "TALB": tags.album,
        "TRCK": f"{number}/{tags.tracks}" if number and tags.tracks else number,
        "TDRC": tags.date or "",
        "TCON": tags.genre,
        "TLAN": language_code(tags.language),
        "TLEN": str(to_millis(levels.length_s)),
    }
    for name, text in texts.items():
        if text:
            yield id3.Frames[name](encoding=_UTF8, text=[text])
    free = {**replay_gain(levels), **({"DRAFT": DRAFT_NOTE} if tags.draft else {})}
    for name, text in free.items():
        yield id3.TXXX(encoding=_UTF8, desc=name, text=[text])


def _chapter_frames(chapters: tuple[ChapterMark, ...]) -> Iterator[id3.Frame]:
    """Yield the table of contents and its chapters, in order of time."""
    if not chapters:
        return
    names = [f"chp{number:03d}" for number in range(len(chapters))]
    yield id3.CTOC(
        element_id="toc",
        flags=id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED,
        child_element_ids=names,
        sub_frames=[],
    )
    for name, chapter in zip(names, chapters, strict=True):
        yield id3.CHAP(
            element_id=name,
            start_time=to_millis(chapter.start_s),
            end_time=to_millis(chapter.end_s),
            start_offset=_NO_OFFSET,
            end_offset=_NO_OFFSET,
            sub_frames=[id3.TIT2(encoding=_UTF8, text=[chapter.title])],
        )
