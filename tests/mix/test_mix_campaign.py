"""The duck of whole tracks: several kinds of recipe, spoken offline, over quiet and lively beds."""

from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from duck_measures import measures, missed, stems_of
from mix_sources import S, noise
from msgspec.structs import replace

from undersong.ambience.bed import load_bed, open_bed
from undersong.audio import BlockSource, Frames, Gridded
from undersong.mix.duck import plan_mix
from undersong.mix.mixer import Mixer
from undersong.mix.survey import survey_beds
from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.recipes.model import Recipe, SceneChange, SoundCue
from undersong.timeline.arrange import arrange
from undersong.voices.narrate import Narration, narrate
from undersong.voices.takes import TakeStore

ROOT = Path(__file__).parents[2]
BEDS = ("waves", "camp-fire", "forest", "pebble-cove", "far-shore", "dawn-chorus")
GUSTY = "breeze"
"""It lulls by 20 dB and more: what is far too quiet is left so, and no bar from above is held."""

UNEVEN = {
    ("sparse", "birds-near"): 0.82,
    ("sparse", "camp-fire"): 0.97,
    ("three-breaths", "birds-near"): 0.75,
    ("story", "birds-near"): 0.92,
}
"""Tracks whose bed needs unlike depths, the least of them under many short phrases: what share of
the track's median depth first words find at least (docs/ducking.md)."""

STORY = """\
The train leaves the last lit platform behind, and with it the noise of the day. You have a seat
by the window, a blanket over your knees, and nothing at all to decide before the morning.

A guard comes by, small and round, with a silver whistle on a ribbon. He nods. Yes. That is all.

The water is wide, dark, and slow, and it carries a piece of the moon along beside you, never
quite catching up, never quite falling behind. You watch it for a while. You let it go.
"""

SPARSE = """\
Take a moment. [8s] In. [6s] Out. [6s] And again, in. [6s] And out. [10s]

Let your breath go its own way again, without any help. [12s] Now. [5s] Open your eyes.
"""

VOICES = """\
Come a little further into the trees. (Listen.)[voice:"meadow"] [4s]

(A bird, and then no bird.)[voice:"meadow"] Let it be far away. [pause]

Ahead the wood opens. (There is the sea,)[voice:"meadow"] just as it always was. [3s]
"""

OWN = {"story": STORY, "sparse": SPARSE, "voices": VOICES}
STARTERS = ("three-breaths", "safe-place", "evening-body-scan", "progressive-relaxation")


@cache
def library() -> Library:
    return Library.find(ROOT)


def recipe_of(name: str, folder: Path) -> Recipe:
    """Return a starter recipe, or one of our own."""
    if name in STARTERS:
        path = ROOT / "recipes" / f"{name}.md"
    else:
        path = folder / f"{name}.md"
        path.write_text(f"---\ntitle: {name}\nvoice: shore\nambience: waves\n---\n\n{OWN[name]}")
    return load_recipe(path, library())[0]


def lively(
    seed: int, every_s: float, event: Callable[[np.random.Generator], Frames]
) -> BlockSource:
    """Return a soft bed with one event somewhere in every `every_s` seconds."""
    floor = noise(seed, -33.0)

    def placed(n: int) -> tuple[int, Frames]:
        random = np.random.default_rng((seed, n))
        return round((n + random.uniform()) * every_s * S), event(random)

    def render(k: int) -> Frames:
        out = floor.read(k * S, S)
        for n in range(max(0, int((k - 12) / every_s)), int((k + 1) / every_s) + 1):
            at, sound = placed(n)
            first, last = max(at, k * S), min(at + len(sound), (k + 1) * S)
            if first < last:
                out[first - k * S : last - k * S] += sound[first - at : last - at]
        return out

    return Gridded(render, channels=2)


