"""Every example in the page for makers is a recipe, a piece of one, or settings: all must load."""

import re
from pathlib import Path

import pytest

from undersong.recipes.load import load_recipe
from undersong.recipes.model import Pace, Recipe
from undersong.recipes.pace import PACES
from undersong.recipes.profiles import PROFILES
from undersong.timeline.arrange import arrange
from undersong.timeline.estimate import estimate_takes
from undersong.units import to_seconds

PAGE = Path(__file__).parents[2] / "docs" / "writing-recipes.md"
PAGE_TEXT = PAGE.read_text(encoding="utf-8")
SETTINGS = "---\ntitle: An example\nvoice: shore\nambience: waves\n---\n\n"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """Kind and text of every fenced example; the kind is also part of the test's name."""
    return [(found[1], found[2]) for found in FENCE.finditer(PAGE_TEXT)]


def as_recipe(kind: str, text: str) -> str:
    """Complete an example to a whole recipe file."""
    if kind == "yaml":
        return f"---\n{text}---\n\nLet yourself arrive.\n"
    return text if text.startswith("---\n") else SETTINGS + text


def load(folder: Path, kind: str, text: str) -> tuple[Recipe, ...]:
    (folder / "sounds").mkdir()
    (folder / "sounds" / "gong.wav").touch()  # named by examples; loading does not open it
    (folder / "recipes").mkdir()
    recipe = folder / "recipes" / "example.md"
    recipe.write_text(as_recipe(kind, text), encoding="utf-8")
    return load_recipe(recipe)


RECIPES = [(kind, text) for kind, text in examples() if kind in {"markdown", "yaml"}]


@pytest.mark.parametrize(("kind", "text"), RECIPES, ids=lambda part: part.splitlines()[0])
def test_example_loads_without_faults(tmp_path: Path, kind: str, text: str) -> None:
    recipes = load(tmp_path, kind, text)
    assert recipes
    assert all(recipe.script.utterances for recipe in recipes)


def test_every_fence_says_what_it_is() -> None:
    assert {kind for kind, _ in examples()} == {"markdown", "text", "yaml"}
    assert len(examples()) == PAGE_TEXT.count("\n```") // 2


def test_variants_example_makes_the_tracks_that_the_page_names(tmp_path: Path) -> None:
    (text,) = (text for _, text in RECIPES if "variants:" in text)
    slugs = [recipe.slug.removeprefix("example") for recipe in load(tmp_path, "markdown", text)]
    assert slugs
    assert [slug for slug in slugs if f"`…{slug}`" not in PAGE_TEXT] == []


def test_variants_example_can_be_as_long_as_it_says(tmp_path: Path) -> None:
    (text,) = (text for _, text in RECIPES if "variants:" in text)
    for recipe in load(tmp_path, "markdown", text):
        assert to_seconds(arrange(recipe, estimate_takes(recipe), {}).length) == recipe.length


def test_loudness_profiles_are_as_the_page_says() -> None:
    (line,) = re.findall(r"\* \*\*loudness\*\* .*?\.$", PAGE_TEXT, re.DOTALL | re.MULTILINE)
    said = re.findall(r"`(\w+)`[^`\d-]*(?:and\s+`\w+` )?(-\d+)", line)
    stated = {name: float(level) for name, level in said}
    assert set(re.findall(r"`(\w+)`", line)) == set(PROFILES)
    assert all(PROFILES[name].integrated_lufs == level for name, level in stated.items())
    assert len(stated) == len(PROFILES) - 1  # two share one number


@pytest.mark.parametrize("pace", PACES.values(), ids=lambda pace: pace.name)
def test_table_of_paces_is_true(pace: Pace) -> None:
    comma = "the voice's own" if pace.comma is None else f"{float(pace.comma.natural):g} s"
    rest = (pace.sentence, pace.paragraph, pace.section, pace.pause, pace.long)
    row = " | ".join((f"`{pace.name}`", comma, *(f"{float(p.natural):g} s" for p in rest)))
    assert f"| {row} |" in PAGE_TEXT
