"""A finished track at a glance: voice over bed, the duck, chapters, and a mel spectrogram.

One PNG of 1600 by 1000 pixels. The same order always gives the same bytes.
"""

import math
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from undersong.audio import BlockSource
from undersong.deliver.spectrum import mel_picture
from undersong.dsp.loudness import gated_lufs
from undersong.files import atomic
from undersong.manifest import ChapterMark, Levels
from undersong.units import LOUDNESS_OFFSET_LU, SAMPLE_RATE, format_seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

F64 = npt.NDArray[np.float64]

WIDTH: Final = 1600
HEIGHT: Final = 1000
HOPS_PER_S: Final = 10

_DPI = 100
_INSET = 14  # pixels beside a chapter's name, both sides together
_CHAR = 8.1  # pixels of a letter in it, and a little more
_LEFT, _RIGHT = 0.055, 0.982
_PIXELS = round(WIDTH * (_RIGHT - _LEFT))
_MOMENTARY_HOPS = 4
_FLOOR_MS = 1e-12  # mean square, -121 LUFS
_PAUSE_LU = 28.0  # so far under the voice's loudest moment nobody speaks
_SPECTRUM_DB = 66.0  # from the loudest to white

_PAPER = "#fdfcf9"
_INK = "#1d2b33"
_QUIET = "#6d7b83"
_HAIR = "#d9d8d1"
_VOICE = "#b4482f"
_BED = "#2b7186"
_BED_LIGHT = "#a9ccd3"
_DUCK = "#4b568f"
_SOUND = "#a3812a"
_TINTS = ("#ece8dd", "#f4f1e9")
_INKS = ("#fdfcf9", "#dfe9e8", "#a7c9cf", "#5c9bac", "#256579", "#123f50", "#08202b")

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "text.color": _INK,
    "axes.edgecolor": _HAIR,
    "axes.facecolor": _PAPER,
    "axes.labelcolor": _QUIET,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _QUIET,
    "ytick.color": _QUIET,
    "xtick.labelsize": 10,
    "ytick.labelsize": 9.5,
    "grid.color": _HAIR,
    "grid.linewidth": 0.6,
    "figure.facecolor": _PAPER,
    "legend.frameon": False,
    "legend.fontsize": 10,
}


class CueMark(Struct, frozen=True, kw_only=True):
    """A bell or other single sound at `start_s` seconds."""

    name: str
    start_s: float


class PictureOrder(Struct, frozen=True, kw_only=True):
    """What to draw.

    Attributes:
        title: of the track; `subtitle` a line under it, such as author and album.
        length: in samples.
        sound: the finished mix, for the spectrogram; any number of channels.
        voice, bed, ducked, sounds: K-weighted mean square of every 100 ms of the narration, of the
            bed before the duck and after it, and of bells and other sounds, as they are mixed; at
            least one value each.
        gain_db: what the master adds to them.
        target_lufs: what the delivery profile asks for.
        levels: of the finished programme.
        phrases: start and end of everything said, seconds.
    """

    title: str
    subtitle: str = ""
    length: int
    sound: BlockSource
    voice: tuple[float, ...]
    bed: tuple[float, ...]
    ducked: tuple[float, ...]
    sounds: tuple[float, ...]
    gain_db: float
    target_lufs: float
    levels: Levels
    chapters: tuple[ChapterMark, ...]
    phrases: tuple[tuple[float, float], ...]
    cues: tuple[CueMark, ...] = ()

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.length / SAMPLE_RATE

    @property
    def speech_lufs(self) -> float:
        """Gated loudness of the narration in the finished track; -inf where nobody speaks."""
        return gated_lufs(np.array(self.voice, np.float64)) + self.gain_db


