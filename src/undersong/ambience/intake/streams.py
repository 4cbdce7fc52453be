"""A foreign recording as stereo at 48 kHz, a second at a time, whatever it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from undersong.audio import GRID, Frames
from undersong.decode import SoundStream, stream_sound
from undersong.errors import AudioFileError
from undersong.units import SAMPLE_RATE

RATES_HZ: Final = (8_000, 384_000)

_HALF: Final = 2.0**-0.5

FOLDS: Final = {
    1: ((1.0,), (1.0,)),
    2: ((1.0, 0.0), (0.0, 1.0)),
    3: ((1.0, 0.0, _HALF), (0.0, 1.0, _HALF)),
    4: ((1.0, 0.0, _HALF, 0.0), (0.0, 1.0, 0.0, _HALF)),
    5: ((1.0, 0.0, _HALF, _HALF, 0.0), (0.0, 1.0, _HALF, 0.0, _HALF)),
    6: ((1.0, 0.0, _HALF, 0.0, _HALF, 0.0), (0.0, 1.0, _HALF, 0.0, 0.0, _HALF)),
    7: ((1.0, 0.0, _HALF, 0.0, _HALF, _HALF, 0.0), (0.0, 1.0, _HALF, 0.0, _HALF, 0.0, _HALF)),
    8: (
        (1.0, 0.0, _HALF, 0.0, _HALF, 0.0, _HALF, 0.0),
        (0.0, 1.0, _HALF, 0.0, 0.0, _HALF, 0.0, _HALF),
    ),
}
"""Shares of the channels of a file, in the order of WAVE files, in left and right: ITU-R BS.775-4,
annex 4. The low-frequency channel is left out, as there."""


def opened(path: Path) -> SoundStream:
    """Open a recording.

    Raises:
        AudioFileError: missing, of no known format, of more than eight channels, or of a rate
            that no recording of a place has.
    """
    stream = stream_sound(path)
    low, high = RATES_HZ
    if not low <= stream.rate <= high:
        raise AudioFileError(
            f"{path} has a rate of {stream.rate} Hz; legal: {low} to {high} Hz",
            hint="bring the recording as it came from the recorder",
        )
    if stream.channels not in FOLDS:
        raise AudioFileError(
            f"{path} has {stream.channels} channels; legal: 1 to {max(FOLDS)}",
            hint="mix it down to stereo first",
        )
    return stream


def checked(path: Path, blocks: Iterator[Frames]) -> Iterator[Frames]:
    """Yield blocks as they are.

    Raises:
        AudioFileError: values that are not numbers.
    """
    for block in blocks:
        if not np.isfinite(block).all():
            raise AudioFileError(
                f"{path} holds values that are not numbers",
                hint="the file is damaged, or not a sound: bring another copy",
            )
        yield block


def stereo_48k(blocks: Iterator[Frames], channels: int, rate: int) -> Iterator[Frames]:
    """Yield blocks of a second, the last one shorter: folded to stereo, at 48 kHz."""
    return _in_seconds(_resampled(_folded(blocks, channels), rate))


def _folded(blocks: Iterator[Frames], channels: int) -> Iterator[Frames]:
    shares = np.array(FOLDS[channels], np.float32).T
    for block in blocks:
        yield block @ shares


def _resampled(blocks: Iterator[Frames], rate: int) -> Iterator[Frames]:
    import soxr  # noqa: PLC0415 - only when a recording is brought in

    if rate == SAMPLE_RATE:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, int(SAMPLE_RATE), 2, dtype="float32", quality="VHQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block, np.float32))
    yield stream.resample_chunk(np.zeros((0, 2), np.float32), last=True)


def _in_seconds(blocks: Iterator[Frames]) -> Iterator[Frames]:
    held = np.zeros((0, 2), np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= GRID:
            yield held[:GRID]
            held = held[GRID:]
    if len(held):
        yield held
