"""Rules of the files behind a feed: sound, covers, chapters and transcripts as they really are."""

import base64
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import BaseModel, Field, ValidationError

from undersong.publish import captions
from undersong.publish.check.document import Element, Feed
from undersong.publish.check.rules import Finding, found
from undersong.publish.check.shelf import Shelf
from undersong.publish.check.sound import Sound, hear, same_type, type_of
from undersong.publish.check.values import duration_s
from undersong.publish.picture import ART_MAX_BYTES, art_faults, look_at
from undersong.publish.tracks import TEXT_MAX_BYTES

_RATES_HZ: Final = (44_100, 48_000)
_BITRATES_KBPS: Final = {1: (96, 128), 2: (128, 256)}
_SLACK_KBPS: Final = 16
"""Tags, covers and variable rates count into the mean."""

_DURATION_SLACK_S: Final = 2.0
_TAIL_MS: Final = 1000
"""Encoders add up to a tenth of a second, and durations are whole seconds."""


class _Place(Struct, frozen=True, kw_only=True):
    """A file named by a feed, and where to find it."""

    shelf: Shelf
    url: str
    element: Element

    def found(self, rule: str, seen: object = "") -> Finding:
        """Return a finding about this file."""
        where = f"{self.element.where}, {urlsplit(self.url).path}"
        return found(rule, where, seen, self.element.line)


def files_behind(
    feed: Feed, shelf: Shelf, items: Sequence[Element], *, deep: bool
) -> Iterator[Finding]:
    """Yield what is wrong with the files of the channel and of some items.

    Args:
        feed: whose files they are.
        shelf: where they are.
        items: those whose files are looked at.
        deep: also read every sound file whole, and compare digests.
    """
    seen: set[str] = set()
    for parent in (feed.channel, *items):
        for art in parent.children("itunes:image"):
            url = art.get("href") or ""
            if url not in seen:
                seen.add(url)
                yield from _one(shelf, url, art, _art)
    for item in items:
        yield from _item(shelf, item, deep=deep)


def _item(shelf: Shelf, item: Element, *, deep: bool) -> Iterator[Finding]:
    length = duration_s(item.text_of("itunes:duration"))
    for one in item.children("enclosure"):
        yield from _one(shelf, one.get("url") or "", one, _enclosure(item))
    for one in item.children("podcast:alternateEnclosure"):
        for source in one.children("podcast:source"):
            yield from _one(shelf, source.get("uri") or "", one, _alternate(deep=deep))
    for one in item.children("podcast:chapters"):
        yield from _one(shelf, one.get("url") or "", one, _chapters(length))
    for one in item.children("podcast:transcript"):
        yield from _one(shelf, one.get("url") or "", one, _transcript(length))


def _one(
    shelf: Shelf, url: str, element: Element, look: Callable[[_Place], Iterator[Finding]]
) -> Iterator[Finding]:
    """Look at one file, if it is there and on our shelf."""
    if not shelf.knows(url):
        return
    place = _Place(shelf=shelf, url=url, element=element)
    if shelf.size(url) is None:
        yield place.found("file-missing")
    else:
        yield from look(place)


def _enclosure(item: Element) -> Callable[[_Place], Iterator[Finding]]:
    def look(place: _Place) -> Iterator[Finding]:
        sound = yield from _file(place)
        said = duration_s(item.text_of("itunes:duration"))
        if sound is None:
            return
        real = sound.length_s
        if said is not None and real is not None and abs(real - said) > _DURATION_SLACK_S:
            yield place.found("file-duration", f"{said} s, not {real:.1f} s")
        if sound.rate_hz not in _RATES_HZ:
            yield place.found("file-rate", f"{sound.rate_hz} Hz")
        low, high = _BITRATES_KBPS.get(sound.channels, (0, 0))
        kbps = sound.bitrate_bps / 1000
        mp3 = place.element.get("type") == "audio/mpeg"
        if mp3 and not low - _SLACK_KBPS <= kbps <= high + _SLACK_KBPS:
            yield place.found("file-bitrate", f"{kbps:.0f} kb/s, {sound.channels} channels")

    return look


