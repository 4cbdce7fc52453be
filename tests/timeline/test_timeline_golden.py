"""Timelines as kept JSON. `make golden` (UPDATE_GOLDEN=1) writes them anew: read the diff."""

import json
import os
from difflib import unified_diff
from pathlib import Path

import pytest
from timeline_golden import GOLDEN
from timeline_scripts import SOUNDS, takes

from undersong.timeline.arrange import arrange

FOLDER = Path(__file__).parents[1] / "golden" / "timeline"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_timeline_is_what_it_was(name: str) -> None:
    recipe = GOLDEN[name]
    timeline = arrange(recipe, takes(recipe), SOUNDS)
    made = json.dumps(timeline.as_json(), indent=1, ensure_ascii=False) + "\n"
    file = FOLDER / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_text(made, encoding="utf-8")
    kept = file.read_text(encoding="utf-8")
    diff = unified_diff(kept.splitlines(), made.splitlines(), "kept", "made", lineterm="", n=2)
    assert json.loads(made) == json.loads(kept), "\n".join(diff)


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(GOLDEN)
