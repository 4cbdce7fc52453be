"""The band that makes words understood, taken out of a bed: what a clear duck lowers most."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from undersong.audio import GRID, BlockSource, Frames, Gridded, Tick
from undersong.mix.curves import F64
from undersong.mix.survey import from_text, survey_beds, to_text
from undersong.timeline.model import Timeline
from undersong.units import SAMPLE_RATE

BAND_HZ: Final = (1_000.0, 5_000.0)
"""Consonants and the second and third formants (docs/craft.md)."""

EXTRA: Final = 1.5
"""A clear duck lowers the band by this many dB more for each dB that it lowers all of the bed."""

REACH: Final = 255
"""Samples on either side that the filter hears: its edges are some 300 Hz wide, and it has no
phase, so that bed and band can be added."""

_KAISER = 6.0  # stop band near -63 dB

Surveys = tuple[F64, F64]
"""K-weighted mean squares of every hop of a band, and of what is left without it."""


def band_of(source: BlockSource) -> BlockSource:
    """Return the band of a source, in time with it."""

    def render(k: int) -> Frames:
        heard = source.read(k * GRID - REACH, GRID + 2 * REACH)
        return _filtered(heard)

    return Gridded(render, channels=source.channels)


def rest_of(source: BlockSource) -> BlockSource:
    """Return a source without its band."""
    band = band_of(source)
    return Gridded(
        lambda k: source.read(k * GRID, GRID) - band.read(k * GRID, GRID), channels=source.channels
    )


def survey_presence(
    timeline: Timeline, copies: Sequence[Mapping[str, BlockSource]], tick: Tick | None = None
) -> dict[str, Surveys]:
    """Survey band and rest of every bed, as `survey_beds` does; `tick` counts samples twice."""
    band, rest = (
        survey_beds(
            timeline, [{name: part(bed) for name, bed in beds.items()} for beds in copies], tick
        )
        for part in (band_of, rest_of)
    )
    return {name: (band[name], rest[name]) for name in band}


def to_json(surveys: Mapping[str, Surveys]) -> dict[str, list[str]]:
    """Return plain values of which `from_json` makes the surveys."""
    return {name: [to_text(band), to_text(rest)] for name, (band, rest) in surveys.items()}


def from_json(kept: Mapping[str, Sequence[str]]) -> dict[str, Surveys]:
    """Return the surveys of which `to_json` made `kept`."""
    return {name: (from_text(band), from_text(rest)) for name, (band, rest) in kept.items()}


def _response() -> F64:
    """Return the taps of the filter: ideal band-pass, Kaiser window."""
    time = np.arange(-REACH, REACH + 1)
    low, high = (2 * hz / SAMPLE_RATE for hz in BAND_HZ)
    ideal = high * np.sinc(high * time) - low * np.sinc(low * time)
    return np.asarray(ideal * np.kaiser(len(time), _KAISER))


_TAPS: Final = _response()


def _filtered(frames: Frames) -> Frames:
    """Convolve frames (n + 2 REACH, channels) and return the n in the middle."""
    size = len(frames)  # what wraps around lands in the ends, which are cut off
    spectrum = np.fft.rfft(frames, size, axis=0) * np.fft.rfft(_TAPS, size)[:, np.newaxis]
    wet = np.fft.irfft(spectrum, size, axis=0)[2 * REACH :]
    return np.ascontiguousarray(wet, np.float32)
