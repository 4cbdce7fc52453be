"""An MP3 file encoded in several segments at once, to the bytes of one encoded in one piece.

Every segment begins with a whole frame, and all but the last go on for OVERLAP beyond the begin
of the next, so that there is a joint to be found (`joints`).
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

from undersong.audio import GRID, PASS, BlockSource, Tick, shared_out, spans
from undersong.deliver.codecs import MP3, unwritten
from undersong.deliver.joints import join
from undersong.deliver.lame import settle_length
from undersong.deliver.mpeg import FRAME
from undersong.deliver.piped import Feed, Loose, Piped, ffmpeg
from undersong.errors import OutputError
from undersong.interrupts import unbroken
from undersong.machine import on_core

SHORTEST: Final = 60 * GRID
"""Of a segment, in samples: it takes a process of its own, and repeats OVERLAP."""

OVERLAP: Final = PASS
"""In samples, 416 frames: in 900 trials on 15 beds two encoders had met after 126 at most."""

_STEP: Final = 3 * GRID  # whole frames, and whole blocks of the mix


class Segment(Struct, frozen=True, kw_only=True):
    """What one encoder hears: samples [start, heard); those from `end` on are the next one's."""

    start: int
    end: int
    heard: int

    def parts(self) -> Iterator[tuple[int, int]]:
        """Yield (start, n) over all it hears, cut where the next one takes over."""
        for first, last in ((self.start, self.end), (self.end, self.heard)):
            for start, n in spans(last - first, PASS):
                yield first + start, n


def segments_of(length: int, count: int) -> tuple[Segment, ...]:
    """Return up to `count` segments of a sound, which take equally long."""
    count = max(min(count, length // SHORTEST), 1)
    share = (length - OVERLAP) / count
    starts = [round(k * share / _STEP) * _STEP for k in range(count)]
    first = (Segment(start=a, end=b, heard=b + OVERLAP) for a, b in pairwise(starts))
    return *first, Segment(start=starts[-1], end=length, heard=length)


def encode_mp3(
    path: Path,
    segments: Sequence[Segment],
    masters: Sequence[BlockSource],
    *,
    name: Path,
    tick: Tick,
) -> bool:
    """Encode a sound into `path`.

    Args:
        path: the file.
        segments: at least two.
        masters: the same sound, once for each of them.
        name: what messages call the file.
        tick: called with samples encoded, each of them once.

    Returns:
        Whether it is made; else two segments never met, or there is no ffmpeg, and what `path`
        holds is worth nothing.

    Raises:
        OutputError: no space, or the file system failed.
    """
    binary = ffmpeg()
    if binary is None:
        return False
    channels, firsts = masters[0].channels, [segment.start // FRAME for segment in segments[1:]]
    with ExitStack() as kept:
        rest = [kept.enter_context(_nameless(path.parent, name)) for _ in firsts]
        with ExitStack() as running:
            with unbroken():
                feeds = [
                    running.enter_context(each)
                    for each in _encoders(path, rest, channels=channels, name=name, binary=binary)
                ]
            _feed(segments, masters, feeds, tick)
        try:
            joined = join(path, rest, firsts)
            if joined:
                settle_length(path, segments[-1].heard)
        except (OSError, OutputError) as error:
            raise unwritten(name, error) from error
    return joined


def _encoders(
    path: Path, rest: Sequence[IO[bytes]], *, channels: int, name: Path, binary: str
) -> Iterator[Feed]:
    """Yield one for each segment: the first writes `path`, the others the files `rest`."""
    count = 1 + len(rest)
    with on_core(0, count):
        head = Piped(path, MP3, channels=channels, name=name, binary=binary)
    yield head
    for k, file in enumerate(rest, 1):
        with on_core(k, count):
            loose = Loose(file, MP3, channels=channels, name=name, binary=binary)
        yield loose


def _nameless(folder: Path, name: Path) -> IO[bytes]:
    """Open a file that vanishes with us, for a part of what messages call `name`."""
    try:
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise unwritten(name, error) from error


def _feed(
    segments: Sequence[Segment],
    masters: Sequence[BlockSource],
    feeds: Sequence[Feed],
    tick: Tick,
) -> None:
    """Give every encoder its segment; all are at work at the same time."""
    works = [partial(_give, *each) for each in zip(segments, masters, feeds, strict=False)]
    together = zip_longest(*(segment.parts() for segment in segments), fillvalue=(0, 0))
    with closing(shared_out(works, chain.from_iterable(together))) as given:
        for n in given:
            tick(n)


def _give(segment: Segment, master: BlockSource, feed: Feed, part: tuple[int, int]) -> int:
    """Encode a part; return how many of its samples are nobody else's."""
    start, n = part
    feed.write(master.read(start, n))
    return n if start < segment.end else 0
