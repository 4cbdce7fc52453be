"""Takes when processes are killed or run side by side."""

import json
import subprocess
import sys

import fickle
import pytest

PHRASES = ["Let yourself arrive.", "There is nowhere else to be.", "Feel the air.", "Rest here."]
RECIPE = f"---\ntitle: Rest\nvoice: tone\n---\n\n{' '.join(PHRASES)} Rest here.\n"


@pytest.fixture
def root(tmp_path):
    for name, text in {
        "undersong.yaml": "title: Test\n",
        "voices/tone.yaml": fickle.VOICE,
        "recipes/rest.md": RECIPE,
    }.items():
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "library"


def drive(what, root, *numbers):
    words = [sys.executable, fickle.__file__, what, str(root), str(root.parent / "runs")]
    done = subprocess.run([*words, *map(str, numbers)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def texts(lock):
    return [pin["text"] for pin in lock["takes"]]


def check_kills(root, moments):
    outcomes = drive("kill", root, moments)
    assert len(outcomes) == moments
    for outcome in outcomes:
        assert outcome["ending"] == [0, 0]
        assert (outcome["bad"], outcome["changed"], outcome["quarantined"]) == ([], [], 0)
        assert outcome["more"] == 0
        assert texts(outcome["lock"]) == sorted(PHRASES, key=str.casefold)
        kept = outcome["kept"]
        assert len(outcome["after"]) == len(PHRASES) - min(kept, len(PHRASES))
    assert sum(outcome["end"] != 0 for outcome in outcomes) > moments // 2
    assert {outcome["end"] for outcome in outcomes} <= {0, -9}
    assert len({outcome["kept"] for outcome in outcomes}) > 3


def test_a_process_killed_at_any_of_12_moments_loses_no_take_and_leaves_no_bad_one(root):
    check_kills(root, 12)


@pytest.mark.slow
def test_a_process_killed_at_any_of_100_moments_loses_no_take_and_leaves_no_bad_one(root):
    check_kills(root, 100)


def test_two_processes_that_render_the_same_recipe_make_each_take_once(root):
    outcome = drive("two", root)
    assert outcome["ends"] == [0, 0]
    assert sorted(outcome["said"]) == sorted(PHRASES)
    assert texts(outcome["lock"]) == sorted(PHRASES, key=str.casefold)