def song(random: np.random.Generator) -> Frames:
    """Return four to eleven chirps of a bird near by."""
    out = np.zeros((4 * S, 2))
    pitch, gap = random.uniform(2_200, 4_500), round(random.uniform(0.15, 0.35) * S)
    for k in range(random.integers(4, 12)):
        time = np.arange(round(random.uniform(0.06, 0.16) * S)) / S
        share = np.pi * time / time[-1]
        chirp = np.sin(2 * np.pi * pitch * time * (1 + 0.1 * np.sin(share))) * np.sin(share) ** 2
        out[k * gap : k * gap + len(time)] += chirp[:, None]
    return (out * 10 ** (random.uniform(-20, -12) / 20)).astype(np.float32)


def thunder(random: np.random.Generator) -> Frames:
    """Return a roll of thunder, 5 to 10 s long and up to 10 dB over the bed."""
    n = round(random.uniform(5, 10) * S)
    time = np.arange(n) / S
    kernel = np.hanning(240) / 60
    rumble = np.convolve(random.standard_normal(n), kernel, "same")
    shape = np.minimum(time / random.uniform(0.15, 0.8), 1) * np.exp(-time / 3)
    roll = (rumble * shape * np.minimum((time[-1] - time) / 0.5, 1))[:, None] * [1.0, 0.9]
    return (roll * 10 ** (random.uniform(-14, -6) / 20)).astype(np.float32)


EVENTS = {"birds-near": (6.0, song), "thunder-far": (20.0, thunder)}


def bed_of(name: str) -> BlockSource:
    if name in EVENTS:
        return lively(5, *EVENTS[name])
    return open_bed(load_bed(name, library()), 7)


@cache
def told(name: str, folder: Path) -> tuple[Recipe, Narration]:
    """Return a recipe without bells and scenes, and its narration."""
    recipe = recipe_of(name, folder)
    said = tuple(c for c in recipe.script.cues if not isinstance(c, SceneChange | SoundCue))
    recipe = replace(recipe, script=replace(recipe.script, cues=said))
    return recipe, narrate(recipe, library(), TakeStore(folder / "cache"), offline=True)


def mixed(name: str, bed: str, folder: Path) -> tuple[Recipe, Mixer]:
    """Return the mix of a recipe over one bed from beginning to end."""
    recipe, narration = told(name, folder)
    facts = [take.facts for take in narration.takes]
    track = arrange(replace(recipe, ambience=bed), facts, {})
    beds = {bed: bed_of(bed)}
    plan = plan_mix(
        track,
        survey_beds(track, [beds]),
        difference_lu=recipe.difference_lu,
        pause_difference_lu=recipe.pause_difference_lu,
    )
    return recipe, Mixer(track, plan, narration.takes, beds, {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duck")


@pytest.mark.parametrize("bed", ["birds-near", "thunder-far"])
def test_a_sparse_track_over_a_lively_bed_holds_every_bar(bed: str, folder: Path) -> None:
    recipe, mixer = mixed("sparse", bed, folder)
    found = measures(stems_of(mixer))
    assert missed(found, recipe.difference_lu) == [], found
    assert found["usual_onset"] >= UNEVEN.get(("sparse", bed), 0.98), found


@pytest.mark.parametrize("name", ["story", "sparse", "three-breaths"])
def test_a_bed_that_lulls_is_left_alone_and_drowns_no_phrase(name: str, folder: Path) -> None:
    recipe, mixer = mixed(name, GUSTY, folder)
    stems = stems_of(mixer)
    found = measures(stems)
    above = {"phrase_max_lu", "middle_lu", "least_lu"}
    assert set(missed(found, recipe.difference_lu)) <= above, found
    assert found["middle_lu"] >= recipe.difference_lu - 1.5
    assert found["phrase_max_lu"] > recipe.difference_lu + 1  # it does lull
    assert stems.gain_db.max() < 0.01  # and nothing is lifted


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bed"), list(product((*STARTERS, *OWN), (*BEDS, *EVENTS))))
def test_every_track_holds_every_bar(name: str, bed: str, folder: Path) -> None:
    recipe, mixer = mixed(name, bed, folder)
    found = measures(stems_of(mixer))
    print(name, bed, *(f"{key} {value:.2f}" for key, value in found.items()))  # noqa: T201 - read with -rP
    assert missed(found, recipe.difference_lu) == [], found
    assert found["usual_onset"] >= UNEVEN.get((name, bed), 0.98), found
