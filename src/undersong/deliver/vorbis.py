"""Vorbis comments, for FLAC and Opus."""

import base64
from collections.abc import Mapping
from pathlib import Path

from mutagen.flac import FLAC, Picture
from mutagen.id3 import PictureType
from mutagen.oggopus import OggOpus

from undersong.deliver.artwork import Cover
from undersong.deliver.tags import DRAFT_NOTE, Tags, r128_gain, replay_gain, timed_lines, to_millis
from undersong.manifest import Levels
from undersong.timeline.model import Caption


def write_flac_tags(path: Path, tags: Tags, levels: Levels) -> None:
    """Write comments and cover into a FLAC file, without padding."""
    file = FLAC(path)
    file.clear_pictures()
    _forget(file)
    file.update(_comments(tags) | replay_gain(levels))
    if tags.cover is not None:
        file.add_picture(_picture(tags.cover))
    file.save(padding=lambda _: 0)


def write_opus_tags(path: Path, tags: Tags, levels: Levels) -> None:
    """Write comments and cover into an Opus file, without padding."""
    file = OggOpus(path)
    _forget(file)
    file.update(_comments(tags) | r128_gain(levels))
    if tags.cover is not None:
        block = base64.b64encode(_picture(tags.cover).write()).decode("ascii")
        file["METADATA_BLOCK_PICTURE"] = block
    file.save(padding=lambda _: 0)


def _forget(file: FLAC | OggOpus) -> None:
    """Take away all comments: what a file said before is no part of what it says now."""
    if isinstance(file.tags, list):
        file.tags.clear()


def _comments(tags: Tags) -> dict[str, str]:
    texts = {
        "TITLE": tags.title,
        "ARTIST": tags.artist,
        "ALBUM": tags.album,
        "LANGUAGE": tags.language,
        "GENRE": tags.genre,
        "DATE": tags.date or "",
        "TRACKNUMBER": "" if tags.track is None else str(tags.track),
        "TRACKTOTAL": "" if tags.tracks is None else str(tags.tracks),
        "COMMENT": tags.note,
        "DRAFT": DRAFT_NOTE if tags.draft else "",
        "LYRICS": tags.lyrics,
        "SYNCEDLYRICS": _lrc(tags.captions),
        **_chapters(tags),
    }
    return {name: text for name, text in texts.items() if text}


def _chapters(tags: Tags) -> Mapping[str, str]:
    """Return the Chapter Extension's comments (wiki.xiph.org/Chapter_Extension), from 000."""
    comments = {}
    for number, chapter in enumerate(tags.chapters):
        seconds, millis = divmod(to_millis(chapter.start_s), 1000)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{millis:03d}"
        comments[f"CHAPTER{number:03d}"] = clock
        comments[f"CHAPTER{number:03d}NAME"] = chapter.title
    return comments


def _lrc(captions: tuple[Caption, ...]) -> str:
    """Return captions as lines of `[mm:ss.cc]text`, the form that players read."""
    return "\n".join(
        f"[{millis // 60_000:02d}:{millis // 1000 % 60:02d}.{millis // 10 % 100:02d}]{text}"
        for text, millis in timed_lines(captions)
    )


def _picture(cover: Cover) -> Picture:
    picture = Picture()
    picture.data = cover.content
    picture.type = PictureType.COVER_FRONT
    picture.mime = cover.mime
    picture.width, picture.height, picture.depth = cover.width, cover.height, cover.depth
    return picture
