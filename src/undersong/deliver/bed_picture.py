"""A bed at a glance: its level over time, and its mel spectrogram; 1200 by 680 pixels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from undersong.audio import BlockSource, Tick, spans
from undersong.deliver.spectrum import MelPicture, mel_picture
from undersong.dsp.loudness import (
    SHORT_TERM_S,
    STEPS_PER_S,
    Energies,
    gated_lufs,
    hops_of,
    momentary,
    range_lu,
    short_term,
)
from undersong.files import atomic
from undersong.units import SAMPLE_RATE, format_seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

F64 = npt.NDArray[np.float64]

WIDTH: Final = 1200
HEIGHT: Final = 680

_DPI = 100
_LEFT, _RIGHT = 0.062, 0.982
_COLUMNS = round(WIDTH * (_RIGHT - _LEFT))
_SPECTRUM_DB = 66.0
_ROOM_LU = 3.0
_LABELS_MOST = 12

_PAPER, _INK, _QUIET, _HAIR = "#fdfcf9", "#1d2b33", "#6d7b83", "#d9d8d1"
_BED, _BED_LIGHT = "#2b7186", "#a9ccd3"
_INKS = ("#fdfcf9", "#dfe9e8", "#a7c9cf", "#5c9bac", "#256579", "#123f50", "#08202b")

_STYLE: Final[dict[str, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _HAIR,
    "axes.facecolor": _PAPER,
    "axes.labelcolor": _QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _QUIET,
    "ytick.color": _QUIET,
    "grid.color": _HAIR,
    "figure.facecolor": _PAPER,
    "legend.frameon": False,
}


def draw_bed(  # noqa: PLR0913 - what to draw, and two lines over it
    path: Path,
    source: BlockSource,
    length: int,
    *,
    title: str,
    subtitle: str,
    tick: Tick | None = None,
) -> None:
    """Draw `length` samples of a bed into a PNG file, atomically.

    Args:
        path: of the picture.
        source: stereo.
        length: in samples.
        title: large above the panels.
        subtitle: small under the title.
        tick: called with samples listened to, 2 `length` in all.

    Raises:
        OutputError: no space, no permission, no such folder.
    """
    import matplotlib.style  # noqa: PLC0415 - slow to import
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    energies = Energies(source.channels, per_s=STEPS_PER_S)
    for start, n in spans(length):
        energies.push(source.read(start, n))
        if tick is not None:
            tick(n)
    steps = energies.hops
    mel = mel_picture(source, length, _COLUMNS)
    if tick is not None:
        tick(length)
    with matplotlib.style.context(["default", _STYLE]), atomic(path) as temporary:
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
        FigureCanvasAgg(figure)
        _headline(figure, title, subtitle, steps)
        length_s = length / SAMPLE_RATE
        _draw_levels(_panel(figure, 0.535, 0.33, length_s), steps)
        _draw_spectrum(_panel(figure, 0.065, 0.42, length_s), mel, length)
        figure.savefig(temporary, format="png", metadata={"Software": None})


def _headline(figure: "Figure", title: str, subtitle: str, steps: F64) -> None:
    hops = hops_of(steps)
    facts = f"{gated_lufs(hops):.1f} LUFS   range {range_lu(hops):.1f} LU"
    figure.text(_LEFT, 0.945, title, size=17, weight="bold", va="center")
    figure.text(_LEFT, 0.902, subtitle, size=10, color=_QUIET, va="center")
    shown = facts.replace("-", "\N{MINUS SIGN}")
    figure.text(_RIGHT, 0.945, shown, size=12, ha="right", va="center")


def _panel(figure: "Figure", bottom: float, height: float, length_s: float) -> "Axes":
    """Return axes over the time of the whole picture, in seconds."""
    axes = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, height))
    axes.set_xlim(0, length_s)
    axes.tick_params(length=0)
    steps_s = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
    step_s = next((step for step in steps_s if length_s / step <= _LABELS_MOST), steps_s[-1])
    ticks = np.arange(0.0, length_s, step_s)
    axes.set_xticks(ticks, [format_seconds(round(float(tick), 3)) for tick in ticks])
    return axes


def _draw_levels(axes: "Axes", steps: F64) -> None:
    """Draw momentary loudness as an area, short-term loudness as a line over it."""
    quick, slow = _columns(momentary(steps)), _columns(short_term(steps))
    length_s = axes.get_xlim()[1]
    finite = quick[np.isfinite(quick)]
    bottom = float(finite.min()) - _ROOM_LU if finite.size else -70.0
    top = float(finite.max()) + _ROOM_LU if finite.size else 0.0
    times = np.linspace(0.0, length_s, max(len(quick), 1), endpoint=False)
    axes.fill_between(times[: len(quick)], bottom, quick, color=_BED_LIGHT, lw=0)
    later = np.linspace(min(SHORT_TERM_S, length_s), length_s, len(slow), endpoint=False)
    axes.plot(later, slow, color=_BED, lw=1.3, label="short-term, 3 s")
    axes.set_ylim(bottom, top)
    axes.set_ylabel("loudness, LUFS")
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", bbox_to_anchor=(1.004, 0.98))


def _columns(series: F64) -> F64:
    """Return a series of at most one value per pixel: the highest of each."""
    per_column = max(1, -(-len(series) // _COLUMNS))
    missing = -len(series) % per_column
    padded = np.pad(series, (0, missing), mode="edge") if missing and len(series) else series
    return np.asarray(padded.reshape(-1, per_column).max(axis=1))


def _draw_spectrum(axes: "Axes", mel: MelPicture, length: int) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - slow to import

    bands, columns = mel.levels_db.shape
    loudest = float(np.percentile(mel.levels_db, 99.7))
    axes.imshow(
        mel.levels_db,
        origin="lower",
        aspect="auto",
        extent=(0.0, columns * mel.column / SAMPLE_RATE, -0.5, bands - 0.5),
        cmap=LinearSegmentedColormap.from_list("ink", _INKS),
        vmin=loudest - _SPECTRUM_DB,
        vmax=loudest,
    )
    axes.set_xlim(0.0, length / SAMPLE_RATE)
    marks = {100: "100", 500: "500", 1000: "1k", 2000: "2k", 5000: "5k", 10_000: "10k"}
    places = np.interp(list(marks), mel.centres_hz, np.arange(bands))
    axes.set_yticks(places.tolist(), list(marks.values()))
    axes.set_ylabel("Hz (mel)")
