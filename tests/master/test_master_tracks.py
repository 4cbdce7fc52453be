"""Starter tracks as they are delivered, beside their stems: what mastering did, by other meters."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyebur128
import pytest
import soundfile
from master_sounds import true_peak_db
from scipy.ndimage import maximum_filter1d

from undersong.audio import Frames
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.recipes.profiles import PROFILES

ROOT = Path(__file__).parents[2]
STARTERS = ("three-breaths", "safe-place", "evening-body-scan", "progressive-relaxation")
LOSSLESS = {".wav", ".flac"}

WINDOW, STEP = 4_800, 480
"""Samples of 100 ms, in which the gain may not change, and of 10 ms, of which few are limited."""
NEAR_DB = -0.5
"""A window may be limited if it, or the one before or after it, peaks so near to the ceiling."""
HEARD_DB = -75.0
"""Below this the 24 bits of a file count."""


def sound_of(path: Path) -> Frames:
    frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 48_000
    return np.asarray(frames)


def reading(sound: Frames) -> tuple[float, float]:
    """Return integrated loudness and range by libebur128."""
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(2, 48_000, mode.MODE_I | mode.MODE_LRA)
    state.add_frames(np.ascontiguousarray(sound).reshape(-1), len(sound))
    return pyebur128.get_loudness_global(state), pyebur128.get_loudness_range(state)


def levels_db(sound: Frames, size: int) -> npt.NDArray[np.float64]:
    """Return the level of every window of `size` samples."""
    whole = sound[: len(sound) // size * size].astype(np.float64).reshape(-1, size * 2)
    return np.asarray(10 * np.log10(np.square(whole).mean(1) + 1e-20))


def gains_db(mix: Frames, track: Frames, size: int) -> npt.NDArray[np.float64]:
    """Return the gain from mix to track in every window, nan where there is next to nothing."""
    before, after = levels_db(mix, size), levels_db(track, size)
    return np.where(np.minimum(before, after) > HEARD_DB, after - before, np.nan)


def untouched(mix: Frames, gain_db: float, ceiling_dbtp: float) -> np.ndarray:
    """Return which windows have no peak near the ceiling in or beside them."""
    size = len(mix) // WINDOW * WINDOW
    peaks = np.abs(mix[:size]).reshape(-1, WINDOW * 2).max(1)
    return np.asarray(
        20 * np.log10(maximum_filter1d(peaks, 3) + 1e-9) + gain_db < ceiling_dbtp + NEAR_DB
    )


def rendered(undersong, slug: str, folder: Path) -> dict:
    """Render a starter recipe with its stems, as a draft, and return its manifest."""
    recipe = ROOT / "recipes" / f"{slug}.md"
    words = ("render", recipe, "--offline", "--stems", "--out", folder)
    outcome = undersong(*words)
    assert outcome.code == 0, outcome.err
    return json.loads((folder / slug / "manifest.json").read_text())


def mix_of(folder: Path) -> Frames:
    """Return the sum of the stems: the mix before mastering."""
    (voice, ducked, cues) = (
        sound_of(next(folder.glob(f"stems/*{name}.wav")))
        for name in ("voice", "bed-ducked", "cues")
    )
    return voice + ducked + cues


def judge(slug: str, folder: Path, manifest: dict) -> None:
    recipe = load_recipe(ROOT / "recipes" / f"{slug}.md", Library.find(ROOT))[0]
    profile = PROFILES[recipe.loudness]
    mix = mix_of(folder)
    _, range_lu = reading(mix)
    print(slug, f"range of the mix {range_lu:.2f} LU")  # noqa: T201 - read with -rP
    for made in manifest["deliverables"]:
        path = folder / made["file"]
        track = sound_of(path)
        integrated, delivered_range_lu = reading(track)
        peak_dbtp = true_peak_db(track)
        print(path.name, integrated, peak_dbtp, delivered_range_lu)  # noqa: T201 - as above
        assert integrated == pytest.approx(profile.integrated_lufs, abs=0.1), path.name
        assert peak_dbtp <= profile.ceiling_dbtp, path.name
        assert delivered_range_lu == pytest.approx(range_lu, abs=0.3), path.name
        if path.suffix in LOSSLESS:
            gains = gains_db(mix, track, WINDOW)
            gain_db = float(np.nanmedian(gains))
            steady = gains[untouched(mix, gain_db, profile.ceiling_dbtp) & np.isfinite(gains)]
            assert len(steady) > 0.5 * len(gains)
            assert np.ptp(steady) <= 0.2, path.name
            lowered = gains_db(mix, track, STEP) < gain_db - 1
            print(path.name, np.ptp(steady), lowered.mean())  # noqa: T201 - as above
            assert lowered.mean() < 0.02, path.name


def test_mastering_changes_a_track_by_one_gain_and_nothing_else(undersong, tmp_path):
    manifest = rendered(undersong, "three-breaths", tmp_path)
    judge("three-breaths", tmp_path / "three-breaths", manifest)


@pytest.mark.slow
@pytest.mark.parametrize("slug", STARTERS)
def test_mastering_leaves_every_starter_track_as_it_was_mixed(slug, undersong, tmp_path):
    manifest = rendered(undersong, slug, tmp_path)
    judge(slug, tmp_path / slug, manifest)