def draw(order: PictureOrder, path: Path) -> None:
    """Draw `order` into a PNG file, atomically.

    Raises:
        OutputError: no space, no permission, no such folder.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    with _style(), atomic(path) as temporary:
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
        FigureCanvasAgg(figure)  # which measures text, and is the figure's from now on
        _compose(figure, order)
        figure.savefig(temporary, format="png", metadata={"Software": None})


@contextmanager
def _style() -> Iterator[None]:
    """Draw in our style, whatever the machine's own is; glyphs a font lacks become boxes."""
    import matplotlib.style  # noqa: PLC0415 - slow to import

    with warnings.catch_warnings(), matplotlib.style.context(["default", _STYLE]):
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        yield


def _compose(figure: "Figure", order: PictureOrder) -> None:
    """Lay out five panels that share one time axis, chapter borders through all of them."""
    heights = {"chapters": (0.84, 0.042), "levels": (0.47, 0.325), "duck": (0.36, 0.085)}
    panels = {
        name: figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, height))
        for name, (bottom, height) in {**heights, "spectrum": (0.055, 0.28)}.items()
    }
    for axes in panels.values():
        axes.set_xlim(0, order.length_s)
        axes.tick_params(length=0)
        _time_axis(axes, order.length_s, named=axes is panels["spectrum"])
    _headline(figure, order)
    _draw_chapters(panels["chapters"], order)
    _draw_levels(panels["levels"], order)
    _draw_duck(panels["duck"], order)
    _draw_spectrum(figure, panels["spectrum"], order)
    for name in ("levels", "duck", "spectrum"):
        for chapter in order.chapters[1:]:
            panels[name].axvline(chapter.start_s, color=_INK, lw=0.7, alpha=0.28, zorder=4)


def _headline(figure: "Figure", order: PictureOrder) -> None:
    """Write title and subtitle on the left, what was measured on the right."""
    levels = order.levels
    figure.text(_LEFT, 0.947, _cut(order.title, 60), size=21, weight="bold", va="center")
    figure.text(_LEFT, 0.912, _cut(order.subtitle, 100), size=11.5, color=_QUIET, va="center")
    facts = (
        ("length", format_seconds(round(levels.length_s))),
        ("loudness", f"{levels.integrated_lufs:.1f} LUFS"),
        ("speech", f"{order.speech_lufs:.1f} LUFS" if math.isfinite(order.speech_lufs) else "none"),
        ("range", f"{levels.range_lu:.1f} LU"),
        ("true peak", f"{levels.true_peak_dbtp:.1f} dBTP"),
    )
    edge = _RIGHT
    for name, value in reversed(facts):
        shown = value.replace("-", "\N{MINUS SIGN}")
        text = figure.text(edge, 0.948, shown, size=14, ha="right", va="center")
        left = text.get_window_extent().x0 / WIDTH
        figure.text(left, 0.915, name, size=9.5, color=_QUIET, va="center")
        edge = left - 0.022


def _draw_chapters(axes: "Axes", order: PictureOrder) -> None:
    """Draw chapters as tinted spans, each with as much of its name as there is room for."""
    axes.set_axis_off()
    axes.set_ylim(0, 1)
    for number, chapter in enumerate(order.chapters):
        width_s = chapter.end_s - chapter.start_s
        axes.axvspan(chapter.start_s, chapter.end_s, color=_TINTS[number % 2], lw=0)
        name = _fitted(number + 1, chapter.title, width_s / order.length_s * _PIXELS)
        inset_s = _INSET / 2 / _PIXELS * order.length_s
        axes.text(chapter.start_s + inset_s, 0.48, name, size=10, va="center", linespacing=1.15)


