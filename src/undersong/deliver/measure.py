"""Levels of a finished file, as a listener's player decodes it."""

from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from undersong.audio import PASS, Frames, Tick, shared_out, spans
from undersong.decode import stream_sound
from undersong.dsp.loudness import STEPS_PER_S, Meter, Programme, Weighting
from undersong.dsp.true_peak import CELL, HALO, cell_heights, cell_peaks
from undersong.manifest import Levels
from undersong.units import SAMPLE_RATE

_RUN_IN: Final = int(SAMPLE_RATE) // 5  # K-weighting forgets within 0.2 s

_Part = tuple[int, int]
_Found = tuple[int, npt.NDArray[np.float64], float]


def measured(path: Path, tick: Tick) -> tuple[int, Levels]:
    """Return how many frames a file has, and its levels; it is decoded from begin to end.

    Raises:
        AudioFileError: it is damaged.
    """
    stream = stream_sound(path)
    meter, count = Meter(stream.channels, int(stream.rate)), 0
    for block in stream.blocks:
        meter.push(block)
        count += len(block)
        tick(len(block))
    return count, meter.levels()


def measured_in_parts(path: Path, threads: int, tick: Tick) -> tuple[int, Levels]:
    """Return as `measured`, of a file whose decoder gives the same samples wherever it begins.

    Every part of PASS is decoded and measured with a run-in of its own, so that threads can share
    them out and the result does not depend on how many there are.

    Raises:
        LibsndfileError: it is damaged.
        ValueError: it holds values that are not finite.
    """
    with ExitStack() as files:
        opened = [files.enter_context(soundfile.SoundFile(path)) for _ in range(threads)]
        parts = list(spans(opened[0].frames, PASS))
        works = [_Listener(file).part for file in opened]
        programme, count, peak = Programme(), 0, 0.0
        with closing(shared_out(works, parts)) as found:
            for n, steps, highest in found:
                programme.push(steps)
                count, peak = count + n, max(peak, highest)
                tick(n)
    return count, programme.levels(true_peak=peak, length_s=count / SAMPLE_RATE)


class _Listener:
    """One thread's view of a file.

    True peaks are only looked for where they may be above the highest that it has seen, so that
    all together find the highest, whoever hears what.
    """

    def __init__(self, file: soundfile.SoundFile) -> None:
        self._file, self._highest = file, 0.0

    def part(self, part: _Part) -> _Found:
        """Return how many frames a part has, its energy per 10 ms, and the highest peak so far."""
        frames, own = _around(self._file, *part)
        rate, channels = self._file.samplerate, self._file.channels
        weighting = Weighting(channels, rate, per_s=STEPS_PER_S)
        steps = weighting.push(frames[: _RUN_IN + own])[_RUN_IN * STEPS_PER_S // rate :]
        near = frames[_RUN_IN - HALO :]
        heights = cell_heights(near)
        self._highest = max(self._highest, float(heights.max()))
        peaks = cell_peaks(near, rate, floor=self._highest, heights=heights)
        self._highest = max(self._highest, float(peaks.max()))
        return own, steps, self._highest


def _around(file: soundfile.SoundFile, start: int, n: int) -> tuple[Frames, int]:
    """Return a part with _RUN_IN before it and HALO behind whole cells; and its own length.

    Outside of the file is silence.
    """
    first = max(start - _RUN_IN, 0)
    begin = _RUN_IN - (start - first)
    frames = np.empty((_RUN_IN + -(-n // CELL) * CELL + HALO, file.channels), np.float32)
    file.seek(first)
    end = begin + len(file.read(out=frames[begin : _RUN_IN + n + HALO]))
    frames[:begin] = frames[end:] = 0
    return frames, min(max(end - _RUN_IN, 0), n)
