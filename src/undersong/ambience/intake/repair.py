"""What is done to a recording at intake: told in sentences, and done in one pass."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from undersong.ambience.intake.clipping import redrawn
from undersong.ambience.intake.hum import notches
from undersong.ambience.intake.streams import checked, opened, stereo_48k
from undersong.ambience.intake.survey import Survey
from undersong.ambience.intake.width import TAPS, Widener
from undersong.audio import Frames
from undersong.units import SAMPLE_RATE, db_to_gain, gain_to_db

F64 = npt.NDArray[np.float64]

PEAK_DB: Final = -6.0
"""Highest sample of a clean recording, before what repairs add: 24 bits leave room enough."""

_HIGH_PASS_HZ: Final = 16.0
_OFFSET_SHOWN_DB: Final = -60.0
_CLIPPED_SHOWN: Final = 1e-7
_DULL_HZ: Final = 32_000
_QUIET_LUFS: Final = -55.0
_FADE: Final = int(SAMPLE_RATE) // 100


def findings(found: Survey) -> tuple[str, ...]:
    """Return what was found and is done about it, in sentences."""
    seconds = 1.0 / SAMPLE_RATE
    hum = ", ".join(f"{hz:.1f}" for hz in found.hum_hz)
    rows = (
        (found.rate != SAMPLE_RATE, f"{found.rate} Hz: brought to {SAMPLE_RATE} Hz"),
        (found.rate < _DULL_HZ, f"nothing above {found.rate // 2} Hz: it sounds dull"),
        (found.channels == 1, "mono: made stereo, the mono sum unchanged"),
        (found.channels > 2, f"{found.channels} channels: folded to stereo"),  # noqa: PLR2004 - stereo
        (found.head > 0, f"{found.head * seconds:.1f} s of nothing at the head: cut off"),
        (found.tail > 0, f"{found.tail * seconds:.1f} s of nothing at the tail: cut off"),
        (found.offset_db > _OFFSET_SHOWN_DB, f"an offset of {found.offset_db:.0f} dBFS: removed"),
        (bool(hum), f"mains hum at {hum} Hz: notched out"),
        (
            found.clipped > _CLIPPED_SHOWN,
            f"{100 * found.clipped:.3g} % cut off at the top: short cuts drawn anew",
        ),
        (
            found.loudness_lufs < _QUIET_LUFS,
            f"very quiet ({found.loudness_lufs:.0f} LUFS): the recorder's own hiss will be heard",
        ),
    )
    width = () if found.channels == 1 else found.width.words
    return (*(text for true, text in rows if true), *width)


def repaired(path: Path, found: Survey) -> Iterator[Frames]:
    """Yield the clean recording: stereo, 48 kHz, blocks of up to a second.

    Raises:
        AudioFileError: the file is damaged further in.
    """
    stream = opened(path)
    native = checked(path, stream.blocks)
    if found.clipped > _CLIPPED_SHOWN:
        native = redrawn(native, found.top, stream.rate)
    blocks = stereo_48k(native, stream.channels, stream.rate)
    clean = _filtered(_cut(blocks, found), found)
    if needs_widening(found):
        clean = _widened(clean, found)
    gain = np.float32(db_to_gain(PEAK_DB - gain_to_db(found.peak)))
    for block in clean:
        yield np.clip(block * gain, -1.0, 1.0)


def needs_widening(found: Survey) -> bool:
    """Tell whether its channels are changed at all."""
    plan = found.width
    return bool(plan.words)


def _cut(blocks: Iterator[Frames], found: Survey) -> Iterator[Frames]:
    """Yield samples [head, length - tail)."""
    position, end = 0, found.length - found.tail
    for block in blocks:
        low, high = max(found.head - position, 0), min(end - position, len(block))
        if low < high:
            yield block[low:high]
        position += len(block)


def _filtered(blocks: Iterator[Frames], found: Survey) -> Iterator[Frames]:
    """Take out offset, infrasound and hum; the filters begin as if the start had always been."""
    from scipy.signal import butter, sosfilt, sosfilt_zi  # noqa: PLC0415 - slow to import

    high_pass = butter(2, _HIGH_PASS_HZ, "highpass", fs=float(SAMPLE_RATE), output="sos")
    sections = np.concatenate([high_pass, notches(found.hum_hz)])
    state: F64 | None = None
    for block in blocks:
        if state is None:
            state = sosfilt_zi(sections)[:, :, None] * block[:_FADE].mean(axis=0)
        filtered, state = sosfilt(sections, block.astype(np.float64), axis=0, zi=state)
        yield filtered.astype(np.float32)


def _widened(blocks: Iterator[Frames], found: Survey) -> Iterator[Frames]:
    """Yield the same number of frames, in time."""
    widener, late = Widener(found.width), TAPS // 2
    for block in blocks:
        wide = widener.push(block)
        skip = min(late, len(wide))
        late -= skip
        yield wide[skip:]
    yield widener.push(np.zeros((TAPS // 2, 2), np.float32))
