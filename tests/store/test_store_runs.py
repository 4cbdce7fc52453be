"""Many processes, kills at any moment, a full disk: never a wrong byte, never a held lock."""

import json
import subprocess
import sys

import pytest
import store_runs


def run(what, folder, *numbers):
    words = [sys.executable, store_runs.__file__, what, str(folder), *map(str, numbers)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_kills(folder, moments):
    came = run("kills", folder, moments)
    assert (came["calm"], came["ending"], came["left"]) == (0, 0, [])
    assert [outcome["wrong"] for outcome in came["outcomes"]] == [[]] * moments
    ends = [outcome["end"] for outcome in came["outcomes"]]
    assert set(ends) <= {0, -9}
    assert ends.count(-9) > moments // 2


def test_a_cache_survives_kills_at_any_of_25_moments(tmp_path):
    check_kills(tmp_path / "runs", 25)


@pytest.mark.slow
def test_a_cache_survives_kills_at_any_of_300_moments(tmp_path):
    check_kills(tmp_path / "runs", 300)


def test_processes_that_want_the_same_numbers_make_them_once(tmp_path):
    came = run("together", tmp_path / "runs", 4, 0)
    assert (came["ends"], came["wrong"]) == ([0] * 4, [])
    assert sorted(came["made"]) == sorted(store_runs.KEYS)


def test_processes_that_share_a_cache_while_it_is_pruned_are_all_right(tmp_path):
    came = run("together", tmp_path / "runs", 4, 1)
    assert (came["ends"], came["wrong"]) == ([0] * 4, [])
    assert came["size"] < 60_000


def test_a_full_disk_is_a_clear_error_and_leaves_no_part(tmp_path):
    assert run("full", tmp_path / "cache") == {"end": 7, "wrong": [], "left": []}