def _alternate(*, deep: bool) -> Callable[[_Place], Iterator[Finding]]:
    def look(place: _Place) -> Iterator[Finding]:
        yield from _file(place)
        integrity = place.element.first("podcast:integrity")
        value = integrity.get("value") if integrity is not None else None
        if deep and value:
            name = value.partition("-")[0]
            if name in {"sha256", "sha384", "sha512"}:
                digest = place.shelf.digest(place.url, name)
                real = f"{name}-{base64.b64encode(digest).decode()}"
                if real != value:
                    yield place.found("file-integrity", f"{value}, not {real}")

    return look


def _file(place: _Place) -> Generator[Finding, None, Sound | None]:
    """Compare size and type with what the feed says; return what the head says of the sound."""
    said, size = place.element.get("length"), place.shelf.size(place.url)
    if said is not None and said.isascii() and said.isdigit() and str(size) != said.lstrip("0"):
        yield place.found("file-size", f"{said}, not {size}")
    mime = place.element.get("type") or ""
    with place.shelf.open(place.url) as file:
        real = type_of(file.read(16))
        sound: Sound | None = hear(file, real) if real is not None else None
    if real is None or not same_type(real, mime):
        yield place.found("file-type", f"{mime or 'no type'}, not {real or 'a sound we know'}")
    return sound


def _art(place: _Place) -> Iterator[Finding]:
    try:
        look = look_at(place.shelf.whole(place.url, ART_MAX_BYTES))
    except ValueError as error:
        yield place.found("art-broken", error)
        return
    for rule, seen in art_faults(look, urlsplit(place.url).path):
        yield place.found(rule, seen)


def _chapters(length: int | None) -> Callable[[_Place], Iterator[Finding]]:
    def look(place: _Place) -> Iterator[Finding]:
        try:
            read = _Chapters.model_validate_json(place.shelf.whole(place.url, TEXT_MAX_BYTES))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            yield place.found("chapters-json", f"{_way(first['loc'])}{first['msg']}")
            return
        starts = [chapter.start_s for chapter in read.chapters]
        if any(after <= before for before, after in pairwise(starts)):
            yield place.found("chapters-order", starts)
        if length is not None and starts and starts[-1] >= length:
            yield place.found("chapters-late", f"{starts[-1]:g} s of {length} s")

    return look


def _way(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts) + ": " if parts else ""


class _Chapter(BaseModel):
    start_s: float = Field(alias="startTime", ge=0, allow_inf_nan=False)


class _Chapters(BaseModel):
    """Of the namespace's JSON chapters, what every player needs."""

    version: str
    chapters: list[_Chapter]


def _transcript(length: int | None) -> Callable[[_Place], Iterator[Finding]]:
    def look(place: _Place) -> Iterator[Finding]:
        read = _READERS.get(place.element.get("type") or "")
        if read is None:
            return
        try:
            cues = read(place.shelf.whole(place.url, TEXT_MAX_BYTES).decode("utf-8"))
        except ValueError as error:
            yield place.found("transcript-broken", error)
            return
        width, lines = _WIDTHS.get(read, (None, None))
        for cue in cues if width is not None and lines is not None else ():
            rows = cue.text.split("\n")
            if max(len(row) for row in rows) > (width or 0) or len(rows) > (lines or 0):
                yield place.found("transcript-wide", cue.text)
                break
        if length is not None and cues and cues[-1].end_ms > length * 1000 + _TAIL_MS:
            yield place.found("transcript-late", f"{cues[-1].end_ms / 1000:g} s of {length} s")

    return look


_READERS: Final = {
    "text/vtt": captions.parse_vtt,
    "application/x-subrip": captions.parse_srt,
    "application/srt": captions.parse_srt,
    "application/json": captions.parse_json,
}
"""By type; text and HTML have no form to check."""

_ANY_LINES: Final = 1000
_WIDTHS: Final = {
    captions.parse_vtt: (captions.VTT_WIDTH, _ANY_LINES),
    captions.parse_srt: (captions.SRT_WIDTH, captions.SRT_LINES),
}
"""Characters in a line and lines in a cue."""
