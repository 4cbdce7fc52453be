"""The page about recordings: its bed files load, and its facts are those of the code."""

import re
from pathlib import Path

import pytest

from undersong.ambience.bed import load_bed
from undersong.ambience.recorded.endless import LONG_S
from undersong.recipes.library import Library

PAGE = (Path(__file__).parents[2] / "docs" / "recordings.md").read_text(encoding="utf-8")
BEDS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", BEDS, ids=lambda text: text.splitlines()[0])
def test_example_is_a_bed(text: str, tmp_path: Path):
    (tmp_path / "ambience").mkdir()
    (tmp_path / "ambience" / "brook-0007.flac").touch()
    (tmp_path / "ambience" / "example.yaml").write_text(text, encoding="utf-8")
    assert load_bed("example", Library.find(tmp_path)).layers


def test_the_page_has_all_its_examples():
    assert len(BEDS) == 3


def test_long_is_as_long_as_the_page_says():
    assert f"about {LONG_S / 60:.0f} minutes" in PAGE