def _draw_levels(axes: "Axes", order: PictureOrder) -> None:
    """Draw the momentary loudness of voice and bed at the level of the finished track."""
    series = (order.voice, order.bed, order.ducked, order.sounds)
    voice, bed, ducked, sounds = (_loudness(each, order) for each in series)
    bottom, top = _span_lufs(order, np.maximum(voice, sounds), ducked)
    times = np.linspace(0, order.length_s, len(voice), endpoint=False)
    spoken = np.where(voice > max(bottom, float(voice.max()) - _PAUSE_LU), voice, np.nan)
    axes.fill_between(times, bottom, ducked, color=_BED_LIGHT, alpha=0.6, lw=0)
    axes.fill_between(times, bottom, spoken, color=_VOICE, alpha=0.17, lw=0)
    axes.plot(
        times, bed, color=_BED, lw=1, alpha=0.75, ls=(0, (1, 1.4)), label="bed before the duck"
    )
    axes.plot(times, ducked, color=_BED, lw=1.4, label="bed")
    axes.plot(times, spoken, color=_VOICE, lw=1.1, label="voice")
    if order.cues:
        ringing = np.where(sounds > bottom, sounds, np.nan)
        axes.plot(times, ringing, color=_SOUND, lw=1.3, label="bells and sounds")
    target = f"target {order.target_lufs:.0f} LUFS".replace("-", "\N{MINUS SIGN}")
    axes.axhline(order.target_lufs, color=_INK, lw=1.0, ls=(0, (6, 3)), label=target)
    axes.set_ylim(bottom, top)
    axes.set_ylabel("momentary loudness, LUFS")
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    _mark_cues(axes, order)
    axes.legend(loc="lower right", bbox_to_anchor=(1.004, 1.0), ncols=5, handlelength=2.2)


def _mark_cues(axes: "Axes", order: PictureOrder) -> None:
    """Mark sounds; a name that would touch the one before is left out."""
    free_s = 0.0
    for cue in order.cues:
        axes.axvline(cue.start_s, color=_SOUND, lw=0.9, ls=(0, (1, 2)), zorder=3)
        width_s = (len(cue.name) * 7 + 8) / _PIXELS * order.length_s
        if cue.start_s < free_s:
            continue
        near_end = cue.start_s + width_s > order.length_s
        axes.annotate(
            cue.name,
            (cue.start_s, 0.02),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-3 if near_end else 3, 0),
            textcoords="offset points",
            ha="right" if near_end else "left",
            size=9,
            color=_SOUND,
        )
        free_s = cue.start_s + width_s


def _draw_duck(axes: "Axes", order: PictureOrder) -> None:
    """Draw how far the bed steps back, over the phrases it steps back for."""
    bed, ducked = (_columns(np.array(series), np.mean) for series in (order.bed, order.ducked))
    with np.errstate(divide="ignore", invalid="ignore"):
        gain_db = np.where(bed > _FLOOR_MS, 10 * np.log10(ducked / bed), 0.0)
    gain_db = np.clip(np.nan_to_num(gain_db), -60, 20)
    times = np.linspace(0, order.length_s, len(gain_db), endpoint=False)
    deepest = min(-6.0, float(np.percentile(gain_db, 0.5)) - 2)
    for start_s, end_s in order.phrases:
        axes.axvspan(start_s, end_s, color=_VOICE, alpha=0.10, lw=0)
    axes.fill_between(times, 0, gain_db, color=_DUCK, alpha=0.14, lw=0)
    axes.plot(times, gain_db, color=_DUCK, lw=1.2)
    axes.set_ylim(deepest, max(1.5, float(gain_db.max()) + 1))
    axes.set_ylabel("duck, dB")
    axes.grid(visible=True, axis="y")


