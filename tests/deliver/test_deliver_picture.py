"""The picture: same bytes, right size, and each thing drawn where it happens."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from deliver_sounds import LENGTH, RATE, Held, narrated
from matplotlib.figure import Figure
from msgspec.structs import replace
from PIL import Image

from undersong.audio import Frames
from undersong.deliver import picture
from undersong.deliver.picture import HEIGHT, WIDTH, CueMark, PictureOrder, draw
from undersong.errors import OutputError
from undersong.manifest import ChapterMark, Levels
from undersong.units import Dbtp, Lu, Lufs

HOPS = LENGTH // (RATE // 10)
LEVELS = Levels(
    integrated_lufs=Lufs(-16.0),
    short_term_max_lufs=Lufs(-14),
    momentary_max_lufs=Lufs(-12),
    range_lu=Lu(5.2),
    true_peak_dbtp=Dbtp(-1.4),
    length_s=LENGTH / RATE,
)


class Quiet(Held):
    """Silence that takes no time to read, whatever its length."""

    def read(self, start: int, n: int) -> Frames:  # noqa: ARG002 - a source is read so
        return np.broadcast_to(self.frames[:1], (n, 2))


def make_picture(**changes) -> PictureOrder:
    spoken = [0.0] * 10 + [1e-2] * 20 + [0.0] * (HOPS - 30)
    bed = [1e-4] * HOPS
    ducked = [1e-4] * 10 + [1e-5] * 20 + [1e-4] * (HOPS - 30)
    order = PictureOrder(
        title="Evening body scan",
        subtitle="Starter library",
        length=LENGTH,
        sound=Held(narrated()),
        voice=tuple(spoken),
        bed=tuple(bed),
        ducked=tuple(ducked),
        sounds=(0.0,) * 5 + (1e-3,) * 10 + (0.0,) * (HOPS - 15),
        gain_db=3.0,
        target_lufs=-16.0,
        levels=LEVELS,
        chapters=(
            ChapterMark(title="Settling in", start_s=0, end_s=3),
            ChapterMark(title="The shore", start_s=3, end_s=LENGTH / RATE),
        ),
        phrases=((1.0, 3.0),),
        cues=(CueMark(name="bell", start_s=0.5), CueMark(name="bell", start_s=5.9)),
    )
    return replace(order, **changes)


def drawn(order: PictureOrder, path: Path) -> np.ndarray:
    draw(order, path)
    with Image.open(path) as image:
        assert image.size == (WIDTH, HEIGHT)
        return np.asarray(image.convert("RGB")).astype(int)


def composed(order: PictureOrder) -> Figure:
    figure = Figure(figsize=(16, 10), dpi=100)
    with picture._style():
        picture._compose(figure, order)
    return figure


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts] + [
        text.get_text() for text in figure.texts
    ]


def test_the_same_order_gives_the_same_bytes_without_clock_or_version(tmp_path):
    draw(make_picture(), tmp_path / "a.png")
    draw(make_picture(), tmp_path / "b.png")
    content = (tmp_path / "a.png").read_bytes()
    assert content == (tmp_path / "b.png").read_bytes()
    assert b"tEXt" not in content


def test_a_style_of_the_machine_changes_nothing(tmp_path):
    draw(make_picture(), tmp_path / "a.png")
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30.0, "savefig.dpi": 20.0}):
        draw(make_picture(), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_title_numbers_chapters_and_cues_are_written():
    written = texts(composed(make_picture()))
    for text in ("Evening body scan", "Starter library", "0:06", "−16.0 LUFS", "−1.4 dBTP"):
        assert text in written
    assert [text for text in written if text[:1].isdigit() and "\N{EN SPACE}" in text] == [
        "1\N{EN SPACE}Settling in",
        "2\N{EN SPACE}The shore",
    ]
    assert written.count("bell") == 2


def test_curves_stand_at_their_levels_and_times():
    levels, duck = composed(make_picture()).axes[1:3]
    curves = {line.get_label(): line for line in levels.get_lines()}
    ducked = curves["bed"].get_ydata()
    assert ducked[2] == pytest.approx(-0.691 - 40 + 3)
    assert ducked[20] == pytest.approx(-0.691 - 50 + 3)
    voice = np.asarray(curves["voice"].get_ydata())
    times = np.asarray(curves["voice"].get_xdata())
    heard = times[np.isfinite(voice)]
    assert heard.min() == pytest.approx(1, abs=0.3)
    assert heard.max() == pytest.approx(3, abs=0.3)
    assert np.nanmax(voice) == pytest.approx(-0.691 - 20 + 3)
    sounds = np.asarray(curves["bells and sounds"].get_ydata())
    assert np.nanmax(sounds) == pytest.approx(-0.691 - 30 + 3)
    assert np.flatnonzero(np.isfinite(sounds)).min() in range(2, 6)
    gain_db = duck.get_lines()[0].get_ydata()
    assert gain_db[20] == pytest.approx(-10)
    assert gain_db[5] == pytest.approx(0)


def test_the_headline_tells_how_loud_speech_is():
    order = make_picture()
    assert order.speech_lufs == pytest.approx(-0.691 - 20 + 3, abs=0.7)  # blocks reach into silence
    written = texts(composed(order))
    assert written[written.index("speech") - 1] == f"−{-order.speech_lufs:.1f} LUFS"
    assert "none" in texts(composed(make_picture(voice=(0.0,) * HOPS)))


def test_without_cues_there_is_no_curve_for_them():
    levels = composed(make_picture(cues=())).axes[1]
    assert "bells and sounds" not in {line.get_label() for line in levels.get_lines()}


def test_the_spectrogram_is_dark_where_there_is_sound(tmp_path):
    frames = narrated().copy()
    frames[3 * RATE :] = 0
    pixels = drawn(make_picture(sound=Held(frames)), tmp_path / "a.png").mean(2)
    spectrum = pixels[680:930]  # rows of the lowest panel
    assert spectrum[:, 200:700].mean() < spectrum[:, 950:1450].mean() - 40


@pytest.mark.parametrize(
    ("title", "pixels", "shown"),
    [
        ("Settling in", 300, "7\N{EN SPACE}Settling in"),
        ("Shoulders, neck and jaw", 130, "7\N{EN SPACE}Shoulders,\nneck and jaw"),
        ("The path down to the shore", 110, "7\N{EN SPACE}The path\ndown to …"),
        ("Settling in", 70, "7"),
        ("Settling in", 20, ""),
        ("", 100, "7"),
    ],
)
def test_chapter_names_fit_or_are_shortened(title, pixels, shown):
    assert picture._fitted(7, title, pixels).strip() == shown


def test_names_that_would_touch_are_left_out():
    bells = tuple(CueMark(name="bell", start_s=1 + k * 0.01) for k in range(50))
    written = texts(composed(make_picture(cues=bells)))
    assert 1 < written.count("bell") < 10


@pytest.mark.parametrize("length_s", [0.5, 7, 61, 600, 3599, 10_800])
def test_the_time_axis_has_few_round_labels(length_s):
    axes = Figure().add_axes((0, 0, 1, 1))
    axes.set_xlim(0, length_s)
    picture._time_axis(axes, length_s, named=True)
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert 3 <= len(labels) <= 17
    assert labels[0] == "0:00"
    assert len(set(labels)) == len(labels)


def test_what_is_missing_is_simply_not_there(tmp_path):
    nothing = (0.0,) * HOPS
    order = make_picture(
        voice=nothing,
        bed=nothing,
        ducked=nothing,
        sounds=nothing,
        chapters=(),
        phrases=(),
        cues=(),
        subtitle="",
    )
    drawn(order, tmp_path / "a.png")


def test_scripts_the_font_lacks_do_not_warn(tmp_path):
    drawn(make_picture(title="夕方のボディスキャン"), tmp_path / "a.png")


def test_hours_are_reduced_to_pixels():
    hops = 3 * 36_000
    order = make_picture(
        length=3 * 3600 * RATE,
        sound=Quiet(np.zeros((1, 2), np.float32)),
        voice=(1e-3,) * hops,
        bed=(1e-4,) * hops,
        ducked=(1e-4,) * hops,
        sounds=(1e-4,) * hops,
    )
    for line in composed(order).axes[1].get_lines():
        assert len(line.get_xdata()) <= WIDTH


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError):
        draw(make_picture(), tmp_path / "out" / "a.png")
