"""Joints between MP3 streams that were encoded of overlapping sound: found, proven and closed.

What LAME remembers is short or has bounds: the bit reservoir is full or empty, masking reaches
back a few frames, the threshold in quiet stops within a hundred (`adjust_ATH`, encoder.c), the
step size of a channel follows its last sound. So two encoders that hear the same sound come to
the same state, and then write the same frames, but for the stuffing, whose bits may alternate the
other way round. Where they have done so for PROOF frames the second one goes on for the first.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import numpy as np

from undersong.deliver.lame import settle_frames
from undersong.deliver.mpeg import AHEAD, FRAME_BYTES, Stream, frames_of, sounding, turned

PROOF: Final = 150
"""Frames that must be the same before a joint: more than anything lasts that LAME remembers."""

ENOUGH: Final = 20
"""Of these, frames in which a channel sounds: in silence LAME keeps the step size it had."""

_UNFINISHED: Final = 8  # last frames of a stream, made of less sound than those of one that goes on
_PIECE: Final = 1000  # frames taken at once


def join(path: Path, others: Sequence[IO[bytes]], firsts: Sequence[int]) -> bool:
    """Make one MP3 file of a file and of streams without a header that go on with its sound.

    Args:
        path: the file, with a LAME tag, whose padding is then to be settled.
        others: the streams, in their order.
        firsts: which frame of the whole each of them begins with.

    Returns:
        Whether all came to one; else `path` is worth nothing.

    Raises:
        OutputError: there is no LAME tag.
        OSError: a file cannot be read or written.
    """
    with path.open("r+b") as file:
        if not all(_append(file, *each) for each in zip(others, firsts, strict=True)):
            return False
    settle_frames(path)
    return True


def turns(before: Stream, after: Stream) -> tuple[bool, ...]:
    """Return whether `after` is to be turned for it to end as `before` does, frame for frame.

    It begins where `before` does and has AHEAD frames more. There is no answer where they never
    met, and there are two where no stuffing tells.
    """
    joint = len(before)
    if joint < PROOF or len(after) < joint + AHEAD:
        return ()
    last = slice(joint - PROOF, joint)
    ways = ((False, after), (True, turned(after)))
    return tuple(turn for turn, way in ways if (way[last] == before[last]).all())


def _append(file: IO[bytes], other: IO[bytes], first: int) -> bool:
    """Let `other`, which begins with frame `first`, go on for `file`; return whether it can."""
    before = _read(file, 1 + first)[:-_UNFINISHED]
    joint = len(before)
    answers = turns(before, _read(other, 0, joint + AHEAD))
    if len(answers) != 1 or not _sounds(file, before[-PROOF:]):
        return False
    file.seek((1 + first + joint) * FRAME_BYTES)
    file.truncate()
    for stream, n in _pieces(other, joint):
        file.write((turned(stream) if answers[0] else stream)[:n].data)
    return True


def _sounds(file: IO[bytes], proof: Stream) -> bool:
    """Return whether each channel sounds in `proof`, or has never sounded in `file`."""
    now = sounding(proof).sum(axis=0) >= ENOUGH
    if now.all():
        return True
    ever = np.any([sounding(stream).any(axis=0) for stream, _ in _pieces(file, 1)], axis=0)
    return bool((now | ~ever).all())


def _pieces(file: IO[bytes], first: int) -> Iterator[tuple[Stream, int]]:
    """Yield frames from `first` on: some and AHEAD more, where there are, and how many that is."""
    while len(stream := _read(file, first, _PIECE + AHEAD)):
        n = _PIECE if len(stream) == _PIECE + AHEAD else len(stream)
        yield stream, n
        first += n


def _read(file: IO[bytes], first: int, n: int | None = None) -> Stream:
    """Return up to `n` frames of a file from `first` on, or all."""
    file.seek(first * FRAME_BYTES)
    return frames_of(file.read(-1 if n is None else n * FRAME_BYTES))