def _draw_spectrum(figure: "Figure", axes: "Axes", order: PictureOrder) -> None:
    """Put the spectrogram on the paper pixel by pixel, under axes that only name it."""
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - slow to import
    from matplotlib.ticker import FixedFormatter, FixedLocator  # noqa: PLC0415 - as above

    picture = mel_picture(order.sound, order.length, _PIXELS)
    box = axes.get_window_extent()
    left, bottom = round(box.x0), round(box.y0)
    wide, high = round(box.x1) - left, round(box.y1) - bottom
    bands, _ = picture.levels_db.shape
    rows = np.arange(high) * bands // high
    columns = (np.arange(wide) + 0.5) / wide * order.length // picture.column
    pixels = picture.levels_db[rows[:, np.newaxis], columns.astype(int)]
    loudest = float(np.percentile(pixels, 99.7))
    shade = np.clip((pixels - loudest) / _SPECTRUM_DB + 1, 0, 1) * 255
    inks = LinearSegmentedColormap.from_list("ink", _INKS)(np.arange(256), bytes=True)
    figure.figimage(inks[shade.astype(np.uint8)], left, bottom, origin="lower")
    axes.set_facecolor("none")
    axes.set_ylim(-0.5, bands - 0.5)
    marks = {100: "100", 500: "500", 1000: "1k", 2000: "2k", 5000: "5k", 10_000: "10k"}
    places = np.interp(list(marks), picture.centres_hz, np.arange(bands))
    axes.yaxis.set_major_locator(FixedLocator(places.tolist()))
    axes.yaxis.set_major_formatter(FixedFormatter(list(marks.values())))
    axes.set_ylabel("mix, Hz (mel)")


def _time_axis(axes: "Axes", length_s: float, *, named: bool) -> None:
    from matplotlib.ticker import FixedFormatter, FixedLocator  # noqa: PLC0415 - slow to import

    steps_s = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
    step_s = next((s for s in steps_s if length_s / s <= 15), 4 * steps_s[-1])  # noqa: PLR2004 - as many labels as fit
    ticks = [k * step_s for k in range(math.floor(length_s / step_s) + 1)]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(
        FixedFormatter([format_seconds(round(tick, 3)) if named else "" for tick in ticks])
    )
    if named:
        for label, tick in zip(axes.get_xticklabels(), ticks, strict=True):
            near_end = tick > length_s * 0.985
            label.set_horizontalalignment(
                "left" if tick == 0 else "right" if near_end else "center"
            )


def _loudness(series: tuple[float, ...], order: PictureOrder) -> F64:
    """Return momentary loudness in LUFS, one value a column: the highest of it."""
    hops = np.array(series, np.float64)
    window = min(_MOMENTARY_HOPS, len(hops))
    momentary = np.convolve(hops, np.full(window, 1 / window), "same")
    highest = np.maximum(_columns(momentary, np.max), _FLOOR_MS)
    return np.asarray(LOUDNESS_OFFSET_LU + 10 * np.log10(highest) + order.gain_db)


def _columns(series: F64, reduce: Any) -> F64:  # noqa: ANN401 - a numpy reduction with an axis
    """Reduce a series to at most one value per pixel; an incomplete last group counts as it is."""
    per_column = max(1, -(-len(series) // _PIXELS))
    missing = -len(series) % per_column
    padded = np.pad(series, (0, missing), mode="edge") if missing else series
    return np.asarray(reduce(padded.reshape(-1, per_column), axis=1))


def _span_lufs(order: PictureOrder, voice: F64, ducked: F64) -> tuple[float, float]:
    """Choose the loudness axis: room above the voice, and down to where the bed mostly lies."""
    audible = ducked[ducked > order.target_lufs - 45]  # below that it only fades
    low = float(np.percentile(audible, 4)) if audible.size else order.target_lufs - 30
    top = max(float(voice.max()), float(ducked.max()), order.target_lufs)
    return math.floor((min(low, order.target_lufs - 15) - 9) / 5) * 5, math.ceil(top + 3)


def _fitted(number: int, title: str, pixels: float) -> str:
    """Break or shorten a name to fit two lines of `pixels`; its number alone when no word fits."""
    room = int((pixels - _INSET) / _CHAR)
    text = f"{number}\N{EN SPACE}{title}"  # which does not break
    lines = textwrap.wrap(text, max(room, 2), max_lines=2, placeholder=" …", break_long_words=False)
    if lines and max(map(len, lines)) <= room and not lines[0].startswith("…"):
        return "\n".join(lines)
    return str(number) if room >= len(str(number)) else ""


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1].rstrip() + "…"
